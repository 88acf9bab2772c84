/** Mission control in a real browser, on a real server with a real runner and real runs. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_BASE, runPageSchema } from '../../server/contract/index.ts';
import { axe, eventually, hasChromium, openPage, overflow, startChromium } from '../helpers/browser.ts';
import { startUp, type Up } from '../helpers/up.ts';

let up: Up;
let browser: Browser;
beforeAll(async () => {
  if (!hasChromium) return;
  [up, browser] = await Promise.all([startUp(), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await up?.down();
});

/** A run in memory; its id. */
async function launched(scenario: string, seed: number, config: Record<string, unknown>): Promise<string> {
  const answer = await fetch(`${up.url}${API_BASE}/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scenario, target: 'memory', seed, config }),
  });
  return ((await answer.json()) as { id: string }).id;
}

describe.skipIf(!hasChromium)('mission control in the browser', () => {
  it('goes from the empty list over a launch to the failure, its bundle and its replay, by mouse', async () => {
    const { page, wrongs, open } = await openPage(browser, up.url);
    await open();
    await page.getByRole('heading', { name: 'No run yet' }).waitFor();
    await page.getByRole('button', { name: 'Launch a run' }).click();
    await page.getByLabel('Target').fill('memory');
    await page.getByLabel('Seed').fill('7');
    await page.getByLabel('Known bug').selectOption('check-then-insert');
    await page.getByRole('button', { name: 'Launch', exact: true }).click();

    // Live, to the end.
    await page.locator('.run-head .badge-fail').waitFor();
    await page.getByRole('heading', { name: 'bookings@memory seed 7' }).waitFor();
    for (const title of ['Bookings (active)', 'Cancellations', 'Slots available']) {
      await page.locator('figure', { hasText: title }).locator('canvas').waitFor();
    }
    await page.locator('.events .event-violation').waitFor();
    expect(await page.locator('.metrics tr', { hasText: 'bookings' }).count()).toBeGreaterThan(0);

    // Forensics: the invariant and the whole bundle.
    await page.getByRole('navigation', { name: 'Views of the run' }).getByText('Forensics').click();
    await page.locator('h2#broken-invariant').waitFor();
    expect(await page.getByText('npx simcity run --target memory --seed 7').count()).toBeGreaterThan(0);
    const tree = page.getByRole('tree');
    await tree.getByRole('treeitem', { name: /^config/ }).click();
    await tree.getByText('check-then-insert', { exact: true }).waitFor();

    // Replay, at the failure, and a step back.
    const { runs } = runPageSchema.parse(await (await fetch(`${up.url}${API_BASE}/runs`)).json());
    const at = runs[0]?.failForensic?.eventIndex ?? -1;
    await page.getByRole('link', { name: 'The city at this event' }).click();
    await page.getByText(`The city after event ${at}`).waitFor();
    await page.getByRole('button', { name: '−1 event', exact: true }).click();
    await page.getByText(`The city after event ${at - 1}`).waitFor();
    expect(await page.locator('.slots > .slot').count()).toBe(12);
    await page.waitForURL((url) => url.searchParams.get('at') === String(at - 1));
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('shows a run of stays as calendars, by days too, and no wider than a phone', async () => {
    const id = await launched('stays', 4, { operations: 400, bug: 'check-then-insert', faults: 'none' });
    const { page, wrongs, open } = await openPage(browser, up.url, { width: 390, height: 800 });
    await open(`/runs/${id}?view=replay`);
    await page.locator('.run-head .badge-fail').waitFor();
    await page.locator('.calendar-row-failed').first().waitFor();
    await page.locator('.calendar-bar').first().waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await page.locator('.calendar-head > span').count()).toBeGreaterThan(3);
    expect(await page.locator('.calendar-head b').innerText()).toMatch(/^ ?2[345](\.5)? h$/);
    await page.keyboard.press('.');
    await eventually(() => page.locator('.calendar-head > span').count()).toBe(1);
    await page.keyboard.press(',');
    await eventually(() => page.locator('.calendar-head > span').count()).not.toBe(1);
    expect(await axe(page)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('shows a run of tickets as maps of seats, and no wider than a phone', async () => {
    const id = await launched('tickets', 1, { operations: 400, bug: 'refund-frees-two', faults: 'none' });
    const { page, wrongs, open } = await openPage(browser, up.url, { width: 390, height: 800 });
    await open(`/runs/${id}?view=replay`);
    await page.locator('.run-head .badge-fail').waitFor();
    const failed = page.locator('.event-seats-wrong');
    await failed.first().waitFor();
    expect(await failed.first().locator('h3').innerText()).toMatch(/^✖ event-\d{3}/);
    expect(await page.locator('.event-seats .seat-map > li').count()).toBeGreaterThan(5);
    expect(await page.locator('.event-seats').filter({ hasText: 'places' }).count()).toBeGreaterThan(0);
    expect(await overflow(page)).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('scrubs with the keys of the terminal app', async () => {
    const { page, wrongs, open } = await openPage(browser, up.url);
    await open('/runs/latest?view=replay&at=0');
    const slider = page.getByRole('slider', { name: 'Event' });
    await slider.waitFor();
    const newest = Number(await slider.getAttribute('max'));
    expect(newest).toBeGreaterThan(30);
    const is = (index: number) => eventually(() => slider.inputValue()).toBe(String(index));
    // The slider has the focus by itself.
    await eventually(() => page.evaluate<unknown>("document.activeElement?.getAttribute('type')")).toBe(
      'range',
    );
    const steps: [key: string, at: number][] = [
      ['ArrowRight', 1],
      ['Shift+ArrowRight', 11],
      ['ArrowLeft', 10],
      ['Shift+ArrowLeft', 0],
      ['PageDown', Math.min(newest, 100)],
      ['Home', 0],
      ['End', newest],
      ['PageUp', Math.max(0, newest - 100)],
    ];
    for (const [key, at] of steps) {
      await page.keyboard.press(key);
      await is(at);
    }
    await page.keyboard.press('End');
    await page.keyboard.press('[');
    const events = page.locator('.events [aria-current]');
    await eventually(() => events.innerText()).toContain('violation');
    await page.keyboard.press('Home');
    await page.keyboard.press(']');
    await eventually(() => events.innerText()).toMatch(/fault|violation/);
    await page.keyboard.press(':');
    await page.keyboard.type('17');
    await page.keyboard.press('Enter');
    await is(17);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('launches, follows and stops a run by the keyboard alone, and asks first', async () => {
    const { page, wrongs, open } = await openPage(browser, up.url);
    await open();
    await page.getByRole('button', { name: 'Launch a run' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate<unknown>('document.activeElement?.textContent')).toBe('Skip to the content');
    const focused = () => page.evaluate<string>('document.activeElement?.textContent ?? ""');
    // Behind the links to the list and the campaigns.
    for (let tabs = 0; tabs < 6 && (await focused()) !== 'Launch a run'; tabs++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    const type = async (label: string, text: string) => {
      await page.getByLabel(label, { exact: true }).focus();
      await page.keyboard.type(text);
    };
    await type('Target', 'memory');
    await type('Operations', '100000');
    await page.locator('summary', { hasText: 'More settings' }).focus();
    await page.keyboard.press('Enter');
    await type('Rate', '200');
    await page.keyboard.press('Enter');

    await page.locator('.run-head .badge-running').waitFor();
    // The new place has the focus, so that it is read out.
    await eventually(() => page.evaluate<unknown>('document.activeElement?.tagName')).toBe('H1');
    const index = page.locator('.facts div', { hasText: 'Event' }).locator('dd');
    const number = async () => Number((await index.innerText()).replaceAll(',', ''));
    await eventually(number).toBeGreaterThan(100);
    const before = await number();
    await eventually(number).toBeGreaterThan(before);
    expect(await page.locator('.event').count()).toBeLessThanOrEqual(60);

    await page.getByRole('button', { name: 'Stop…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Stop this run?' }).waitFor();
    await page.keyboard.press('Escape');
    await eventually(() => page.evaluate<unknown>('document.activeElement?.textContent')).toBe('Stop…');
    expect(await page.locator('.run-head .badge-running').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop the run' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.run-head .badge-stopped').waitFor();
    await eventually(() => page.locator('#announcer').innerText()).toContain('The run is STOPPED.');
    expect(wrongs).toEqual([]);
    await page.close();
  });
});
