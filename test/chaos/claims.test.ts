/** Row 9: many runners at one queue. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { Queue } from '../../runner/supervise/queue.ts';
import { ChaosDatabase } from './support/database.ts';
import { runner, serve } from './support/parts.ts';
import { type Row, row } from './support/row.ts';
import { launchRun } from './support/runs.ts';
import { FULL } from './support/seed.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const RUNNERS = 10;

/** The runners' own claim, by ten connections at once, until nothing is left of 1,000 runs; how many each got. */
async function claimThousand(row: Row): Promise<number[]> {
  const databaseUrl = await database.create();
  const server = await serve(row, databaseUrl, { env: { SIMCITY_REQUEST_RATE: '100000' } });
  const ids: string[] = [];
  await Promise.all(
    Array.from({ length: RUNNERS }, async () => {
      for (let run = 0; run < 1_000 / RUNNERS; run++)
        ids.push((await launchRun(server.url, { operations: 5 })).id);
    }),
  );
  const claimed = await Promise.all(
    Array.from({ length: RUNNERS }, async (_, n) => {
      const queue = new Queue(database.open(row, databaseUrl), `runner-${n}`, 600);
      const own: { id: string; fence: string }[] = [];
      for (;;) {
        const run = await queue.claim(randomBytes(32), null);
        if (run === null) return own;
        own.push(run);
      }
    }),
  );
  expect(
    claimed
      .flat()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(ids.toSorted());
  expect(claimed.flat().filter(({ fence }) => fence !== '1')).toEqual([]);
  return claimed.map(({ length }) => length);
}

row(
  {
    row: 9,
    fault: 'ten runners at a queue of runs',
    target: 'each claimed exactly once',
    timeoutMs: FULL ? 1_800_000 : 240_000,
  },
  async (row) => {
    const shares = await claimThousand(row);
    row.reach(
      `1,000 claims by ${RUNNERS} connections, from ${Math.min(...shares)} to ${Math.max(...shares)} each: none twice, none left`,
    );
    const queued = FULL ? 1_000 : 40;
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const ids: string[] = [];
    for (let run = 0; run < queued; run++) ids.push((await launchRun(server.url, { operations: 5 })).id);
    const runners = await Promise.all(
      Array.from({ length: RUNNERS }, (_, n) =>
        runner(row, server.url, databaseUrl, { args: ['--name', `runner-${n}`] }),
      ),
    );
    const begun = performance.now();
    await until('every run has ended', FULL ? 1_700_000 : 200_000, async () => {
      const [left] = await sql<
        { count: number }[]
      >`select count(*) as count from simcity_runs where status in ('QUEUED', 'RUNNING', 'STOPPING')`;
      return left?.count === 0;
    });
    const tookMs = performance.now() - begun;
    const rows = await sql<{ id: string; status: string; fence: number; starts: number; ends: number }[]>`
      select r.id, r.status, r.fence,
        (select count(*) from simcity_run_events e where e.run_id = r.id and e.type = 'start') as starts,
        (select count(*) from simcity_run_events e where e.run_id = r.id and e.type = 'end') as ends
      from simcity_runs r`;
    expect(rows).toHaveLength(queued);
    expect(
      rows.filter(
        ({ status, fence, starts, ends }) => status !== 'PASS' || fence !== 1 || starts !== 1 || ends !== 1,
      ),
    ).toEqual([]);
    const logs = await Promise.all(
      runners.map(({ folder }) => readFile(join(folder, 'data', 'logs', 'runner.log'), 'utf8')),
    );
    const started = logs.map((log) =>
      [...log.matchAll(/"run":"([0-9a-f-]{36})".*the harness is started/g)].map(([, id]) => id),
    );
    expect(started.flat().toSorted(), 'harnesses that were started').toEqual(ids.toSorted());
    row.say(
      `${RUNNERS} claimers and 1,000 queued runs; ${RUNNERS} runners that execute ${queued}${FULL ? '' : ' (1,000 with SIMCITY_CHAOS_FULL=1)'}`,
    );
    row.reach(
      `each claimed once, all PASS, by ${started.filter(({ length }) => length > 0).length} runners in ${Math.round(tookMs / 1_000)} s; I3, I4 hold`,
    );
  },
);
