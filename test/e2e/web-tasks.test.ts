/** Making a failure small and executing a run again, asked for in a real browser: done by a real host, told by a stand-in. */
import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPath, type EndReport, type TaskKind, type TaskProgress } from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import {
  axe,
  eventually,
  HOSTILE,
  hasChromium,
  listen,
  openPage,
  overflow,
  startChromium,
} from '../helpers/browser.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { call, FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';
import { startUp, type Up } from '../helpers/up.ts';

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await startChromium();
});
afterAll(() => browser?.close());

describe.skipIf(!hasChromium)('asked for in the browser, done by a host of runners', () => {
  let up: Up;
  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up?.down());

  it('a failure is made small and executed again, in place', async () => {
    const { id } = await launch(up.url, { target: 'memory', seed: 7, config: { bug: 'check-then-insert' } });
    const { page, wrongs, open } = await openPage(browser, up.url);
    await open(`/runs/${id}?view=forensics`);
    await page.getByRole('button', { name: 'Make it small' }).click();
    await page.getByRole('button', { name: 'Execute again' }).click();
    await page.locator('table.smallest-steps').waitFor({ timeout: 90_000 });
    await page.getByText(/executed again, identical: \d+ events/).waitFor({ timeout: 90_000 });
    expect(await page.getByRole('button', { name: 'Make it small' }).count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.close();
  });
});

describe.skipIf(!hasChromium)('a task in the browser', () => {
  let postgres: TestPostgres;
  let databaseUrl: string;
  let server: RunningServer;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    databaseUrl = await postgres.createDatabase();
    server = await startTestServer(databaseUrl);
  });
  afterAll(async () => {
    await server?.stop();
    await postgres?.close();
  });

  const failed: EndReport = { status: 'FAIL', reason: null, failForensic: recordedForensic() };

  async function ended(end: EndReport): Promise<string> {
    const { id } = await launch(server.url);
    const harness = new FakeHarness(server.url, id);
    await harness.claim(postgres.open(databaseUrl));
    await harness.send(3, { end });
    return id;
  }

  const holder = randomUUID();
  async function work(runId: string, kind: TaskKind, progress: TaskProgress): Promise<void> {
    const path = apiPath.taskLease(runId, kind);
    expect((await call(server.url, 'POST', path, { holder, progress })).status).toBe(200);
  }

  it('shows how far it is, is given up, says why nothing came of it, and is asked for again', async () => {
    const runId = await ended(failed);
    const { page, wrongs, open } = await openPage(browser, server.url);
    await open(`/runs/${runId}?view=forensics`);
    const said = await listen(page);
    const panel = page.getByRole('region', { name: 'Smallest reproduction' });
    await panel.getByText(`simcity shrink ${runId}`).waitFor();
    await panel.getByRole('button', { name: 'Make it small' }).click();
    await panel.getByText('nobody works at it yet').waitFor();
    await work(runId, 'shrink', { stage: 'fewer faults', executions: 80, operations: 17, seconds: 3 });
    await panel
      .getByText('Making it small: 17 operations left, trying fewer faults, 80 executions so far, 3 s.')
      .waitFor();
    expect(await axe(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Cancel' }).click();
    await panel.getByText('Not made small: cancelled').waitFor();
    await eventually(said).toContain('It is not made small.');
    await panel.getByRole('button', { name: 'Try again' }).click();
    await panel.getByText('nobody works at it yet').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('tells of a run that has passed where it parts when it is executed again, and of hostile text as text', async () => {
    const runId = await ended(passed);
    const { page, wrongs, open } = await openPage(browser, server.url, { width: 390, height: 800 });
    await open(`/runs/${runId}?view=forensics`);
    const panel = page.getByRole('region', { name: 'Whether it happens again' });
    await panel.getByRole('button', { name: 'Execute again' }).waitFor();
    await page.keyboard.press('v');
    await panel.getByText('nobody works at it yet').waitFor();
    await work(runId, 'verify', {
      stage: '7 events alike so far',
      executions: 1,
      operations: null,
      seconds: 0,
    });
    const event = { index: 7, at: '2026-01-31T12:00:00.000Z', virtualMs: 3, actor: 'citizen-004', data: {} };
    const result = {
      ...{ identical: false, common: 7, endedBy: null, versions: [], renamed: null, seconds: 1 },
      difference: { class: HOSTILE.slice(0, 200), advice: HOSTILE.slice(0, 200) },
      parting: {
        ...{ index: 7, differences: [], before: [], leftAfter: [], rightAfter: [] },
        left: { ...event, type: 'book.ok' },
        right: { ...event, type: 'book.refused' },
      },
    };
    const put = { holder, end: { state: 'ready', result } };
    expect((await call(server.url, 'PUT', apiPath.task(runId, 'verify'), put)).status).toBe(200);
    await panel.getByText('event 7 is the first that differs').waitFor();
    await panel.getByText('+ book.refused citizen-004').waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await panel.innerText()).not.toContain('\u202e');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await axe(page)).toEqual([]);
    // Once more: whoever asks after it is done asks anew.
    await panel.getByRole('button', { name: 'Execute again' }).click();
    await panel.getByText('nobody works at it yet').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('shows the commit that a terminal found, with hostile text as text, and offers no search of its own', async () => {
    const runId = await ended(failed);
    const { page, wrongs, open } = await openPage(browser, server.url);
    await open(`/runs/${runId}?view=forensics`);
    const panel = page.getByRole('region', { name: 'The first bad commit' });
    await page.getByRole('region', { name: 'Smallest reproduction' }).waitFor();
    expect(await panel.count()).toBe(0);
    expect((await call(server.url, 'POST', apiPath.task(runId, 'bisect'), {})).status).toBe(202);
    await work(runId, 'bisect', { stage: 'revision 3', executions: 9, operations: null, seconds: 4 });
    await panel
      .getByText('Looking for the first bad commit: revision 3, 9 executions so far, 4 s.')
      .waitFor();
    const commit = { id: 'a'.repeat(40), author: 'Ada', date: '2026-11-03T09:00:00+00:00' };
    const [good, bad] = ['good', HOSTILE.slice(0, 200)].map((subject) => ({ ...commit, subject }));
    const result = {
      ...{ good, bad, first: bad, among: [], commits: 7, executed: 'smallest', executions: 12, seconds: 5 },
      tried: [{ commit: bad, verdict: 'bad', why: 'fails the same way', executions: 1 }],
    };
    const put = { holder, end: { state: 'ready', result } };
    expect((await call(server.url, 'PUT', apiPath.task(runId, 'bisect'), put)).status).toBe(200);
    await panel.getByText('1 revision of 7 tried by the smallest reproduction, 12 executions').waitFor();
    expect(await panel.innerText()).not.toContain('\u202e');
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await panel.getByRole('button').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(wrongs).toEqual([]);
    await page.close();
  });
});
