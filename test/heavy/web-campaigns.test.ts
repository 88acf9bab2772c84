/** Campaigns in a real browser: the list and the page of one, as a real campaign goes on, ends, and is looked at. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import { CAMPAIGNS_PATH } from '../../server/contract/index.ts';
import {
  axe,
  eventually,
  HOSTILE,
  hasChromium,
  openPage,
  overflow,
  startChromium,
} from '../helpers/browser.ts';
import { simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import {
  recordedClaim,
  recordedFailure,
  recordedImport,
  recordedStart,
  recordedTally,
} from '../helpers/recorded-campaign.ts';
import { startUp, type Up } from '../helpers/up.ts';

let up: Up;
let api: Api;
let browser: Browser;
let folder: TestFolder;
beforeAll(async () => {
  if (!hasChromium) return;
  [up, browser, folder] = await Promise.all([startUp(), startChromium(), testFolder()]);
  api = createApi({ url: up.url, token: undefined });
});
afterAll(async () => {
  await browser?.close();
  await up?.down();
  await folder?.remove();
});

const placeOf = (name: string) => `${up.url}${CAMPAIGNS_PATH}/${encodeURIComponent(name)}`;
const rowOf = (page: Page, name: string) => page.locator('table.campaigns tbody tr', { hasText: name });

describe.skipIf(!hasChromium)('campaigns in the browser', () => {
  it('are there by themselves, with their progress, what failed, and why', async () => {
    const { page, wrongs, open } = await openPage(browser, up.url);
    await open();
    await page.getByRole('link', { name: 'Campaigns', exact: true }).click();
    await page.getByRole('heading', { name: 'No campaign yet' }).waitFor();
    const args = ['--seeds', '1..60', '--operations', '200', '--bug', 'check-then-insert', '--name', 'small'];
    const { exitCode } = await simcity(['campaign', ...args, '--server', up.url, '--log'], {
      cwd: folder.path,
    });
    expect(exitCode).toBe(1);

    const row = rowOf(page, 'small');
    await row.getByText('DONE').waitFor();
    expect(await row.innerText()).toMatch(/small\s+bookings@memory bug check-then-insert\s+60\s/);
    await row.getByRole('link', { name: 'small' }).click();
    await page.getByRole('heading', { name: 'Campaign small' }).waitFor();
    await page.getByText('60 seeds, 100 %').waitFor();
    await eventually(() => page.locator('.campaign-rates polyline').count()).toBe(2);
    await page.getByRole('heading', { name: 'Sometimes-properties' }).waitFor();
    expect(await page.locator('table.until tbody tr').count()).toBeGreaterThan(0);
    const findings = (await api.campaign('small'))?.findings ?? [];
    expect(findings.length).toBeGreaterThan(0);
    expect(await page.locator('table.findings tbody tr').count()).toBe(findings.length);
    const [first] = findings;
    const firstRow = page.locator('table.findings tbody tr').first();
    expect(await firstRow.innerText()).toContain(`${first?.operations} → ${first?.smallest}`);
    expect(await axe(page)).toEqual([]);
    await firstRow.getByRole('link', { name: /^#\d+ why$/ }).click();
    await page.locator('h2#broken-invariant').waitFor();

    // And back, by the facts of the run and by the list of runs.
    await page.locator('.facts').getByRole('link', { name: 'small' }).click();
    await page.getByRole('heading', { name: 'Campaign small' }).waitFor();
    await page.getByRole('link', { name: 'Recorded runs' }).click();
    await page.getByRole('heading', { name: 'Runs of small' }).waitFor();
    await eventually(() => page.locator('table.runs tbody tr').count()).toBe(findings.length);
    await page.locator('table.runs').getByRole('link', { name: 'small' }).first().click();
    await page.getByRole('heading', { name: 'Campaign small' }).waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('show how far one is while it goes on, and how to go on with one that was stopped', async () => {
    const { page, wrongs } = await openPage(browser, up.url);
    await api.startCampaign(recordedStart('going', { seeds: [[1, 1_000]] }));
    const claim = async () => (await api.claimWork(recordedClaim({ campaign: 'going', seeds: 1_000 }))).work;
    const work = await claim();
    if (work?.do !== 'shard') throw new Error('there is no shard');
    const { number, fence } = work;
    await api.renewShard('going', number, { fence, seedsThrough: 100, operations: 900 });
    await page.goto(placeOf('going'));
    await page.getByText('100 of 1,000 seeds, 10 %').waitFor();
    await page.getByText(/seeds\/s, .* left/).waitFor();
    const shard = page.locator('table.shards tbody tr');
    expect(await shard.innerText()).toMatch(/^1\s+under way\s+100 of 1,000\s+1 ×\s+runner-/);
    await shard.getByText(/^heard of (now|\d+ s ago)$/).waitFor();
    await page.locator('table.runners').getByText('shard 1 of').waitFor();
    // Told by the stream: what is asked for again and again are the runners alone.
    await api.renewShard('going', number, { fence, seedsThrough: 300, operations: 2_000 });
    await page.getByText('300 of 1,000 seeds, 30 %').waitFor();
    expect(await page.getByRole('progressbar').getAttribute('value')).toBe('0.3');
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0);
    await api.stopCampaign('going');
    const reached = { 'a slot was full': 3, 'a fault hit a commit': 0 };
    await api.finishShard('going', number, {
      fence,
      tally: recordedTally([[1, 700]], { reached }),
      why: null,
    });
    await page.getByText('simcity campaign --resume going').waitFor();
    await page.locator('.run-head').getByText('STOPPED').waitFor();
    expect(await page.locator('table.reached tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/^a fault hit a commit\s+never$/),
      expect.stringMatching(/^a slot was full\s+3 \(0\.43 %\)$/),
    ]);
    // Gone on with, it is shown so again.
    await api.resumeCampaign('going', { seeds: [], budgetSeconds: null, untilNew: null });
    await page.locator('.run-head').getByText('RUNNING').waitFor();
    await api.stopCampaign('going');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText(/^(Copied\.|Not allowed here: select the text\.)/).waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('fit small screens, and show hostile text as text', async () => {
    const text = HOSTILE.slice(0, 90);
    const failure = recordedFailure({
      ...{ signature: { kind: 'invariant', invariant: text, operation: null }, message: text },
    });
    const hostile = { scenario: text, target: text, version: text, state: 'stopped' as const };
    const records = [{ run: null, smallest: null, why: text, reproduce: text }];
    const tally = recordedTally([[1, 20]], { failures: [failure] });
    await api.importCampaign(text, recordedImport({ ...hostile, tally, records }));
    for (const width of [390, 900, 1_024]) {
      const { page, wrongs } = await openPage(browser, up.url, { width });
      for (const place of [`${up.url}${CAMPAIGNS_PATH}`, placeOf(text)]) {
        await page.goto(place);
        await page.getByText('<img src=x').first().waitFor();
        expect(await page.locator('main img, main script').count()).toBe(0);
        expect(await page.title()).not.toBe('pwned');
        expect(await page.locator('main').innerText()).not.toContain('\u202e');
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        if (width === 390) expect(await axe(page)).toEqual([]);
      }
      expect(wrongs).toEqual([]);
      await page.close();
    }
  });

  it('say so when nobody has reported one of this name', async () => {
    const { page } = await openPage(browser, up.url);
    await page.goto(placeOf('nobody'));
    await page.getByRole('heading', { name: 'Nothing is known of this campaign' }).waitFor();
    await page.getByRole('link', { name: 'Its recorded runs' }).click();
    await page.getByText('No run is like that.').waitFor();
    await page.close();
  });
});
