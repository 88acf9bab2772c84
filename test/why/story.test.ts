/** What an explanation says of a slot that is booked over: in words of the domain, once, with steps that lead into the run. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { explain } from '../../runner/why/explain.ts';
import {
  type Forensic,
  type RunEvent,
  runConfigSchema,
  signatureOf,
  type Why,
  whySchema,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let cluster: TestPostgres;
let why: Why;
let events: readonly RunEvent[];

beforeAll(async () => {
  cluster = await startTestPostgres();
  const targetUrl = await cluster.createDatabase({ migrated: false });
  const config = runConfigSchema.parse({
    ...{ bug: 'check-then-insert', operations: 60, slots: 1, citizens: 10, concurrency: 8, faults: 'none' },
  });
  const of = { scenario: 'bookings', target: 'postgres', seed: 2, config, targetUrl };
  ({ events } = await executed(of, targetUrl));
  const options = { maxSeconds: 120, signal: neverStopped, onProgress: () => {} };
  const shrunk = await shrink(of, { ...options, maxExecutions: 500, confirmations: 0 });
  if (typeof shrunk === 'string') throw new Error(shrunk);
  const signature = signatureOf(shrunk.trial.forensic as Forensic);
  const answer = await explain({ ...of, signature, smallest: composeSmallest(of, shrunk) }, options);
  if (typeof answer === 'string') throw new Error(answer);
  why = whySchema.parse(answer);
}, 290_000);
afterAll(() => cluster.close());

const lane = (of: Why, role: string) => of.lanes.findIndex((each) => each.role === role);

test('the first line names who looked at what before whose change was committed, and what came of it', () => {
  expect(why.sentence).toMatch(
    /^book (citizen-\d+) looked at bookings of slot-001 \(\d+\) before book (?!\1)citizen-\d+, which added b-\d+ \(\d+\), had committed \(\d+\); it then added b-\d+ \(\d+\)$/,
  );
  expect(why.name).toBe('G2, phantom');
});

test('each number of the sentence is a step of whom it is said of', () => {
  const [read, write, commit, act] = [...why.sentence.matchAll(/\((\d+)\)/g)].map(([, n]) => Number(n));
  const at = (step: number | undefined) => why.steps[(step ?? 0) - 1];
  const [reader, writer] = [lane(why, 'accused'), lane(why, 'partner')];
  expect(at(read)).toMatchObject({ lane: reader, tag: 'SELECT' });
  expect(at(write)).toMatchObject({ lane: writer, tag: 'INSERT' });
  expect(at(commit)).toMatchObject({ lane: writer, kind: 'commit' });
  expect(at(act)).toMatchObject({ lane: reader, tag: 'INSERT' });
  expect(why.pair).toEqual({ read, write });
});

test('marks are what the read does not see, what was added, and how many of how many there are then', () => {
  const marks = why.steps.filter(({ mark }) => mark !== '').map(({ mark }) => mark);
  const added = /which added (b-\d+)/.exec(why.sentence)?.[1];
  expect(marks).toContain(`does not see ${added}`);
  expect(marks).toContain(`adds ${added}`);
  expect(marks).toContain('3 of 2 seats');
});

test('what was tried is said once, and what is suggested was measured', () => {
  const text = why.conclusion.join(' ');
  expect(text).toMatch(/Nothing locks slot-001 between \d+ and \d+\. Needs no fault, no repeat\./);
  expect(text).toMatch(/Passes if \d+ comes after \d+ \(1 of 1\)/);
  expect(text.match(/serializable \(/g)).toHaveLength(1);
  expect(why.cures.filter(({ told, kind }) => !told && kind !== 'span')).toEqual([]);
  const suggestion = why.conclusion.at(-1) ?? '';
  expect(suggestion).toMatch(/^Suggestion: /);
  expect(suggestion).not.toContain('repeatable read');
  const serializable = why.cures.find(({ what }) => what === 'serializable');
  const isCure = serializable !== undefined && serializable.passes === serializable.of && serializable.of > 0;
  expect(suggestion.includes('serializable, and try again on 40001')).toBe(isCure);
});

test('steps lead to the events of the run, where the same was asked', () => {
  const linked = why.steps.filter(({ event }) => event !== null);
  expect(linked.length).toBeGreaterThan(0);
  for (const { event, kind, lane: at } of linked) {
    const { actor, operation, outcome } = why.lanes[at as number] as Why['lanes'][number];
    expect(events[event as number]).toMatchObject({
      actor,
      type: `${operation}.${kind === 'answer' ? outcome : 'invoke'}`,
    });
  }
});
