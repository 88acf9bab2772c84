/**
 * Random transactions over a handful of rows, keys and advisory locks, each step of them picked by a seed. What is
 * right is told without any model: everything is answered, and each increment that was acknowledged is there once.
 */

import type { Attempt } from '../../runner/harness/attempt.ts';
import { Scheduler } from '../../runner/harness/scheduler.ts';
import type { Call, Reply } from '../../runner/service/call.ts';
import { isRetryable, type SqlClient, type SqlService, sqlState } from '../../runner/service/sql-service.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { createStrategy } from '../../runner/sim/strategies/index.ts';
import type { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { PostgresTarget } from '../../runner/targets/postgres/target.ts';

const ROWS = 4;
const REQUESTS = 30;
/** As often as it takes: here a deadlock is no failure. */
const TRIES = 100;

const SCHEMA = `
  create table rows (id int primary key, n int not null);
  create table keys (k int primary key, owner int);
  create table late (k int, constraint late_once unique (k) deferrable initially deferred);
  create table children (parent int not null references rows (id) deferrable initially deferred);
  insert into rows select id, 0 from generate_series(0, ${ROWS - 1}) as id;`;

/** One thing that a transaction does to objects `a` and `b`; answers how many increments it made. */
type Act = (sql: SqlClient, a: number, b: number) => Promise<number>;

const none = async (work: Promise<unknown>): Promise<number> => {
  await work;
  return 0;
};

const ACTS = {
  increment: async (sql, a) => (await sql`update rows set n = n + 1 where id = ${a} returning id`).length,
  'increment two': async (sql, a, b) =>
    (await sql`update rows set n = n + 1 where id in (${a}, ${b}) returning id`).length,
  'two at once': async (sql, a, b) => {
    const [rows] = await Promise.all([
      sql`update rows set n = n + 1 where id = ${a} returning id`,
      sql`select n from rows where id = ${b} for update`,
    ]);
    return rows.length;
  },
  'lock two': (sql, a, b) => none(sql`select n from rows where id in (${a}, ${b}) order by id for update`),
  share: (sql, a) => none(sql`select n from rows where id = ${a} for share`),
  'insert key': async (sql, a, b) => {
    await sql`insert into keys values (${a}, ${b})`;
    return b === 0 ? none(sql`delete from keys where k = ${a}`) : 0;
  },
  'insert two keys': (sql, a, b) =>
    none(
      sql`insert into keys values (${a}, ${b}), (${(a + 1) % ROWS}, ${b}) on conflict (k) do update set owner = 1`,
    ),
  'drop keys': (sql, a, b) => none(sql`delete from keys where k in (${a}, ${b})`),
  'advisory lock': (sql, a) => none(sql`select pg_advisory_xact_lock(${a})`),
  'insert late': async (sql, a, b) => {
    await sql`insert into late values (${a})`;
    return b < 2 ? none(sql`delete from late where k = ${a}`) : 0;
  },
  child: (sql, a) => none(sql`insert into children values (${a})`),
  savepoint: async (sql, a, b) => {
    await sql`savepoint mine`;
    try {
      await sql`update rows set n = n + 1 where id = ${a}`;
      await sql`insert into keys values (${b}, 1)`;
      await sql`release savepoint mine`;
      return 1;
    } catch (error) {
      // Half of those that ran into a deadlock go on in the same transaction.
      if (sqlState(error) !== '23505' && b % 2 === 0) throw error;
      return none(sql`rollback to savepoint mine`);
    }
  },
} satisfies Record<string, Act>;

type ActName = keyof typeof ACTS;
const NAMES = Object.keys(ACTS) as ActName[];
/** What is also done outside of transactions. */
const ALONE: readonly ActName[] = [
  ...(['increment', 'increment', 'increment two', 'increment two', 'lock two', 'share'] as const),
  ...(['insert key', 'insert two keys', 'drop keys', 'insert late', 'child'] as const),
];
/** States in which a transaction of these ends for good. */
const REFUSALS = ['23505', '23503', '25P02', '40001'];

interface Request extends Call {
  readonly operation: 'request';
  readonly alone: boolean;
  readonly acts: readonly { name: ActName; a: number; b: number }[];
}

const service: SqlService = {
  schema: SCHEMA,
  prepare: async () => {},
  async handle(sql, call) {
    const { alone, acts } = call as Request;
    let increments = 0;
    const perform = async (client: SqlClient) => {
      for (const { name, a, b } of acts) increments += await ACTS[name](client, a, b);
    };
    for (let attempt = 1; ; attempt++) {
      try {
        if (alone) await perform(sql);
        else await sql.begin(perform);
        return { outcome: 'ok', value: { increments, attempt } };
      } catch (error) {
        // What was done outside of a transaction stays done.
        if (!alone) increments = 0;
        else if (increments > 0) return { outcome: 'ok', value: { increments, attempt } };
        if (isRetryable(error) && attempt < TRIES) continue;
        if (REFUSALS.includes(sqlState(error) ?? ''))
          return { outcome: 'refused', reason: String(sqlState(error)) };
        throw error;
      }
    }
  },
  async inspect(sql) {
    const rows = await sql<{ n: number }>`select id, n from rows order by id`;
    const keys = await sql`select k, owner from keys order by k`;
    return { total: rows.reduce((sum, { n }) => sum + n, 0), rows, keys };
  },
};

const ISOLATIONS = ['read-committed', 'read-committed', 'repeatable-read', 'serializable'];

export const isSerializable = (seed: number): boolean => ISOLATIONS[seed % 4] === 'serializable';

export interface Transacted {
  /** Everything that the seed decides: each step, each answer, the state at the end. */
  trace: string[];
  deadlocks: number;
  waits: number;
}

/** @throws Error when a request fails or is never answered, or when increments were lost or made twice. */
export async function transacted(seed: number, url: string, cities: CityKeeper): Promise<Transacted> {
  const concurrency = 2 + (seed % 7);
  const isolation = ISOLATIONS[seed % 4] as string;
  const prng = new Prng(seed, 'deadlock');
  const target = new PostgresTarget(service, url, {
    concurrency,
    isolation,
    prng,
    clock: new CityClock(),
    cities,
  });
  try {
    await target.prepare({});
    const trace = await scheduled(seed, concurrency, target);
    const { 'a deadlock was broken': deadlocks = 0, 'a transaction waited for a lock': waits = 0 } =
      target.sometimes();
    return { trace, deadlocks, waits };
  } finally {
    await target.close();
  }
}

async function scheduled(seed: number, concurrency: number, target: PostgresTarget): Promise<string[]> {
  const trace: string[] = [];
  const plan = new Prng(seed, 'operation');
  let begun = 0;
  let inside = 0;
  let acknowledged = 0;
  const scheduler = new Scheduler({
    target,
    strategy: createStrategy(seed % 2 === 0 ? 'pct' : 'random', new Prng(seed, 'schedule')),
    latency: new Prng(seed, 'latency'),
    picks: null,
    done: ({ id }, { reply }) => {
      inside--;
      trace.push(`${id} ${JSON.stringify(reply)}`);
      acknowledged += incrementsOf(reply as Reply);
    },
    halted: () => false,
    note: (_, type, data) => trace.push(`${type} ${JSON.stringify(data)}`),
  });
  while (begun < REQUESTS || inside > 0) {
    for (; inside < concurrency && begun < REQUESTS; inside++, begun++) {
      scheduler.enter(attemptOf(begun, planned(plan)));
    }
    if (scheduler.stuck) throw new Error(`${inside} requests wait and none can go on`);
    await scheduler.step();
  }
  const state = (await target.inspect()) as { total: number };
  if (state.total !== acknowledged) throw new Error(`${acknowledged} acknowledged, ${state.total} are there`);
  trace.push(JSON.stringify(state));
  return trace;
}

function planned(prng: Prng): Request {
  const alone = prng.below(4) === 0;
  const names = alone ? ALONE : NAMES;
  const acts = Array.from({ length: alone ? 1 : 1 + prng.below(4) }, () => ({
    name: prng.pick(names),
    a: prng.below(ROWS),
    b: prng.below(ROWS),
  }));
  return { operation: 'request', alone, acts };
}

/** The only request for a planned operation. */
export function attemptOf(n: number, call: Call): Attempt {
  const about = { actor: 'client', call, object: null };
  const flow = {
    ...about,
    n,
    parts: [],
    extra: false,
    delivery: null,
    attempts: 1,
    requests: 0,
    failedWhenHealed: 0,
    open: 1,
    over: false,
  };
  const invoked = { invokedIndex: n, invokedMs: 0, steps: 0, tried: null };
  return { ...about, ...invoked, id: n, number: n, flow, parts: [], attempt: 0, faults: null };
}

function incrementsOf(reply: Reply): number {
  if (reply.outcome === 'failed') throw new Error(`a request failed: ${reply.error}`);
  return reply.outcome === 'ok' ? (reply.value as { increments: number }).increments : 0;
}
