/** With `--record statements` the history has the SQL of a run beside its operations. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detailOf } from '../../cli/run/describe-event.ts';
import { execute } from '../../runner/harness/execute.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { NullSink } from '../../runner/telemetry/null.ts';
import { refusalOf, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

const CITY = { operations: 40, slots: 2, citizens: 6, concurrency: 6, bug: 'check-then-insert' } as const;

async function run(record: 'none' | 'statements') {
  const sink = new MemorySink();
  const config = runConfigSchema.parse({
    ...CITY,
    record,
  });
  const end = await execute({
    ...{ scenario: 'bookings', target: 'postgres', seed: 3, config, targetUrl: url, sink },
    signal: neverStopped,
  });
  return { end, events: sink.events.map(({ at: _, ...event }) => event) };
}

it('statements stand in order among the operations, which stay as they are', async () => {
  const plain = await run('none');
  const recorded = await run('statements');
  expect((await run('statements')).events).toEqual(recorded.events);
  const statements = recorded.events.filter(({ type }) => type === 'statement');
  expect(statements.length).toBeGreaterThan(50);
  const types = (events: typeof plain.events) =>
    events.map(({ type, actor, virtualMs }) => [type, actor, virtualMs]);
  expect(types(recorded.events.filter(({ type }) => type !== 'statement'))).toEqual(types(plain.events));
  expect(plain.events[0]?.data['config']).not.toHaveProperty('record');
  expect(recorded.events[0]?.data['config']).toHaveProperty('record', 'statements');
  for (const { data } of statements) {
    expect(data).toMatchObject({
      v: 1,
      op: expect.any(Number),
      request: expect.stringMatching(/^\d+\.\d+d?$/),
    });
    expect(String(data['text']).length).toBeLessThanOrEqual(1_000);
  }
  const times = recorded.events.map(({ virtualMs }) => virtualMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  // After the verdict comes the end, and nothing of the service.
  const [verdict, end] = recorded.events.slice(-2).map(({ type }) => type);
  expect([verdict, end]).toEqual(['violation', 'end']);
  const lines = statements.map((event) => detailOf({ ...event, at: '' }));
  expect(lines.find((line) => line.startsWith('select '))).toMatch(/→ SELECT \d/);
  expect(lines).toContain('commit  → COMMIT');
});

it('is heeded by a run that nobody reads, whose events have the same numbers', async () => {
  const recorded = await run('statements');
  const config = runConfigSchema.parse({ ...CITY, record: 'statements' });
  const end = await execute({
    ...{ scenario: 'bookings', target: 'postgres', seed: 3, config, targetUrl: url, sink: new NullSink() },
    signal: neverStopped,
  });
  expect(end.failForensic?.eventIndex).toBe(recorded.end.failForensic?.eventIndex);
});

it('a run with it is made small, and the story has operations alone', async () => {
  const config = runConfigSchema.parse({ ...CITY, record: 'statements' });
  const of = { scenario: 'bookings', target: 'postgres', seed: 3, config, targetUrl: url };
  const limits = { maxExecutions: 30, maxSeconds: 60, confirmations: 1 };
  const small = await shrink(of, { ...limits, signal: neverStopped, onProgress: () => {} });
  if (typeof small === 'string') throw new Error(small);
  const smallest = composeSmallest(of, small);
  expect(smallest.reproduce).toContain('--record statements');
  expect(smallest.story.length).toBeGreaterThan(2);
  expect(smallest.story.filter(({ operation }) => operation === 'statement')).toEqual([]);
  expect(small.trial.events.filter(({ type }) => type === 'statement').length).toBeGreaterThan(2);
});

it('memory has none, a service without a gate shows its requests, and one behind it its statements', () => {
  const refusal = (target: string, record: 'statements' | 'requests' = 'statements', isGated = false) =>
    refusalOf({ target, record }, isGated);
  const url_ = 'http://127.0.0.1:8080';
  expect(refusal('memory')?.why).toBe('the target memory has no statements that could be recorded.');
  expect(refusal(url_)?.why).toContain('only with --gate');
  expect(refusal(url_)?.advice).toContain('--record requests');
  expect(refusal('postgres')).toBeNull();
  expect(refusal(url_, 'requests')).toBeNull();
  for (const target of ['memory', 'postgres'])
    expect(refusal(target, 'requests')?.why).toContain(`the target is "${target}"`);
  expect(refusal(url_, 'requests', true)).toMatchObject({
    why: expect.stringContaining('this run has one'),
    advice: expect.stringContaining('--record statements'),
  });
});
