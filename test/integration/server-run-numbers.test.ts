/** Short numbers of runs: given by the database, one after the other, whoever launches, and never twice. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { migrate, readMigrations } from '../../server/db/migrate.ts';
import { closeNumberGap } from '../../server/db/runs.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

const NUMBERS = '20261129100000_simcity_run_numbers.sql';

const insert = (on: Pick<Sql, 'unsafe'>, values = "'bookings', 'memory', 1") =>
  on.unsafe<{ id: string; number: number }[]>(
    `insert into simcity_runs (scenario, target, seed) values (${values}) returning id, number`,
  );

const numbersOf = async (sql: Sql) =>
  (await sql<{ number: number }[]>`select number from simcity_runs order by number`).map(
    ({ number }) => number,
  );

async function database(): Promise<Sql> {
  return postgres.open(await postgres.createDatabase());
}

it('are given to all who launch at once, each another, without a launch that waits for another', async () => {
  const sql = await database();
  const slow = await sql.reserve();
  await slow`begin`;
  await insert(slow);
  await Promise.all(Array.from({ length: 40 }, () => insert(sql)));
  await slow`rollback`;
  slow.release();
  expect(await numbersOf(sql)).toEqual(Array.from({ length: 40 }, (_, i) => i + 2));
});

it("are the database's to give: a client cannot choose one", async () => {
  const sql = await database();
  await expect(sql`
    insert into simcity_runs (id, scenario, target, seed, number)
    values (${randomUUID()}, 'bookings', 'memory', 1, 700)`).rejects.toThrow(
    'cannot insert a non-DEFAULT value',
  );
});

it('go on without a gap after a crash, when nobody launches meanwhile', async () => {
  const sql = await database();
  await insert(sql);
  const [run] = await insert(sql);
  // As PostgreSQL finds it after a crash.
  await sql`select setval('simcity_runs_number_seq', 34)`;
  const slow = await sql.reserve();
  await slow`begin`;
  await insert(slow);
  await closeNumberGap(sql);
  await slow`rollback`;
  slow.release();
  expect(await sql`select last_value from simcity_runs_number_seq`).toMatchObject([{ last_value: 35 }]);
  await closeNumberGap(sql);
  expect(await insert(sql)).toMatchObject([{ number: 3 }]);
  // The newest is gone: its number is not given again.
  await sql`update simcity_runs set status = 'STOPPED' where number = 3`;
  await sql`select simcity_retire_run(id) from simcity_runs where number = 3`;
  await closeNumberGap(sql);
  expect(await insert(sql)).toMatchObject([{ number: 4 }]);
  expect(run!.number).toBe(2);
  await sql`delete from simcity_pruned_runs`;
  await sql`delete from simcity_runs`;
  await closeNumberGap(sql);
  expect(await insert(sql)).toMatchObject([{ number: 1 }]);
});

it('are not given again when a run is removed, and its tombstone keeps its own', async () => {
  const sql = await database();
  const [[run]] = [await insert(sql)];
  await sql`update simcity_runs set status = 'STOPPED' where id = ${run!.id}`;
  expect([...(await sql`select simcity_retire_run(${run!.id}) as retired`)]).toEqual([{ retired: true }]);
  expect([...(await sql`select id, number from simcity_pruned_runs`)]).toEqual([{ id: run!.id, number: 1 }]);
  expect(await insert(sql)).toMatchObject([{ number: 2 }]);
});

it('are filled for the runs of an older version in the order of their launch, and go on after them', async () => {
  const sql = postgres.open(await postgres.createDatabase({ migrated: false }));
  const all = await readMigrations();
  await migrate(
    sql,
    all.filter(({ name }) => name < NUMBERS),
  );
  const ids = Array.from({ length: 5 }, () => randomUUID());
  // Stored in another order than launched.
  for (const place of [3, 0, 4, 1, 2]) {
    await sql`insert into simcity_runs (id, scenario, target, seed, created_at)
      values (${ids[place]!}, 'bookings', 'memory', 1, timestamptz '2026-01-01' + ${place} * interval '1 hour')`;
  }
  await sql`update simcity_runs set status = 'STOPPED' where id = ${ids[0]!}`;
  expect((await migrate(sql, all)).applied).toContain(NUMBERS);
  const stored = await sql<{ id: string }[]>`select id from simcity_runs order by number`;
  expect(stored.map(({ id }) => id)).toEqual(ids);
  expect(await numbersOf(sql)).toEqual([1, 2, 3, 4, 5]);
  expect(await insert(sql)).toMatchObject([{ number: 6 }]);
  await sql`select simcity_retire_run(${ids[0]!})`;
  expect([...(await sql`select number from simcity_pruned_runs`)]).toEqual([{ number: 1 }]);
});
