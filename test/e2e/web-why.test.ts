/** Why it broke in a real browser: pending, given up, ready; stepping with keys, folds, waits, small screens, axe. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { htmlReport } from '../../cli/output/report/html.ts';
import { apiPath, type Forensic, type Why, whySchema } from '../../server/contract/index.ts';
import { axe, eventually, HOSTILE, hasChromium, listen, openPage, overflow } from '../helpers/browser.ts';
import { pageWorld } from '../helpers/page-world.ts';
import { recordedCity, recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedEvent, recordedRun } from '../helpers/recorded-run.ts';
import { call } from '../helpers/server.ts';

const WHY = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);
const EVENTS = 120;

const world = pageWorld();

/** A run that failed, with the recorded bundle. */
async function failed(own: Partial<Forensic> = {}): Promise<string> {
  const { run, harness } = await world.begun({ target: 'postgres', seed: 42 });
  const slots = recordedCity(0).slots.map(({ id, capacity }) => ({ id, capacity, open: true }));
  const events = Array.from({ length: EVENTS }, (_, index) => {
    const event = recordedEvent(index);
    if (index === 0) return { ...event, data: { ...event.data, slots } };
    return index < EVENTS - 1 ? event : { ...event, type: 'end', actor: 'city', data: { status: 'FAIL' } };
  });
  const failForensic = recordedForensic({ eventIndex: EVENTS - 2, ...own });
  const live = { metrics: {}, eventsPerSecond: 5 };
  const end = { status: 'FAIL', reason: null, failForensic };
  expect((await harness.post({ events, snapshots: [], live, end })).status).toBe(200);
  return run.id;
}

const holder = randomUUID();

async function ask(runId: string): Promise<void> {
  expect((await call(world.server.url, 'POST', apiPath.task(runId, 'explain'), {})).status).toBe(202);
}

async function work(runId: string, stage: string, executions: number): Promise<void> {
  const lease = { holder, progress: { stage, executions } };
  expect((await call(world.server.url, 'POST', apiPath.taskLease(runId, 'explain'), lease)).status).toBe(200);
}

async function explain(runId: string, why: Why = WHY): Promise<void> {
  await ask(runId);
  await work(runId, 'recording', 1);
  const end = { state: 'ready', result: why };
  expect((await call(world.server.url, 'PUT', apiPath.task(runId, 'explain'), { holder, end })).status).toBe(
    200,
  );
}

function step(page: Page, number: number) {
  return page.locator('tr.why-step', {
    has: page.getByRole('button', { name: `Step ${number}`, exact: true }),
  });
}

describe.skipIf(!hasChromium)('why it broke, in the browser', () => {
  it('says that nobody has asked, how far it is, and shows it by itself once it is there', async () => {
    const runId = await failed();
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=forensics`);
    await page.getByText(`simcity explain ${runId}`).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('x');
    await page.getByText('nobody works at it yet').waitFor();
    await work(runId, 'turning 13 round', 7);
    await page.getByText('Looking for why it broke: turning 13 round, 7 executions so far.').waitFor();
    await explain(runId);
    await page.getByText(WHY.sentence).waitFor();
    expect(await page.locator('.forensics > *').nth(1).getAttribute('class')).toContain('why');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('asks by a button, is given up by another, says why there is none, and asks again', async () => {
    const runId = await failed();
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=forensics`);
    const said = await listen(page);
    await page.getByRole('button', { name: 'Find out why' }).click();
    await page.getByRole('progressbar', { name: 'Looking for why it broke' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Not explained: cancelled').waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(0);
    await eventually(said).toContain('It is not explained.');
    await page.getByRole('button', { name: 'Look for it again' }).click();
    await page.getByText('nobody works at it yet').waitFor();
    await work(runId, 'recording', 3);
    await page.getByText('Looking for why it broke: recording, 3 executions so far.').waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('steps through the lanes by keys, with the city of the step beside, and unfolds', async () => {
    const runId = await failed();
    await explain(runId);
    const { page, wrongs, open } = await openPage(world.browser, world.server.url, {
      width: 1440,
      height: 900,
    });
    await open(`/runs/${runId}?view=forensics`);
    await page.locator('.why-lanes').waitFor();
    const said = await listen(page);
    expect(await page.locator('.why-lanes thead th').allInnerTexts()).toEqual([
      'Step',
      'A book citizen-004 slot-007 k-48 ✔ ok',
      'B book citizen-021 slot-007 k-50 ✔ ok',
      'Event',
    ]);
    // A row is drawn as a row, whatever its tone: all of the two lines that it takes.
    expect((await step(page, 4).boundingBox())?.height).toBeLessThan(80);
    expect(await step(page, 13).locator('.why-mark').innerText()).toBe('◀ does not see b-1');
    for (let i = 0; i < 6; i++) await page.keyboard.press('n');
    expect(await page.locator('tr[aria-current="step"] th').innerText()).toBe('12');
    await page.keyboard.press('n');
    expect(await step(page, 13).getAttribute('aria-current')).toBe('step');
    await page.getByRole('heading', { name: 'The city after event 97' }).waitFor();
    await eventually(() => page.locator('.why-beside .slot-name').allInnerTexts()).toEqual(['slot-007']);
    await eventually(said).toContain('Step 13, B: select count(*)');
    await page.keyboard.press('p');
    expect(await page.locator('tr[aria-current="step"] th').innerText()).toBe('12');
    await page.keyboard.press('e');
    expect(await page.locator('.why-lanes thead th').count()).toBe(6);
    // The begin stands in the row of the statement after it, the answer in that of the commit before it.
    expect(await page.locator('tr.why-step').count()).toBe(WHY.steps.length - 2);
    await page.getByRole('button', { name: 'Fold what does not matter' }).click();
    await page.getByRole('button', { name: '5 steps folded' }).click();
    expect(await page.locator('tr.why-fold').count()).toBe(0);
    await step(page, 16).getByRole('button').click();
    await step(page, 16).getByRole('link', { name: 'Step 16: event 97', exact: true }).click();
    await eventually(() => page.url()).toContain('view=events&event=97');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('tells over the lanes how many seats were taken after which step, and where that was too many', async () => {
    const seats = [{ id: 'slot-007', capacity: 1, open: true, bookings: [] }];
    const runId = await failed({ object: 'slot-007', city: seats });
    await explain(runId);
    const { page, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=forensics`);
    const told = page.locator('.why-seats');
    expect(await told.innerText()).toContain('Taken of 1 seat of slot-007:');
    const points = told.getByRole('button');
    expect(await points.allInnerTexts()).toEqual(['1 after 18', '✖ 2 after 21, over capacity']);
    await points.last().click();
    expect(await step(page, 21).getAttribute('aria-current')).toBe('step');
    expect(await axe(page)).toEqual([]);
    await page.close();
  });

  it("folds what of the object's history does not carry the failure, with how full it was above", async () => {
    const runId = await failed({ kind: 'linearizability' });
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=forensics`);
    const history = page.locator('table.intervals');
    await history.getByRole('img', { name: 'Taken after each answer: 1, 2, 3' }).waitFor();
    expect(await history.locator('.time-axis').innerText()).toContain('00:07.260');
    expect(await history.locator('.culprit').innerText()).toContain('book slot-003 k-450');
    expect(await history.locator('.carries').count()).toBe(1);
    // The blamed answer and the one that it does not fit lead to each other.
    expect(await history.locator('.culprit .contradiction').innerText()).toBe('against event 896');
    expect(await history.locator('.carries .contradiction').innerText()).toBe('against event 900');
    await history.getByRole('button', { name: '2 operations folded' }).click();
    expect(await history.locator('tbody tr').count()).toBe(7);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('draws the wait as a bar from where it began to where it ended, with a line to its blocker', async () => {
    const runId = await failed();
    await explain(runId);
    const { page, open } = await openPage(world.browser, world.server.url, { width: 1440, height: 900 });
    await open(`/runs/${runId}?view=forensics`);
    await page.locator('.why-lanes').waitFor();
    expect(await page.locator('tr.why-wait').innerText()).toContain('waits for A');
    expect(await page.locator('tr.why-wait .why-reach-head').count()).toBe(1);
    const columns = await page.evaluate<number[]>(
      "[...document.querySelectorAll('td.why-bar')].map(({ cellIndex }) => cellIndex)",
    );
    expect(new Set(columns)).toEqual(new Set([2]));
    expect(columns).toHaveLength(4);
    await page.close();
  });

  it('has no fault that axe finds, light and dark, wide and stacked, and is never wider than its window', async () => {
    const runId = await failed();
    await explain(runId);
    for (const width of [1440, 1024, 900, 390]) {
      const { page, wrongs, open } = await openPage(world.browser, world.server.url, { width, height: 900 });
      await open(`/runs/${runId}?view=forensics`);
      await page.locator('.why-lanes').waitFor();
      await page.keyboard.press('n');
      await page.getByRole('heading', { name: /The city after/ }).waitFor();
      expect(await overflow(page), `${width}`).toBeLessThanOrEqual(0);
      expect(await axe(page), `${width}`).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await axe(page, "{ runOnly: ['color-contrast'] }"), `${width}, dark`).toEqual([]);
      if (width === 390) expect(await step(page, 13).locator('.why-lane-name').isVisible()).toBe(true);
      expect(wrongs).toEqual([]);
      await page.close();
    }
  });

  it('is drawn the same in the report, without a fault that axe finds, and never wider than its window', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'why-')), 'report.html');
    const run = recordedRun({ status: 'FAIL', pass: false, failForensic: recordedForensic() });
    const nothing = { snapshots: [], charts: [], lastEvents: [], city: null, lost: null };
    await writeFile(file, htmlReport({ run, ...nothing, closing: null, rules: null, why: WHY }));
    for (const width of [1440, 1024, 900, 390]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        // Axe is a script, which the report's policy does not let in.
        const page = await world.browser.newPage({
          viewport: { width, height: 900 },
          colorScheme,
          bypassCSP: true,
        });
        await page.goto(pathToFileURL(file).href);
        expect(await overflow(page), `${width}`).toBeLessThanOrEqual(0);
        expect(await axe(page), `${width}, ${colorScheme}`).toEqual([]);
        const row = page.locator('tr', { has: page.locator('th', { hasText: /^13$/ }) }).first();
        expect(await row.locator('.why-mark').innerText()).toBe('◀ does not see b-1');
        expect(await row.locator('.why-lane-name').isVisible()).toBe(width === 390);
        await page.close();
      }
    }
    await rm(dirname(file), { recursive: true });
  });

  it('shows hostile text as text', async () => {
    const runId = await failed();
    const text = HOSTILE.slice(0, 90);
    const lanes = WHY.lanes.map((lane) => ({ ...lane, name: text, words: text }));
    const steps = WHY.steps.map((each) => ({ ...each, text, values: text, answer: text, mark: text }));
    const cures = WHY.cures.map((cure) => ({ ...cure, what: text }));
    await explain(runId, { ...WHY, sentence: text, name: text, conclusion: [text], lanes, steps, cures });
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=forensics`);
    await page.locator('.why-lanes').waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.locator('.why').innerText()).not.toContain('\u202e');
    expect(wrongs).toEqual([]);
    await page.close();
  });
});
