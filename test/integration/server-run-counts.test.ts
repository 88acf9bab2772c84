/** How many runs there are of each status: counted as they end, and always what counting all of them says. */
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { countRuns } from '../../server/db/runs.ts';
import { startTestPostgres } from '../helpers/postgres.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres.close());

let sql: Sql;
beforeEach(async () => {
  sql = postgres.open(await postgres.createDatabase());
});

/** Queues runs and answers their ids. */
async function queued(count: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    insert into simcity_runs (id, scenario, target, seed, config)
    select gen_random_uuid(), 'bookings', 'memory', n, '{}' from generate_series(1, ${count}::int) n returning id`;
  return rows.map(({ id }) => id);
}

const end = (id: string, status: string, reason: string | null, forensic: object | null) =>
  sql`select simcity_end_run(${id}, null, ${status}, ${reason}, ${forensic && JSON.stringify(forensic)}::text::jsonb)`;

async function expectTrue(): Promise<void> {
  const rows = await sql<{ status: string; reason: string | null; count: number }[]>`
    select status, case when status = 'STOPPED' and fail_forensic is not null then stop_reason end as reason,
      count(*) as count from simcity_runs group by 1, 2`;
  const sum = (status: string) =>
    rows.filter((row) => row.status === status).reduce((all, { count }) => all + count, 0);
  const counted = await countRuns(sql);
  const byStatus = new Map([...counted.byStatus].filter(([, count]) => count !== 0));
  expect(byStatus).toEqual(new Map(rows.map(({ status }) => [status, sum(status)])));
  const lost = rows.flatMap(({ reason, count }) => (reason === null ? [] : [[reason, count] as const]));
  expect(new Map([...counted.lostByReason].filter(([, count]) => count !== 0))).toEqual(new Map(lost));
}

/** Each index ends in another way; some are removed again, some ends are taken back. */
async function lead(id: string, index: number): Promise<void> {
  switch (index % 6) {
    case 0:
      return;
    case 1:
      await end(id, 'PASS', null, null);
      return;
    case 2:
      await end(id, 'STOPPED', 'harness-lost', { kind: 'harness-lost' });
      return;
    case 3:
      await sql`select simcity_request_stop(${id}, 'enough')`;
      return;
    case 4:
      await end(id, 'STOPPED', 'timeout', { kind: 'timeout' });
      await sql`select simcity_prune_run(${id})`;
      return;
    default:
      await sql
        .begin(async (tx) => {
          await tx`select simcity_end_run(${id}, null, 'FAIL', null, '{}')`;
          throw new Error('taken back');
        })
        .catch(() => {});
  }
}

it('is true while runs end, are removed and are taken back at once, and their counts are gathered', async () => {
  const ids = await queued(120);
  const gather = async () => {
    await sql`insert into simcity_run_counts select 'PASS', null, n % 2 * 2 - 1 from generate_series(1, 1002) n`;
    await sql`select simcity_gather_counts()`;
  };
  await Promise.all([...ids.map(lead), ...Array.from({ length: 6 }, gather)]);
  await expectTrue();
  await sql`select simcity_gather_counts()`;
  await expectTrue();
});

it('keeps few rows, whoever looks for lost runs', async () => {
  await queued(1_500);
  await sql`update simcity_runs set status = 'PASS', pass = true`;
  const rows = async () => (await sql`select from simcity_run_counts`).length;
  expect(await rows()).toBe(1_500);
  await sql`select simcity_reap_lost()`;
  expect(await rows()).toBe(1);
  expect((await countRuns(sql)).byStatus).toEqual(new Map([['PASS', 1_500]]));
});
