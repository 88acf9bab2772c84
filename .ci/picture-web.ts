/**
 * Makes the picture of mission control in the browser for the README, from a real run that goes on: for light and
 * for dark pages, as PNG into .readme/.
 */
import { openPage, startChromium } from '../test/helpers/browser.ts';
import { launch } from '../test/helpers/server.ts';
import { startUp } from '../test/helpers/up.ts';

const SIZE = { width: 1280, height: 800 };
/** From there on the charts have something to show. */
const ENOUGH_EVENTS = 4_000;

const [up, browser] = await Promise.all([startUp(), startChromium()]);
try {
  const run = await launch(up.url, { target: 'memory', seed: 1, config: { operations: 20_000, rate: 400 } });
  for (const scheme of ['dark', 'light'] as const) {
    const { page, open } = await openPage(browser, up.url, { ...SIZE, scheme });
    await open(`/runs/${run.id}`);
    const event = page.locator('.facts dd').first();
    while (Number((await event.innerText()).replaceAll(',', '')) < ENOUGH_EVENTS)
      await page.waitForTimeout(250);
    // The part of the run before is fetched, and a heartbeat tells how the metrics move.
    await page.waitForTimeout(2_500);
    const path = `.readme/web${scheme === 'light' ? '-light' : ''}.png`;
    await page.screenshot({ path });
    process.stdout.write(`${path}\n`);
    await page.close();
  }
} finally {
  await browser.close();
  await up.down();
}
