/** Runs among others in the browser: found by filters in the address, compared, saved as files. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Launch, Run, RunEvent } from '../../server/contract/index.ts';
import { axe, eventually, hasChromium, openPage, overflow } from '../helpers/browser.ts';
import { simcity } from '../helpers/cli-process.ts';
import { pageWorld } from '../helpers/page-world.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedEvent, recordedMetrics } from '../helpers/recorded-run.ts';
import { launch } from '../helpers/server.ts';

const world = pageWorld();

interface Recording {
  count: number;
  status: 'PASS' | 'FAIL';
  /** Changes an event of the recorded history. */
  change?: (event: RunEvent) => RunEvent;
}

/** Sent in batches, since a history may be long. */
const BATCH = 5_000;

async function recorded(given: Launch, { count, status, change }: Recording): Promise<Run> {
  const { run, harness } = await world.begun({ target: 'memory', seed: 42, ...given });
  for (let from = 0; from < count; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => {
      const event = recordedEvent(from + i);
      if (event.index === count - 1) return { ...event, type: 'end', actor: 'city', data: { status } };
      return change?.(event) ?? event;
    });
    const snapshots = events
      .filter(({ index }) => index % 100 === 99)
      .map(({ index, at }) => ({ index, at, metrics: recordedMetrics(index) }));
    const failForensic = status === 'FAIL' ? recordedForensic() : null;
    const isLast = from + BATCH >= count;
    const answer = await harness.post({
      ...{ events, snapshots, live: { metrics: recordedMetrics(count), eventsPerSecond: 0 } },
      ...(isLast ? { end: { status, reason: null, failForensic } } : {}),
    });
    expect(answer.status).toBe(200);
  }
  return run;
}

const rows = (page: Page) => page.locator('.runs tbody tr');
const parameters = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);

async function saved(page: Page, button: string): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

describe.skipIf(!hasChromium)('runs in the browser', () => {
  it('are compared when two are ticked, and part where one event differs', async () => {
    const one = await recorded({}, { count: 6_000, status: 'PASS' });
    const other = await recorded(
      { config: { bug: 'lost-cancel' } },
      {
        ...{ count: 6_000, status: 'FAIL' },
        change: (event) => (event.index === 4_321 ? { ...event, actor: 'somebody-else' } : event),
      },
    );
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open();
    for (const run of [other, one]) {
      await page.getByRole('checkbox', { name: `Compare #${run.number}`, exact: true }).check();
    }
    await page.getByRole('link', { name: `Compare #${one.number} and #${other.number}` }).click();
    await page.getByText('The first event that differs is 4,321.').waitFor();
    expect(parameters(page)).toEqual({ left: String(one.number), right: String(other.number) });
    expect(await page.locator('.parting mark').allInnerTexts()).toEqual([
      recordedEvent(4_321).actor,
      'somebody-else',
    ]);
    expect(await page.locator('.compared-events tbody tr').count()).toBe(7);
    const differing = page.locator('.compared .differs');
    expect(await differing.allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^state\s+PASS\s+FAIL/), expect.stringMatching(/^bug/)]),
    );
    expect(await axe(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axe(page, "{ runOnly: ['color-contrast'] }"), 'dark').toEqual([]);

    // The same is said by the command.
    const args = [String(one.number), String(other.number), '--server', world.server.url];
    expect((await simcity(['diff', ...args])).stdout).toContain('The first event that differs is 4,321.');
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('are compared with the run before that is like it, which may be the same', async () => {
    const one = await recorded({ seed: 99 }, { count: 500, status: 'PASS' });
    const other = await recorded({ seed: 99 }, { count: 500, status: 'PASS' });
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${other.number}`);
    await page.getByRole('link', { name: 'Compare with…' }).click();
    await page.getByRole('heading', { name: 'Compare two runs' }).waitFor();
    await page.getByRole('link', { name: `#${one.number} and #${other.number}` }).click();
    await page.getByText('They are the same, 500 events.').waitFor();
    const queued = await launch(world.server.url, { target: 'memory', seed: 99 });
    await page.getByLabel('The other run').fill(`#${queued.number}`);
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText(`As far as #${queued.number} has come, they are the same: 0 events.`).waitFor();
    await page.goBack();
    await page.getByLabel('The other run').fill('999999');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await page.goBack();
    await page.getByText('They are the same, 500 events.').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('are compared page by page, which can be given up', async () => {
    const one = await recorded({ seed: 7 }, { count: 20_000, status: 'PASS' });
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    const held: (() => Promise<void>)[] = [];
    await page.route('**/events?from=8000*', (route) => void held.push(() => route.continue()));
    await open(`/compare?left=${one.number}&right=${one.number}`);
    await page.getByText('the first 8,000 events are the same').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Not compared to the end: the first 8,000 events are the same.').waitFor();
    await page.reload();
    await page.getByText('the first 8,000 events are the same').waitFor();
    await page.unroute('**/events?from=8000*');
    for (const go of held.splice(0)) await go().catch(() => null);
    await page.getByText('They are the same, 20,000 events.').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('are saved as a report and a bundle, byte for byte as the commands write them', async () => {
    const run = await recorded({ config: { bug: 'check-then-insert' } }, { count: 900, status: 'FAIL' });
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${run.number}`);
    const report = await saved(page, 'Save the report');
    const bundle = await saved(page, 'Save the bundle');
    const named = [run.id, '--server', world.server.url];
    expect(report).toEqual({
      name: `simcity-${run.id.slice(0, 8)}-report.html`,
      text: (await simcity(['report', ...named])).stdout,
    });
    expect(bundle).toEqual({
      name: `simcity-${run.id.slice(0, 8)}-forensic.json`,
      text: (await simcity(['forensic', '--json', ...named])).stdout,
    });
    expect(report.text).toContain('no-overbooking');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('are found and sorted by the address, and back is where one was', async () => {
    const run = await recorded({ campaign: 'nightly' }, { count: 40, status: 'FAIL' });
    for (let seed = 1; seed <= 2; seed++) {
      await recorded({ seed, campaign: 'nightly' }, { count: 40 * seed, status: 'PASS' });
    }
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open('?campaign=nightly&sort=seed');
    const order = async () => (await rows(page).allInnerTexts()).map((text) => /seed (\d+)/.exec(text)?.[1]);
    await eventually(order).toEqual(['1', '2', '42']);
    await page.getByRole('link', { name: 'Sort by events' }).click();
    await eventually(order).toEqual(['2', '1', '42']);
    await page.getByRole('link', { name: 'FAIL', exact: true }).click();
    await eventually(order).toEqual(['42']);
    expect(parameters(page)).toEqual({ campaign: 'nightly', status: 'FAIL', sort: 'events' });
    await page.getByRole('link', { name: new RegExp(`^#${run.number} `) }).click();
    await page.locator('.run-head .badge-fail').waitFor();
    await page.goBack();
    await eventually(order).toEqual(['42']);
    await page.goBack();
    await eventually(order).toEqual(['2', '1', '42']);
    expect(await page.locator('th[aria-sort]').innerText()).toContain('Events');
    await page.goForward();
    await eventually(order).toEqual(['42']);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('are looked for among older ones too, which goes on when asked', async () => {
    const sought = await launch(world.server.url, { target: 'memory', seed: 4_711 });
    await world.sql()`
      insert into simcity_runs (id, scenario, target, seed, config, reproduce)
      select ('ffffffff-ffff-7fff-8fff-' || lpad(n::text, 12, '0'))::uuid, 'bookings', 'memory', 1, '{}', ''
      from generate_series(1, 700) n`;
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open('?q=seed:4711');
    await page.getByText(/^0 of the [56]\d\d newest runs\.$/).waitFor();
    await page.getByRole('button', { name: 'Search older runs' }).click();
    await rows(page)
      .filter({ hasText: `#${sought.number} ` })
      .waitFor();
    expect(await rows(page).count()).toBe(1);
    expect(wrongs).toEqual([]);
    await page.close();
  });
});

describe.skipIf(!hasChromium)('an address of nothing', () => {
  it('is a page with a way home', async () => {
    const { page, wrongs } = await openPage(world.browser, world.server.url);
    const answer = await page.goto(`${world.server.url}/admin/simcity/nothing`);
    expect(answer?.status()).toBe(404);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('link', { name: 'To the list of runs' }).click();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });
});
