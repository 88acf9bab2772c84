/** With `--record statements` the history has the SQL of a run beside its operations. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detailOf } from '../../cli/run/describe-event.ts';
import { execute } from '../../runner/harness/execute.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
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

async function run(record: 'none' | 'statements') {
  const sink = new MemorySink();
  const config = runConfigSchema.parse({
    ...{ operations: 40, slots: 2, citizens: 6, concurrency: 6, bug: 'check-then-insert', record },
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
  const lines = statements.map((event) => detailOf({ ...event, at: '' }));
  expect(lines.find((line) => line.startsWith('select '))).toMatch(/→ SELECT \d/);
  expect(lines).toContain('commit  → COMMIT');
});

it('memory has none, and a service without a gate shows none', () => {
  const refusal = (target: string) => refusalOf({ target, record: 'statements' }, false);
  expect(refusal('memory')?.why).toBe('the target memory has no statements that could be recorded.');
  expect(refusal('http://127.0.0.1:8080')?.why).toContain('only with --gate');
  expect(refusal('postgres')).toBeNull();
});
