/** A day that is dropped while others drop it, or bring a run into it: no call fails, and no run loses its room. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { newRunId } from '../../server/runs/run-id.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

type Connection = Awaited<ReturnType<Sql['reserve']>>;

let postgres: TestPostgres;
let sql: Sql;
let first: Connection;
let second: Connection;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  sql = postgres.open(await postgres.createDatabase());
  [first, second] = [await sql.reserve(), await sql.reserve()];
});
afterEach(() => {
  first.release();
  second.release();
});

const DAY = Math.floor(Date.now() / 86_400_000) - 40;

function oldRunId(): string {
  const stamp = (DAY * 86_400_000 + 1).toString(16).padStart(12, '0');
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}${newRunId().slice(13)}`;
}

const insertRun = (on: Connection | Sql, id: string) =>
  on`insert into simcity_runs (id, scenario, target, seed, status, pass)
    values (${id}, 'bookings', 'memory', 1, 'PASS', true)`;
const dropDay = async (on: Connection) => {
  const [row] = await on<{ dropped: boolean }[]>`select simcity_drop_day(${DAY}::bigint) as dropped`;
  return row?.dropped;
};
const storeHistory = async (id: string) => {
  await sql`insert into simcity_run_events values (${id}, 0, now(), 0, 'start', 'city', '{}')`;
  await sql`insert into simcity_run_snapshots values (${id}, 0, now(), '{}')`;
};

/** Makes the partitions of the day, of which no run is left then; both connections have seen them. */
async function emptyDay(): Promise<void> {
  const id = oldRunId();
  await insertRun(sql, id);
  await sql`select simcity_retire_run(${id})`;
  for (const connection of [first, second]) {
    await connection`select to_regclass(p || to_char(date '1970-01-01' + ${DAY}::int, 'YYYYMMDD'))
      from unnest(array['public.simcity_run_events_', 'public.simcity_run_snapshots_']) p`;
  }
}

/** Begins `work` on the second connection, and commits the first once that has ended or waits for a lock. */
async function meanwhile<T>(work: () => Promise<T>): Promise<T> {
  const [backend] = await second<{ pid: number }[]>`select pg_backend_pid() as pid`;
  let ended = false;
  const outcome = work().finally(() => {
    ended = true;
  });
  outcome.catch(() => undefined);
  for (let waits = false; !ended && !waits; ) {
    const [row] = await sql`select cardinality(pg_blocking_pids(${backend!.pid})) > 0 as waits`;
    waits = row?.['waits'];
  }
  await first`commit`;
  return outcome;
}

describe('a day that is being dropped', () => {
  beforeEach(async () => {
    await emptyDay();
    await first`begin`;
    expect(await dropDay(first)).toBe(true);
  });

  it('is gone for who drops it too', async () => {
    expect(await meanwhile(() => dropDay(second))).toBe(false);
  });

  it('is made again for a run that comes into it', async () => {
    const id = oldRunId();
    await meanwhile(async () => insertRun(second, id));
    await storeHistory(id);
  });
});

describe('a run that comes into a day', () => {
  it('keeps it, also when it was not committed as the day was to be dropped', async () => {
    await emptyDay();
    const id = oldRunId();
    await first`begin`;
    await insertRun(first, id);
    expect(await meanwhile(() => dropDay(second))).toBe(false);
    await storeHistory(id);
  });

  it('does not wait for another run of today', async () => {
    await insertRun(sql, newRunId());
    await first`begin`;
    await insertRun(first, newRunId());
    await second`set lock_timeout = '1ms'`;
    await insertRun(second, newRunId());
    await first`rollback`;
  });
});
