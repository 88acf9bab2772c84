/** What a rule finds is no cause where the same is true of requests that do no harm, or where it fails without it too. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../../runner/why/explain.ts';
import type { Recording } from '../../runner/why/findings.ts';
import { KeptLaboratory } from '../../runner/why/laboratory.ts';
import { kindOf, PassingRuns, tallyOf } from '../../runner/why/passing.ts';
import { Probes } from '../../runner/why/probes.ts';
import { RULES } from '../../runner/why/rules/index.ts';
import type { Rule } from '../../runner/why/rules/rule.ts';
import { sceneOf } from '../../runner/why/rules/scene.ts';
import { doubleEffect, keptRefusal } from '../../runner/why/rules/writes.ts';
import type { Forensic } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { type Known, type Reproduced, reproduced, targetOf } from './measure.ts';

const OPTIONS = { maxSeconds: 120, signal: neverStopped, onProgress: () => {} };
/** Writes down whom it refuses, which is right, and is wrong in something else. */
const KEEPS_REFUSALS: Known = { service: 'keeps-refusals', scenario: 'bookings' };

let cluster: TestPostgres;
let url: string;
let kept: Reproduced;
let forensic: Forensic;

beforeAll(async () => {
  cluster = await startTestPostgres();
  url = await cluster.createDatabase({ migrated: false });
  const found = await reproduced(KEEPS_REFUSALS, url);
  if ('reason' in found) throw new Error(found.reason);
  kept = found;
}, 300_000);
afterAll(async () => {
  await cluster.close();
});

test('a write that is there in each refused request is not said to be the cause of another failure', async () => {
  const subject = { scenario: 'bookings', target: await targetOf(KEEPS_REFUSALS), targetUrl: url, ...kept };
  const lab = new KeptLaboratory(subject, kept.signature, OPTIONS);
  const first = (await lab.record({})) as Recording;
  const recording = (await lab.record({}, new Probes(first.statements))) as Recording;
  forensic = recording.forensic;
  await lab.close();
  expect(keptRefusal(sceneOf(recording, null))?.sentence).toContain('refusals');
  const why = await explain(subject, OPTIONS);
  // Not \`kept-refusal\`: the answer is wrong with nobody else inside, whatever is written beside it.
  expect(why).toMatchObject({ kind: 'wrong-condition' });
});

test('each rule is held against requests of passing runs, where the right service gives it next to none', async () => {
  const { passing, runs, close } = await passingOfRight();
  for (const rule of RULES) {
    const kinds = new Set(runs.flatMap((run) => run.requests.map((request) => kindOf(request, run))));
    const held = [...kinds].map((kind) => ({ kind, holds: tallyOf(rule, kind, runs).holds }));
    const some = held.filter(({ holds }) => holds > 0).map(({ kind }) => kind);
    // A cancel that is asked for again is rightly told that there is no such booking any more.
    expect(some, rule.name).toEqual(
      rule === doubleEffect ? [expect.stringContaining('no-such-booking",true')] : [],
    );
  }
  const [run] = runs;
  const request = run?.requests.find(({ call, outcome }) => call.operation === 'book' && outcome === 'ok');
  if (!run || !request) throw new Error('No booking was made.');
  const found = (each: typeof request) => ({
    kind: 'wrong-write' as const,
    request: each,
    read: null,
    write: null,
    sentence: '',
    conclusion: [],
    marks: new Map<number, string>(),
  });
  const always: Rule = ({ accused }) => (accused ? found(accused) : null);
  const once: Rule = ({ accused }) => (accused === request ? found(accused) : null);
  expect(await passing.excuses(always, found(request), run)).toBe(true);
  expect(await passing.excuses(once, found(request), run)).toBe(false);
  await close();
});

async function passingOfRight() {
  const { smallest, signature, config, seed } = kept;
  const subject = {
    scenario: 'bookings',
    target: 'postgres',
    targetUrl: url,
    seed,
    config,
    smallest,
    signature,
  };
  const lab = new KeptLaboratory(subject, signature, OPTIONS);
  const passing = new PassingRuns({ subject, forensic }, lab);
  return { passing, runs: await passing.some(), close: () => lab.close() };
}
