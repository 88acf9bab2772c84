/** A run has one terminal state, whoever races for it: its harness, a stop, its supervisor, the reaper. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passOf, type RunStatus } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let postgres: TestPostgres;
let sql: Sql;
beforeAll(async () => {
  postgres = await startTestPostgres();
  sql = postgres.open(await postgres.createDatabase());
});
afterAll(() => postgres.close());

const TOKEN = Buffer.from('token');
const ROUNDS = 60;

/** A claimed run with some history, whose lease has run out already. */
async function lostRun(): Promise<string> {
  const id = randomUUID();
  await sql`insert into simcity_runs (id, scenario, target, seed) values (${id}, 'bookings', 'memory', 1)`;
  await sql`select id from simcity_claim_run('r', 0.001, ${TOKEN}, ${id})`;
  await ingest(id, [event(0, 'start'), event(1, 'note')]);
  return id;
}

const event = (index: number, type: string) => ({
  ...{ index, type, virtualMs: index, actor: 'city', data: {} },
  at: new Date(1_750_000_000_000 + index).toISOString(),
});

const ingest = (id: string, events: object[], end: object | null = null) =>
  sql`select * from simcity_ingest_batch(${id}, ${TOKEN}, ${JSON.stringify(events)}::text::json, null, null,
    ${end === null ? null : JSON.stringify(end)}::text::json)`;

/** Each resolves to true when it believes that it was the one that ended the run. */
const contenders: Record<string, (id: string) => Promise<boolean>> = {
  finish: (id) =>
    ingest(id, [event(2, 'end')], { status: 'PASS', reason: null, failForensic: null }).then(
      () => true,
      () => false,
    ),
  crash: async (id) => {
    const [row] = await sql`select simcity_end_run(${id}, 1, 'FAIL', 'crashed', null) as ended`;
    return row?.['ended'] === true;
  },
  killed: async (id) => {
    const [row] = await sql`select simcity_end_run(${id}, 1, 'STOPPED', 'killed', null) as ended`;
    return row?.['ended'] === true;
  },
  // Lost, the run is queued again: then it is the stop that ends it.
  lost: async (id) => (await sql`select simcity_reap_lost() as id`).some((row) => row['id'] === id),
};

it(`is ended by exactly one of all who race, in ${ROUNDS} rounds`, async () => {
  const winners = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const id = await lostRun();
    const names = Object.keys(contenders);
    // Everyone begins first once in a while; a stop comes in the middle of it.
    const order = [...names.slice(round % names.length), ...names.slice(0, round % names.length)];
    const [outcomes] = await Promise.all([
      Promise.all(order.map((name) => contenders[name]?.(id))),
      sql`select simcity_request_stop(${id}, 'stop')`,
    ]);
    const won = order.filter((_, i) => outcomes[i]);
    expect(won).toHaveLength(1);
    winners.set(won[0] ?? '', (winners.get(won[0] ?? '') ?? 0) + 1);
    const ends = await sql`
      select e.data->>'status' as status, e.idx, r.status as said, r.pass, r.next_index
      from simcity_run_events e join simcity_runs r on r.id = e.run_id where r.id = ${id} and e.type = 'end'`;
    const [end] = ends;
    expect(ends).toHaveLength(1);
    expect(end?.['next_index']).toBe(Number(end?.['idx']) + 1);
    expect(end?.['pass']).toBe(passOf(end?.['said'] as RunStatus));
    if (won[0] !== 'finish') expect(end?.['said']).toBe(end?.['status']);
    const [count] = await sql`select count(*) as rows from simcity_run_events where run_id = ${id}`;
    expect(count?.['rows']).toBe(end?.['next_index']);
  }
  expect(winners.size).toBeGreaterThan(1);
});
