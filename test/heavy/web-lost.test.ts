/** The page of a run that says nothing about the service under test, and of one that is executed again. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { VIEWS } from '../../cli/web/state/route.ts';
import type { Forensic, LostAttempt, Run, RunEvent } from '../../server/contract/index.ts';
import { axe, eventually, HOSTILE, hasChromium, listen, openPage, overflow } from '../helpers/browser.ts';
import { pageWorld } from '../helpers/page-world.ts';
import { adapterDiagnosis, lostAttempt, recordedDiagnosis } from '../helpers/recorded-failure.ts';
import { recordedEvent, recordedMetrics } from '../helpers/recorded-run.ts';
import { FakeHarness, passed } from '../helpers/server.ts';

const world = pageWorld();

const EVENTS = 120;

/** A batch of the recorded history. */
function batchOf(from: number, to: number) {
  const events = Array.from({ length: to - from + 1 }, (_, i): RunEvent => recordedEvent(from + i));
  const snapshots = events
    .filter(({ index }) => index % 10 === 9)
    .map(({ index, at }) => ({ index, at, metrics: recordedMetrics(index) }));
  return { events, snapshots, live: { metrics: recordedMetrics(to), eventsPerSecond: 5 } };
}

async function begun(campaign: string | null = null): Promise<{ run: Run; harness: FakeHarness }> {
  const { run, harness } = await world.begun({ target: 'memory', seed: 42, campaign });
  return { run, harness };
}

/** A run that ends with this diagnosis. */
async function diagnosed(failForensic: Forensic, campaign: string | null = null): Promise<Run> {
  const { run, harness } = await begun(campaign);
  await end(harness, failForensic);
  return run;
}

async function end(harness: FakeHarness, failForensic: Forensic): Promise<void> {
  const batch = batchOf(0, EVENTS - 1);
  const reason = failForensic.kind;
  Object.assign(batch.events.at(-1) ?? {}, {
    type: 'end',
    actor: 'city',
    data: { status: 'STOPPED', reason },
  });
  const answer = await harness.post({ ...batch, end: { status: 'STOPPED', reason, failForensic } });
  expect(answer.status).toBe(200);
}

async function setLostAttempts(run: Run, attempts: LostAttempt[], more = ''): Promise<void> {
  const sql = world.sql();
  await sql`update simcity_runs set lost_attempts = ${sql.json(attempts.map((each) => ({ ...each })))} where id = ${run.id}`;
  if (more === 'queued') {
    await sql`update simcity_runs set status = 'QUEUED', runner = null, lease_expires_at = null,
      ingest_token_hash = null where id = ${run.id}`;
  }
  await sql`select pg_notify('simcity_run', ${run.id})`;
}

async function settled(page: Page, badge: string): Promise<void> {
  await page.locator(`.run-head .badge-${badge}`).waitFor();
  await eventually(() => page.getByText(/^(Reading|Folding|Asking)/).count()).toBe(0);
}

const ENDS = [
  ['LOST', 'lost', recordedDiagnosis()],
  ['ADAPTER ERROR', 'adapter-error', adapterDiagnosis()],
] as const;

describe.skipIf(!hasChromium)('the page of a run that says nothing about the service', () => {
  it.each(ENDS)(
    'says %s in its badge, its title and all views, and nothing broke',
    async (word, badge, bundle) => {
      const run = await diagnosed(bundle);
      const { page, wrongs, open } = await openPage(world.browser, world.server.url);
      await open(`/runs/${run.id}`);
      await settled(page, badge);
      expect(await page.locator('.run-head .badge').innerText()).toContain(word);
      await eventually(() => page.title()).toBe(`${word} · seed 42 · SimCity`);
      const verdict = page.locator('.verdict-loss');
      await verdict.getByText(bundle.message).waitFor();
      await verdict.getByText('This says nothing about the service under test.').waitFor();
      expect(await page.locator('.verdict-fail, .broke, .check-broken').count()).toBe(0);

      await page.getByRole('navigation', { name: 'Views of the run' }).getByText('Forensics').click();
      await page.getByRole('heading', { name: word === 'LOST' ? 'LOST harness-lost' : word }).waitFor();
      await page.getByRole('heading', { name: 'Run again' }).waitFor();
      await page.getByText('npx simcity run --seed 42', { exact: true }).first().waitFor();
      for (const title of ['Expected', 'Actual', 'Reproduce', 'Smallest reproduction']) {
        expect(await page.getByRole('heading', { name: title, exact: true }).count(), title).toBe(0);
      }
      const process = page.locator('section', { has: page.getByRole('heading', { name: 'The process' }) });
      expect(await process.count()).toBe(word === 'LOST' ? 1 : 0);
      if (word === 'LOST') expect(await process.innerText()).toContain('the last line that it printed');
      await page.getByRole('navigation', { name: 'Views of the run' }).getByText('Replay').click();
      await page.getByText(`The city after event ${EVENTS - 1}`).waitFor();
      expect(wrongs).toEqual([]);
      await page.close();
    },
  );

  it('looks a warning, not like a failure, has no fault that axe finds, and fits a phone', async () => {
    const runs = await Promise.all(ENDS.map(([, , bundle]) => diagnosed(bundle, 'nightly')));
    await setLostAttempts(runs[0] as Run, [lostAttempt(1, 7), lostAttempt(2, 119)]);
    const { page, open } = await openPage(world.browser, world.server.url, { width: 360, height: 740 });
    for (const [i, [, badge]] of ENDS.entries()) {
      for (const view of VIEWS) {
        await open(`/runs/${runs[i]?.id}?view=${view}`);
        await settled(page, badge);
        expect(await overflow(page), view).toBeLessThanOrEqual(0);
        expect(await axe(page), view).toEqual([]);
        await page.emulateMedia({ colorScheme: 'dark' });
        expect(await axe(page, "{ runOnly: ['color-contrast'] }"), `${view}, dark`).toEqual([]);
        await page.emulateMedia({ colorScheme: 'light' });
      }
      expect(await colorOf(page, '.run-head .badge')).toBe(await colorOf(page, 'main', '--warn'));
      expect(await colorOf(page, '.run-head .badge')).not.toBe(await colorOf(page, 'main', '--fail'));
    }
    await page.close();
  });

  it('is told apart in the list, where it is no failure of its campaign', async () => {
    await Promise.all(ENDS.map(([, , bundle]) => diagnosed(bundle, 'hunt')));
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open('?campaign=hunt');
    await page.getByRole('heading', { name: 'Runs of hunt' }).waitFor();
    const rows = page.locator('table.runs tbody tr');
    await eventually(() => rows.count()).toBe(2);
    const texts = await rows.allInnerTexts();
    expect(texts.filter((text) => /LOST[\s\S]*harness-lost/.test(text))).toHaveLength(1);
    expect(texts.filter((text) => /ADAPTER ERROR[\s\S]*adapter-error/.test(text))).toHaveLength(1);
    expect(await page.locator('main .broke').count()).toBe(0);
    expect(await rows.locator('.warn[title*="my-adapter.ts:41:17"]').count()).toBe(1);
    // For the API both are STOPPED.
    await page.getByRole('link', { name: 'LOST', exact: true }).click();
    await eventually(() => rows.count()).toBe(1);
    expect(await page.locator('table.runs .badge-lost').count()).toBe(1);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('shows a hostile diagnosis as text', async () => {
    const hostile = { message: HOSTILE, invariant: HOSTILE, reproduce: HOSTILE };
    const run = await diagnosed(
      recordedDiagnosis({ ...hostile, process: { [HOSTILE]: HOSTILE, stderr: [HOSTILE] } }),
    );
    await setLostAttempts(run, [lostAttempt(1, 3, HOSTILE), lostAttempt(2, 9, HOSTILE)]);
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    for (const view of VIEWS) {
      await open(`/runs/${run.id}?view=${view}`);
      await page.getByText('<img src=x').first().waitFor();
      expect(await page.locator('main img, main script').count()).toBe(0);
      expect(await page.title()).toBe('LOST · seed 42 · SimCity');
      expect(await page.locator('main').innerText()).not.toContain('\u202e');
    }
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('says that a run waits to be executed again, and goes on where it was', async () => {
    const { run, harness } = await begun();
    expect((await harness.post(batchOf(0, 59))).status).toBe(200);
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${run.id}`);
    await page.locator('.event', { hasText: '59' }).first().waitFor();
    const said = await listen(page);

    await setLostAttempts(run, [lostAttempt(1, 59)], 'queued');
    await page.getByText('The run was lost and is waiting to be executed again (attempt 2 of 3).').waitFor();
    await page.locator('.run-head .badge-queued').waitFor();
    await eventually(said).toContain('The run was lost and waits to be executed again.');
    expect(await page.getByText('♥').count()).toBe(0);
    expect(await page.locator('.event', { hasText: '59' }).count()).toBeGreaterThan(0);

    const second = new FakeHarness(world.server.url, run.id);
    await second.claim(world.sql(), 300);
    await page.locator('.run-head .badge-running').waitFor();
    await page.getByText('attempt 2 (the first was lost at event 59: harness-lost)').waitFor();
    // It executes the run from its seed: what is stored already comes once more.
    expect((await second.post(batchOf(0, 59))).status).toBe(200);
    expect((await second.post(batchOf(60, 99))).status).toBe(200);
    await page.locator('.event', { hasText: '99' }).first().waitFor();
    expect(await page.getByText('waiting to be executed again').count()).toBe(0);

    const last = batchOf(100, EVENTS - 1);
    Object.assign(last.events.at(-1) ?? {}, { type: 'end', actor: 'city', data: { status: 'PASS' } });
    expect((await second.post({ ...last, end: passed })).status).toBe(200);
    await page.locator('.run-head .badge-pass').waitFor();
    await page.getByText('attempt 2 (the first was lost at event 59: harness-lost)').waitFor();
    await eventually(said).toContain('The run is PASS.');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('tells a screen reader that a run was lost, by that word', async () => {
    const { run, harness } = await begun();
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open(`/runs/${run.id}`);
    await page.locator('.run-head .badge-running').waitFor();
    const said = await listen(page);
    await end(harness, recordedDiagnosis());
    await eventually(said).toContain('The run is LOST.');
    expect(wrongs).toEqual([]);
    await page.close();
  });
});

/** The colour of the text of an element, or of a variable there. */
function colorOf(page: Page, selector: string, variable?: string): Promise<string> {
  return page.evaluate<string>(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    const probe = element.appendChild(document.createElement('span'));
    ${variable === undefined ? '' : `probe.style.color = 'var(${variable})';`}
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  })()`);
}
