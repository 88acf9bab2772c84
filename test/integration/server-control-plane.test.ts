import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let postgres: TestPostgres;
let sql: Sql;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  sql = postgres.open(await postgres.createDatabase());
});

const TOKEN = Buffer.from('token');

async function queue(options: { assigned?: string; target?: string } = {}): Promise<string> {
  const id = randomUUID();
  await sql`insert into simcity_runs (id, scenario, target, seed, assigned_runner)
    values (${id}, 'bookings', ${options.target ?? 'memory'}, 7, ${options.assigned ?? null})`;
  return id;
}

const claim = (runner: string, lease = 30, only: string | null = null) =>
  sql<{ id: string; fence: number; status: string }[]>`
    select id, fence, status from simcity_claim_run(${runner}, ${lease}, ${TOKEN}, ${only})`;

const events = (from: number, count: number, type = 'note') =>
  JSON.stringify(
    Array.from({ length: count }, (_, i) => ({
      index: from + i,
      at: new Date(1_700_000_000_000 + (from + i) * 10).toISOString(),
      virtualMs: from + i,
      type,
      actor: 'city',
      data: { z: 1, a: from + i },
    })),
  );

const ingest = (id: string, batch: string | null, token = TOKEN, end: object | null = null) =>
  sql`select * from simcity_ingest_batch(${id}, ${token}, ${batch}::text::json, null, null,
    ${end === null ? null : JSON.stringify(end)}::text::json)`;

const runOf = async (id: string) => {
  const [row] =
    await sql`select *, duration_seconds_actual::float8 as duration from simcity_runs where id = ${id}`;
  return row!;
};

describe('history', () => {
  it('cannot be changed or deleted, except with its run', async () => {
    const id = await queue();
    await claim('a');
    await ingest(id, events(0, 3));
    await expect(sql`update simcity_run_events set type = 'x'`).rejects.toThrow('append-only');
    await expect(sql`delete from simcity_run_events`).rejects.toThrow('append-only');
    await expect(sql`truncate simcity_run_events`).rejects.toThrow('append-only');
    expect(await sql`select simcity_prune_run(${id}) as pruned`).toEqual([{ pruned: false }]);
    await sql`select simcity_end_run(${id}, null, 'STOPPED', null, null)`;
    expect(await sql`select simcity_prune_run(${id}) as pruned`).toEqual([{ pruned: true }]);
    expect(await sql`select count(*) from simcity_run_events`).toEqual([{ count: 0 }]);
  });

  it('is returned with keys in the order in which they came', async () => {
    const id = await queue();
    await claim('a');
    await ingest(id, events(0, 1));
    const [row] = await sql`select data::text as data from simcity_run_events`;
    expect(row?.['data']).toBe('{"z":1,"a":0}');
  });
});

describe('claiming', () => {
  it('gives every queued run to exactly one of many claimers, oldest first', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) ids.push(await queue());
    const [first] = await claim('zero');
    expect(first).toEqual({ id: ids[0], fence: 1, status: 'RUNNING' });
    const claimed = (await Promise.all(Array.from({ length: 40 }, (_, i) => claim(`runner-${i}`)))).flat();
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(claimed.length);
    const rest = [];
    for (let row = await claim('last'); row.length > 0; row = await claim('last')) rest.push(...row);
    expect([first!, ...claimed, ...rest].map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('respects the runner that a run is meant for, and the run that is asked for', async () => {
    const mine = await queue({ assigned: 'me' });
    const other = await queue();
    expect(await claim('you', 30, mine)).toEqual([]);
    expect((await claim('me', 30, other)).map(({ id }) => id)).toEqual([other]);
    expect((await claim('me')).map(({ id }) => id)).toEqual([mine]);
  });

  it('prolongs a lease only for the fence that holds it', async () => {
    const id = await queue();
    await claim('a');
    const renew = (fence: number) => sql`select * from simcity_renew_lease(${id}, ${fence}, 30)`;
    expect(await renew(1)).toEqual([{ status: 'RUNNING', stop_reason: null }]);
    expect(await renew(2)).toEqual([]);
    await sql`select simcity_request_stop(${id}, 'enough')`;
    expect(await renew(1)).toEqual([{ status: 'STOPPING', stop_reason: 'enough' }]);
    await sql`select simcity_end_run(${id}, 1, 'STOPPED', null, null)`;
    expect(await renew(1)).toEqual([]);
  });
});

describe('ending', () => {
  it('happens once: the first verdict stays, another fence changes nothing', async () => {
    const id = await queue();
    await claim('a');
    const end = async (fence: number | null, status: string) => {
      const [row] = await sql`select simcity_end_run(${id}, ${fence}, ${status}, 'why', null) as done`;
      return row?.['done'];
    };
    expect(await end(2, 'FAIL')).toBe(false);
    expect(await Promise.all([end(1, 'FAIL'), end(null, 'STOPPED')])).toContain(false);
    expect(await end(null, 'PASS')).toBe(false);
    const { status } = await runOf(id);
    await expect(sql`update simcity_runs set status = 'RUNNING' where id = ${id}`).rejects.toThrow(
      'has ended',
    );
    expect((await runOf(id))['status']).toBe(status);
  });

  it('of a lost run is STOPPED, harness-lost, with a whole bundle, after the stored history', async () => {
    const id = await queue({ target: 'http://127.0.0.1:9' });
    await claim('gone', 0.001);
    await ingest(id, events(0, 60));
    const alive = await queue();
    await claim('alive');
    const reaped: unknown[] = [];
    while (reaped.length === 0) reaped.push(...(await sql`select simcity_reap_lost() as id`));
    expect(reaped).toEqual([{ id }]);
    const run = await runOf(id);
    expect(run).toMatchObject({
      ...{ status: 'STOPPED', pass: null, stop_reason: 'harness-lost' },
      ...{ next_index: 61, ingest_token_hash: null },
    });
    const { forensicSchema } = await import('../../server/contract/index.ts');
    const bundle = forensicSchema.parse(run['fail_forensic']);
    expect(bundle.kind).toBe('harness-lost');
    expect(bundle.lastEvents).toHaveLength(50);
    expect(bundle.reproduce).toBe("npx simcity run bookings --target 'http://127.0.0.1:9' --seed 7");
    const last =
      await sql`select idx, type, data from simcity_run_events where run_id = ${id} and idx >= 60 order by idx`;
    expect([...last]).toEqual([
      { idx: 60, type: 'end', data: { status: 'STOPPED', reason: 'harness-lost' } },
    ]);
    expect((await runOf(alive))['status']).toBe('RUNNING');
    await expect(ingest(id, events(60, 1))).rejects.toMatchObject({ code: 'SC001' });
  });

  it('as STOPPED has no verdict', async () => {
    const id = await queue();
    await sql`select simcity_end_run(${id}, null, 'STOPPED', 'enough', null)`;
    expect(await runOf(id)).toMatchObject({ status: 'STOPPED', pass: null });
    await expect(sql`update simcity_runs set pass = false where id = ${id}`).rejects.toThrow('pass_check');
  });

  it('of a queued run by a stop leaves an end event and a listener knows', async () => {
    const id = await queue();
    const heard = Promise.withResolvers<string>();
    await sql.listen('simcity_stop', heard.resolve);
    expect(await sql`select simcity_request_stop(${id}, 'no') as status`).toEqual([{ status: 'STOPPED' }]);
    expect(await heard.promise).toBe(id);
    expect(await runOf(id)).toMatchObject({
      status: 'STOPPED',
      stop_reason: 'no',
      next_index: 1,
      duration: 0,
    });
    expect(await sql`select simcity_request_stop(${randomUUID()}, 'no') as status`).toEqual([
      { status: null },
    ]);
  });
});

describe('ingest', () => {
  it('takes overlaps, refuses gaps and conflicts, and stays gapless under concurrent writers', async () => {
    const id = await queue();
    await claim('a');
    expect(await ingest(id, events(0, 5))).toMatchObject([{ next_index: 5, stop_requested: false }]);
    expect(await ingest(id, events(0, 5))).toMatchObject([{ next_index: 5 }]);
    expect(await ingest(id, events(3, 5))).toMatchObject([{ next_index: 8 }]);
    await expect(ingest(id, events(9, 1))).rejects.toMatchObject({ code: 'SC002', detail: '8' });
    await expect(ingest(id, events(7, 2, 'other'))).rejects.toMatchObject({ code: 'SC003', detail: '7' });
    await Promise.all(Array.from({ length: 8 }, () => ingest(id, events(2, 100))));
    const [row] = await sql`select count(*), max(idx) as newest from simcity_run_events`;
    expect(row).toEqual({ count: 102, newest: 101 });
  });

  it('ends a run with its verdict, and answers a retry of the last batch after that', async () => {
    const id = await queue();
    await claim('a');
    await expect(ingest(id, null, TOKEN, { status: 'PASS' })).rejects.toMatchObject({ code: 'SC005' });
    await ingest(id, events(0, 10));
    const report = { status: 'PASS', reason: null, failForensic: null };
    const last = events(10, 1, 'end');
    expect(await ingest(id, last, TOKEN, report)).toMatchObject([{ next_index: 11 }]);
    expect(await ingest(id, last, TOKEN, report)).toMatchObject([{ next_index: 11 }]);
    expect(await runOf(id)).toMatchObject({ status: 'PASS', pass: true, duration: 0.1, next_index: 11 });
    await expect(ingest(id, events(11, 1))).rejects.toMatchObject({ code: 'SC001' });
    await expect(ingest(id, last, Buffer.from('other'), report)).rejects.toMatchObject({ code: 'SC001' });
    await expect(ingest(randomUUID(), last)).rejects.toMatchObject({ code: 'SC004' });
  });
});
