/**
 * Several instances of one service over a PostgreSQL that they share: a lock in the process is found with two of them and
 * not with one, and one on the row is right with any number, also when one of them is killed.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../runner/harness/execute.ts';
import { shellWord } from '../../runner/reproduce.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type EndReport, type RunEvent, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { type Served, servedBy } from '../helpers/stranger-services.ts';

const SERVICE = fileURLToPath(new URL('../fixtures/booking-services/shared-rows.ts', import.meta.url));
const SEEDS = process.env['SIMCITY_HEAVY'] === '1' ? 5 : 1;
type Lock = 'process' | 'row';

let postgres: TestPostgres;
let url: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase({ migrated: false });
});

afterAll(async () => {
  await postgres.close();
});

interface Run {
  target: string;
  seed: number;
  exec?: string;
  config?: object;
}

async function run({
  target,
  seed,
  exec,
  config,
}: Run): Promise<{ end: EndReport; events: readonly RunEvent[] }> {
  const sink = new MemorySink();
  const end = await execute({
    ...{ scenario: 'bookings', target, seed, sink, signal: neverStopped, targetUrl: null },
    ...{ exec: exec ?? null, config: runConfigSchema.parse({ operations: 600, ...config }) },
  });
  return { end, events: sink.events };
}

async function started(lock: Lock, instances: number, seed: number, config = {}) {
  const words = ['env', `PG=${url}`, `LOCK=${lock}`, process.execPath, SERVICE];
  const exec = words.map(shellWord).join(' ');
  const target = `http://127.0.0.1:${await freePort()}`;
  return await run({ target, seed, exec, config: { ...config, instances } });
}

const verdict = ({ end }: { end: EndReport }) => end.failForensic?.message ?? end.status;
const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);

describe.each(seeds)('with seed %i', (seed) => {
  it('a lock in the process is right in one', async () => {
    expect(verdict(await started('process', 1, seed, { faults: 'none' }))).toBe('PASS');
  });

  it('a lock in the process is wrong in two', async () => {
    const { end } = await started('process', 2, seed);
    expect(end.failForensic).toMatchObject({ kind: 'invariant' });
    expect(INVARIANTS).toContain(end.failForensic?.invariant);
    expect(end.failForensic?.reproduce).toContain('--instances 2');
  });

  it('a lock on the row is right in two, one of which is killed and comes back', async () => {
    const ran = await started('row', 2, seed, { faults: 'brutal' });
    expect(verdict(ran)).toBe('PASS');
    const crashes = ran.events.filter(({ type, data }) => type === 'fault' && data['name'] === 'crash');
    expect(crashes.length).toBeGreaterThan(0);
    expect(answeredWhileDown(ran.events)).toBeGreaterThan(0);
  });
});

/** What two bookings of one slot at once break, whichever of them is seen first. */
const INVARIANTS = [
  'no-overbooking',
  'one-active-booking-per-citizen-and-slot',
  'per-object-history',
  'idempotency-key-has-one-effect',
];

/** Answers of the others between a kill and the return of what was killed: to what was under way then. */
function answeredWhileDown(events: readonly RunEvent[]): number {
  let isDown = false;
  let answered = 0;
  for (const { type, data } of events) {
    if (type === 'fault' && data['name'] === 'crash') isDown = true;
    if (data['what'] === 'the service is back') isDown = false;
    if (isDown && /\.(ok|refused)$/.test(type)) answered++;
  }
  return answered;
}

describe('several URLs of one service that runs already', () => {
  const both = (lock: Lock): Promise<Served[]> =>
    Promise.all([1, 2].map(() => servedBy(process.execPath, SERVICE, { PG: url, LOCK: lock })));

  it('are spoken to in turn: a lock in the process is found wrong, one on the row right', async () => {
    for (const [lock, expected] of [
      ['process', 'FAIL'],
      ['row', 'PASS'],
    ] as const) {
      const [first, second] = await both(lock);
      await using one = first as Served;
      await using two = second as Served;
      const targets = [one.url, two.url];
      const { end } = await run({ target: one.url, seed: 1, config: { targets } });
      expect(end.status, verdict({ end })).toBe(expected);
      if (expected === 'FAIL')
        expect(end.failForensic?.reproduce).toContain(`--target ${targets.join(' --target ')} `);
    }
  });

  it('of which one is named alone, a lock in the process is right', async () => {
    const [first, second] = await both('process');
    await using one = first as Served;
    await using _ = second as Served;
    expect(verdict(await run({ target: one.url, seed: 1 }))).toBe('PASS');
  });
});
