import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keysOf } from '../../cli/tui/campaign/campaign-app.tsx';
import { pictureOfCampaign, pictureOfRuns } from '../../cli/tui/campaign/picture.ts';
import { type CampaignView, initialCampaign, reduceCampaign } from '../../cli/tui/campaign/state.ts';
import { type Finding, runConfigSchema, type Smallest } from '../../server/contract/index.ts';
import {
  recordedCampaign,
  recordedFinding,
  recordedRunner,
  recordedShard,
} from '../helpers/recorded-campaign.ts';
import {
  adapterDiagnosis,
  diagnosedRun,
  recordedDiagnosis,
  recordedForensic,
} from '../helpers/recorded-failure.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

const found = (invariant: string, run: Finding['run']): Finding =>
  recordedFinding({ signature: { kind: 'invariant', invariant, operation: null }, seeds: 3, run });
const campaign = recordedCampaign({
  ...{ seeds: [[1, 100]], seedsTotal: 100, seedsThrough: 40, seedsFailing: 6 },
  findings: [found('a', { id: RUN_ID, number: 12 }), found('b', null)],
});
const going = () => initialCampaign(pictureOfCampaign(campaign, []), 'going', { columns: 120, rows: 40 });

function pressed(view: CampaignView, ...keys: string[]): CampaignView {
  return keys.reduce((next, key) => reduceCampaign(next, { type: 'stroke', key, text: '' }), view);
}

describe('a campaign on the screen', () => {
  test('tells its progress and each distinct failure once', () => {
    expect(pictureOfCampaign(campaign, [])).toMatchObject({ campaign: { seedsThrough: 40 } });
    expect(pictureOfCampaign(campaign, []).rows.map(({ failure }) => failure)).toEqual([
      'invariant/a',
      'invariant/b',
    ]);
  });

  test('that is conducted elsewhere is as the server knows it, with what its recorded runs hold', () => {
    const smallest: Smallest = {
      ...{ version: 1, scenario: 'bookings', target: 'memory', seed: 7, config: runConfigSchema.parse({}) },
      ...{ operations: 2, operationsBefore: 31, faults: [], kind: 'invariant', invariant: 'no-overbooking' },
      ...{ message: 'm', actual: 1, expected: 2, story: [], wire: [], reproduce: 'x', executions: 9 },
      ...{ minimal: true, failsOtherwise: 0, reproduced: { times: 20, of: 20 }, seconds: 1 },
    };
    const own = recordedRun({ failForensic: recordedForensic({ smallest }) });
    const campaign = recordedCampaign({
      ...{ state: 'stopped', seedsFailing: 8, failures: 2 },
      findings: [
        recordedFinding({ smallest: 2, reproduce: 'x', run: { id: own.id, number: 12 } }),
        recordedFinding(),
      ],
    });
    const picture = pictureOfCampaign(campaign, [own, recordedRun({ id: randomUUID() })]);
    expect(picture).toMatchObject({ campaign: { state: 'stopped', seedsThrough: 20 }, unjudged: null });
    expect(picture.rows).toMatchObject([
      { run: { id: own.id, number: 12 }, reproduce: 'x', smallest: { operations: smallest.operations } },
      { run: null, smallest: null },
    ]);
  });

  test('is put together from its recorded runs where its own checkpoint is elsewhere', () => {
    const own = recordedRun({
      campaign: 'hunt',
      status: 'FAIL',
      pass: false,
      failForensic: recordedForensic(),
    });
    const picture = pictureOfRuns('hunt', [own, recordedRun({ campaign: 'other' }), recordedRun()]);
    expect(picture).toMatchObject({ name: 'hunt', campaign: null });
    expect(picture.rows).toMatchObject([{ run: { id: own.id }, seed: own.seed, seeds: null }]);
  });

  test('has the menu, the zoom and clicks of the other screens', () => {
    const menu = pressed(going(), 'ctrl+p');
    expect(menu.effects.at(-1)).toMatchObject({ do: 'read-runs' });
    const typed = reduceCampaign(menu, { type: 'stroke', key: 'paste', text: 'stop this' });
    expect(pressed(typed, 'enter').overlay).toBe('confirm-stop');
    expect(pressed(going(), 'tab', 'tab', 'z').workspace).toMatchObject({ focus: 'failure', isZoomed: true });
    expect(pressed(going(), 'O').effects.at(-1)).toMatchObject({ do: 'open-page' });
    const click = {
      type: 'point',
      what: 'press',
      target: { on: 'row', at: 1 },
      pane: 'failures',
      row: 2,
    } as const;
    const once = reduceCampaign(going(), click);
    expect(once.chosen).toBe(1);
    expect(reduceCampaign(once, click).notice).toBe('This failure is not recorded yet.');
  });

  test('what is lost is no finding, and is counted apart', () => {
    const lost = diagnosedRun(recordedDiagnosis(), { campaign: 'hunt' });
    const adapter = diagnosedRun(adapterDiagnosis(), { campaign: 'hunt' });
    const picture = pictureOfRuns('hunt', [lost, adapter]);
    expect(picture).toMatchObject({ rows: [], unjudged: 2 });
  });

  test('opens a failure that is recorded, and says why not for one that is not', () => {
    expect(pressed(going(), 'enter').leaving).toEqual({ to: 'run', run: RUN_ID });
    const other = pressed(going(), 'down', 'enter');
    expect(other).toMatchObject({ leaving: null, notice: 'This failure is not recorded yet.' });
    expect(pressed(going(), 'y')).toMatchObject({ notice: 'This failure is not recorded yet.', effects: [] });
  });

  test('has views, each with its panes, keys and list, and Esc leads back to what failed', () => {
    const shardsToSee = Array.from({ length: 30 }, (_, i) => recordedShard({ number: i + 1 }));
    const reached = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`property ${i}`, i]));
    const many = recordedCampaign({ ...campaign, shardsToSee, reached });
    const runners = [recordedRunner(), recordedRunner({ name: 'runner-2', work: null })];
    const picture = pictureOfCampaign(many, [], runners);
    const stored = initialCampaign(picture, 'stored', { columns: 80, rows: 24 });
    const shown = (...keys: string[]) => pressed(stored, ...keys);
    expect(keysOf(stored)).toMatchObject({ chosen: 'show-findings' });
    expect(keysOf(shown('2'))).toMatchObject({ chosen: 'show-course' });
    expect(shown('3', 'down', 'down').tops).toMatchObject({ shards: 2, reached: 0 });
    expect(shown('3', 'tab', 'tab', 'end').tops).toMatchObject({ runners: 0, shards: 0 });
    expect(shown('4', 'pagedown').tops).toMatchObject({ reached: 10 });
    expect(shown('4', 'end').tops).toMatchObject({ reached: 29 });
    const wheel = { type: 'point', what: 'wheel-down', target: null, pane: 'shards', row: 3 } as const;
    expect(reduceCampaign(shown('3'), wheel).tops.shards).toBe(1);
    expect(shown('3', 'enter').leaving).toBeNull();
    const ofFailure = keysOf(shown('4')).keys.filter(({ intent }) => intent === 'open' || intent === 'copy');
    expect(ofFailure).toEqual([]);
    expect(shown('3', 'escape')).toMatchObject({ view: 'findings', leaving: null });
    expect(shown('3', 'escape', 'escape').leaving).toEqual({ to: 'out' });
  });

  test('says while its server does not answer, and keeps what it knows', () => {
    const lost = reduceCampaign(going(), { type: 'problem', text: 'no answer' });
    expect(lost).toMatchObject({ problem: 'no answer', picture: { campaign: { seedsThrough: 40 } } });
    expect(reduceCampaign(lost, { type: 'picture', picture: going().picture }).problem).toBeNull();
  });

  test('asks before it stops, and before leaving stops it', () => {
    expect(pressed(going(), 's')).toMatchObject({ overlay: 'confirm-stop', effects: [] });
    expect(pressed(going(), 's', 'n')).toMatchObject({ overlay: null, phase: 'going', effects: [] });
    expect(pressed(going(), 's', 'y')).toMatchObject({ phase: 'stopping', effects: [{ do: 'stop' }] });
    const leaving = pressed(going(), 'q', 'y');
    expect(leaving).toMatchObject({ phase: 'stopping', leaving: null, leaveAtEnd: true });
    expect(reduceCampaign(leaving, { type: 'over', finished: false })).toMatchObject({
      phase: 'stopped',
      leaving: { to: 'out' },
    });
  });

  test('offers to be stopped while it goes on', () => {
    const offers = (view: CampaignView) => keysOf(view).keys.some(({ intent }) => intent === 'ask-stop');
    expect(offers(going())).toBe(true);
    expect(offers({ ...going(), phase: 'done' })).toBe(false);
  });

  test('stays after its end until it is left', () => {
    const done = reduceCampaign(going(), { type: 'over', finished: true });
    expect(done).toMatchObject({ phase: 'done', leaving: null });
    expect(pressed(done, 's').notice).toBe('The campaign is over already.');
    expect(pressed(done, 'q').leaving).toEqual({ to: 'out' });
  });

  test('keeps what was said within bounds', () => {
    let view = going();
    for (let i = 0; i < 500; i++) view = reduceCampaign(view, { type: 'said', text: `line ${i}` });
    expect(view.said.length).toBeLessThanOrEqual(100);
    expect(view.said.at(-1)).toBe('line 499');
  });
});
