/** The events of a run in a real browser: filter, search, operations, addresses, and the links that lead there. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiPath, type RunEvent, whySchema } from '../../server/contract/index.ts';
import { axe, eventually, hasChromium, listen, openPage, overflow } from '../helpers/browser.ts';
import { pageWorld } from '../helpers/page-world.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedEvent } from '../helpers/recorded-run.ts';
import { call, FakeHarness } from '../helpers/server.ts';

const EVENTS = 902;
/** An operation with a statement, whose answer comes a little later. */
const STATED = { op: 61, invoke: 121, statement: 122, answer: 123 };

const world = pageWorld();
let failedRun: string;
beforeAll(async () => {
  if (hasChromium) failedRun = await failed();
});

function eventOf(index: number): RunEvent {
  const event = recordedEvent(index);
  if (index === EVENTS - 1) return { ...event, type: 'end', actor: 'city', data: { status: 'FAIL' } };
  if (index === STATED.statement) {
    const data = {
      op: STATED.op,
      kind: 'statement',
      text: 'select count(*) from bookings',
      tag: 'SELECT',
      count: 1,
    };
    return { ...event, type: 'statement', data };
  }
  if (index !== STATED.answer) return event;
  const { type, actor, data } = recordedEvent(STATED.invoke);
  return { ...event, type: type.replace('invoke', 'ok'), actor, data };
}

async function begun(): Promise<{ runId: string; harness: FakeHarness }> {
  const { run, harness } = await world.begun({ target: 'postgres', seed: 42 });
  return { runId: run.id, harness };
}

/** A run that failed, with the recorded bundle, the smallest reproduction, and why it broke. */
async function failed(): Promise<string> {
  const { runId, harness } = await begun();
  const events = Array.from({ length: EVENTS }, (_, index) => eventOf(index));
  const failForensic = recordedForensic({
    kind: 'linearizability',

    message: 'After event 896 slot-003 holds 21 of 20.',
    smallest: SMALLEST,
  });
  const live = { metrics: {}, eventsPerSecond: 5 };
  const end = { status: 'FAIL', reason: null, failForensic };
  expect((await harness.post({ events, snapshots: [], live, end })).status).toBe(200);
  const why = whySchema.parse(
    JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
  );
  const holder = randomUUID();
  const lease = { holder, progress: { stage: 'recording', executions: 1 } };
  await call(world.server.url, 'POST', apiPath.task(runId, 'explain'), {});
  await call(world.server.url, 'POST', apiPath.taskLease(runId, 'explain'), lease);
  await call(world.server.url, 'PUT', apiPath.task(runId, 'explain'), {
    holder,
    end: { state: 'ready', result: why },
  });
  return runId;
}

const storyStep = (step: number, actor: string, what: string) => ({
  ...{ step, virtualMs: step, actor, what, answer: '' },
  operation: `book slot-003 ${actor} k-450`,
});
/** As far as the page shows it. */
const SMALLEST = {
  ...{ operations: 2, operationsBefore: 450, minimal: true, reproduced: { times: 20, of: 20 } },
  ...{ reproduce: 'npx simcity run --seed 42 --reduction x' },
  story: [storyStep(1, 'citizen-010', 'asks'), storyStep(2, 'citizen-039', 'asks')],
};

const rows = (page: Page) => page.locator('.virtual-list .event');
const current = (page: Page) => page.locator('.virtual-list [aria-current] .event-index');
const noted = (page: Page) => page.locator('.events-said');
const detail = (page: Page) => page.locator('.event-detail-panel');
const opened = (page: Page, index: number) =>
  detail(page).getByRole('heading', { name: `Event ${index}`, exact: true });
const asked = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);

describe.skipIf(!hasChromium)('the events of a run, in the browser', () => {
  it('filters, opens an operation with its statement, and goes from its request to its answer', async () => {
    const { page, wrongs, open } = await openPage(world.browser, world.server.url, {
      width: 1440,
      height: 900,
    });
    await open(`/runs/${failedRun}?view=events`);
    await page.getByText('the last of 902').waitFor();
    await rows(page).filter({ hasText: '901' }).waitFor();
    await page.keyboard.press('f');
    await page.keyboard.type(`op:${STATED.op}`);
    await page.keyboard.press('Enter');
    await page.getByText('3 found in all events.').waitFor();
    expect(asked(page, 'q')).toBe(`op:${STATED.op}`);
    await rows(page).filter({ hasText: 'select count(*)' }).click();
    await opened(page, STATED.statement).waitFor();
    const operation = page.getByRole('region', { name: `Operation ${STATED.op}` });
    expect(await operation.locator('.event-index').allInnerTexts()).toEqual(['121', '122', '123']);
    await operation.getByText('(event 123), 16.5 ms').waitFor();
    await operation.locator('.event', { hasText: '121' }).click();
    await detail(page).getByText('"slot": "slot-005"').waitFor();
    await page.keyboard.press('x');
    await eventually(() => current(page).innerText()).toBe('123');
    await page.getByRole('button', { name: 'To its request' }).click();
    await eventually(() => current(page).innerText()).toBe('121');
    await eventually(() => asked(page, 'event')).toBe('121');
    expect(asked(page, 'q')).toBe('op:61');
    await page.keyboard.press('Escape');
    await page.getByText('121 of 0 to 901').waitFor();
    await rows(page).filter({ hasText: 'citizen-014' }).first().waitFor();
    expect(await current(page).innerText()).toBe('121');
    await page.getByRole('button', { name: 'Only this citizen' }).click();
    await eventually(() => asked(page, 'q')).toBe('by:citizen-037');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('searches on and back by the keys of the terminal, and says where there is nothing more', async () => {
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${failedRun}?view=events&event=100`);
    await eventually(() => current(page).innerText()).toBe('100');
    const said = await listen(page);
    await page.keyboard.press('n');
    await eventually(() => noted(page).innerText()).toBe('Nothing was searched for yet; / does.');
    await page.keyboard.press('/');
    await page.keyboard.type('by:citizen-037 type:.ok');
    await page.keyboard.press('Enter');
    for (const [key, index] of [
      ['', '123'],
      ['n', '202'],
      ['N', '123'],
      ['k', '122'],
      ['j', '123'],
    ] as const) {
      if (key !== '') await page.keyboard.press(key);
      await eventually(() => current(page).innerText()).toBe(index);
    }
    await page.keyboard.press('N');
    await eventually(() => noted(page).innerText()).toBe(
      'No earlier event matches by:citizen-037 type:.ok; n looks on.',
    );
    await eventually(said).toContain('No earlier event matches');
    await page.keyboard.press(']');
    await eventually(() => current(page).innerText()).toBe('148');
    await page.keyboard.press(':');
    await page.keyboard.type('640');
    await page.keyboard.press('Enter');
    await eventually(() => current(page).innerText()).toBe('640');
    await page.keyboard.press('Home');
    await eventually(() => current(page).innerText()).toBe('0');
    await page.keyboard.press('PageDown');
    await eventually(() => current(page).innerText()).toBe('20');
    await page.keyboard.press('r');
    await page.getByRole('slider', { name: 'Event' }).waitFor();
    expect(page.url()).toContain('view=replay&at=20');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('is where every event that the forensics and the lanes name leads to, by an address that can be sent', async () => {
    const { page, wrongs, open } = await openPage(world.browser, world.server.url, {
      width: 1440,
      height: 900,
    });
    const follow = async (name: string, index: string) => {
      await open(`/runs/${failedRun}?view=forensics`);
      await page.locator('.why-lanes').waitFor();
      await page.getByRole('link', { name, exact: true }).first().click();
      await opened(page, Number(index)).waitFor();
      await eventually(() => current(page).innerText()).toBe(index);
    };
    await follow('event 896', '896');
    await follow('event 900', '900');
    await follow('Step 16: event 97', '97');
    await follow('Operation 446: event 896', '896');
    await follow('against event 896', '896');
    await follow('Step 1: event 895', '895');
    await open(`/runs/${failedRun}?view=forensics`);
    // The other step was asked of nobody in this run.
    await eventually(() => page.locator('.smallest-steps a').count()).toBe(1);
    await page.getByRole('list', { name: 'Last events' }).locator('a', { hasText: '899' }).click();
    await opened(page, 899).waitFor();

    await page.reload();
    await opened(page, 899).waitFor();
    await page.getByRole('link', { name: 'The city at this event' }).click();
    await page.getByText('Event 899 of 901').waitFor();
    await page.goBack();
    await opened(page, 899).waitFor();
    await open(`/runs/${failedRun}?view=checks`);
    await page
      .getByRole('cell', { name: /^event \d+ at/ })
      .first()
      .getByRole('link')
      .click();
    await opened(page, 888).waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('is copied as a link', async () => {
    const { page, open } = await openPage(world.browser, world.server.url);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await open(`/runs/${failedRun}?view=events&event=120&q=book`);
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByText('Copied.').waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(
      `${world.server.url}/admin/simcity/mission-control/runs/${failedRun}?view=events&event=120`,
    );
    await page.close();
  });

  it('opens what failed at its forensics, and takes nobody away from Live', async () => {
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${failedRun}`);
    await page.getByRole('heading', { name: 'no-overbooking' }).waitFor();
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await eventually(() => page.url()).toContain('view=live');
    await page.reload();
    await page.getByRole('link', { name: 'Why it failed' }).waitFor();

    const { runId, harness } = await begun();
    await harness.send(20);
    await open(`/runs/${runId}`);
    await page.getByRole('list', { name: 'Newest events' }).locator('a', { hasText: '19' }).first().waitFor();
    const end = { status: 'FAIL', reason: null, failForensic: recordedForensic() } as const;
    expect((await harness.send(1, { end })).status).toBe(200);
    await page.locator('.run-head .badge-fail').waitFor();
    await page.getByRole('link', { name: 'Why it failed' }).click();
    await page.getByRole('heading', { name: 'no-overbooking' }).waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('follows a run that goes on, says so, and draws as few rows wherever it is scrolled to', async () => {
    const { runId, harness } = await begun();
    await harness.send(2_000);
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=events`);
    await page.getByText('following, 2,000 so far').waitFor();
    await rows(page).filter({ hasText: '1999' }).waitFor();
    for (let i = 0; i < 9; i++) await harness.send(2_000);
    await page.getByText('following, 20,000 so far').waitFor();
    await rows(page).filter({ hasText: '19999' }).waitFor();
    await page.getByRole('region', { name: 'List of events' }).hover();
    await page.mouse.wheel(0, -100_000);
    await page.getByText('20,000 so far, not following').waitFor();
    expect(await rows(page).count()).toBeLessThan(60);
    await page.keyboard.press('g');
    await rows(page).filter({ hasText: 'start' }).waitFor();
    await page.keyboard.press('G');
    await page.getByText('following, 20,000 so far').waitFor();
    // What a filter leaves is followed as well.
    await page.getByRole('searchbox', { name: 'Filter' }).fill('by:citizen-0');
    await page.keyboard.press('Enter');
    await rows(page).filter({ hasText: '19999' }).waitFor();
    await harness.send(2_000);
    await rows(page).filter({ hasText: '21994' }).waitFor();
    // Up to the beginning; what was found at the end is given up on the way.
    await page.keyboard.press('g');
    await page.getByText('2,000 found in events 0 to 13,993.').waitFor();
    expect(await rows(page).count()).toBeLessThan(60);
    expect(wrongs).toEqual([]);
    await call(world.server.url, 'POST', apiPath.stop(runId));
    await page.close();
  });

  it('begins anew with what is stored, when the database has lost what it showed', async () => {
    const { runId, harness } = await begun();
    await harness.send(60);
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${runId}?view=events`);
    await page.getByText('following, 60 so far').waitFor();
    const sql = world.sql();
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from simcity_run_events where run_id = ${runId} and idx >= 30`;
      await tx`delete from simcity_run_snapshots where run_id = ${runId} and idx >= 30`;
      await tx`update simcity_runs set next_index = 30 where id = ${runId}`;
    });
    await sql`select simcity_lose_run(${runId}, 1, simcity_harness_forensic(${runId}, 'harness-lost', 'gone'))`;
    const heir = new FakeHarness(world.server.url, runId);
    await heir.claim(sql, 300);
    expect((await heir.send(40)).status).toBe(200);
    await page.getByText('following, 40 so far').waitFor();
    await rows(page).filter({ hasText: /^39/ }).waitFor();
    expect(await rows(page).filter({ hasText: /^59/ }).count()).toBe(0);
    expect(wrongs).toEqual([]);
    await call(world.server.url, 'POST', apiPath.stop(runId));
    await page.close();
  });

  it('has no fault that axe finds, light and dark, and is never wider than its window', async () => {
    for (const width of [1440, 1024, 900, 390]) {
      const { page, wrongs, open } = await openPage(world.browser, world.server.url, { width, height: 900 });
      await open(`/runs/${failedRun}?view=events&event=${STATED.statement}&q=book`);
      await page.getByRole('region', { name: `Operation ${STATED.op}` }).waitFor();
      expect(await overflow(page), `${width}`).toBeLessThanOrEqual(0);
      expect(await axe(page), `${width}`).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await axe(page, "{ runOnly: ['color-contrast'] }"), `${width}, dark`).toEqual([]);
      expect(wrongs).toEqual([]);
      await page.close();
    }
  });
});
