/** What lock waits make of connections that are lost and of transactions that the client began, on a real database. */
import type postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { sqlState } from '../../runner/service/sql-service.ts';
import { Prng } from '../../runner/sim/prng.ts';
import type {
  HeldConnection,
  HeldStatement,
  HeldTransaction,
  LockSight,
} from '../../runner/targets/locks/held.ts';
import { LockWaits } from '../../runner/targets/locks/lock-waits.ts';
import { connectOne } from '../../runner/targets/postgres/connection.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

/** A client's connection with a transaction that the client began. */
class Line implements HeldConnection, HeldTransaction {
  connection: HeldConnection | null = null;
  pid = 0;
  readonly number: number;
  readonly sql: postgres.Sql;

  constructor(number: number, url: string) {
    this.number = number;
    this.sql = connectOne({ url, database: null }, `line-${number}`);
  }

  async begin(): Promise<void> {
    const [row] = await this.sql`select pg_backend_pid() as pid`;
    this.pid = Number(row?.['pid']);
    await this.sql.unsafe('begin');
  }

  async settled(): Promise<void> {
    await this.sql.unsafe('').catch(() => {});
  }
}

/** A first statement of a line's transaction. */
class First implements HeldStatement {
  readonly connection: Line;
  readonly transaction: Line;
  readonly asks: string;
  phase: HeldStatement['phase'] = 'queued';
  blockers: readonly number[] = [];
  answered: Promise<void> = Promise.resolve();
  canBeTakenBack = true;
  isAwake = true;
  error: unknown = null;

  constructor(line: Line, asks: string) {
    this.connection = line;
    this.transaction = line;
    this.asks = asks;
  }

  get wasCancelled(): boolean {
    return sqlState(this.error) === '57014';
  }

  async takenBack(): Promise<void> {
    this.phase = 'queued';
    this.error = null;
    await this.connection.sql.unsafe('rollback; begin');
  }

  becomesVictim(): void {
    this.phase = 'settled';
    this.error = { code: '40P01' };
  }

  waits(): void {
    this.isAwake = false;
  }

  wakes(): void {
    this.isAwake = true;
  }
}

const HOLD = 'update rows set n = n + 1 where id = 1';
let database: TestPostgres;
let url: string;
let control: postgres.Sql;
let sight: LockSight;
let waits: LockWaits<First>;
let lines: Line[];
const sometimes = { 'a transaction waited for a lock': 0, 'a deadlock was broken': 0 };

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
  control = database.open(url);
  await control.unsafe(
    'create table rows (id int primary key, n int); insert into rows values (1, 0), (2, 0)',
  );
  await control.unsafe(`do $$ begin execute format('alter database %I set deadlock_timeout to ''1h''',
    current_database()); end $$`);
  sight = {
    blockers: async (pid) =>
      (await control`select unnest(pg_blocking_pids(${pid})) as pid`).map(({ pid }) => pid),
    cancel: async (pid) => {
      await control`select pg_cancel_backend(${pid})`;
    },
  };
});
afterAll(() => database.close());

beforeEach(async () => {
  lines = [1, 2, 3].map((number) => new Line(number, url));
  await Promise.all(lines.map((line) => line.begin()));
  waits = new LockWaits<First>(sight, new Prng(1, 'deadlock'), { sometimes, note: () => {} });
  waits.own(lines);
  return async () => {
    await Promise.all(lines.map((line) => line.sql.end({ timeout: 0 })));
  };
});

/** Sends a statement as a target does; on return it is settled, or waits. */
async function sent(statement: First): Promise<First> {
  const { connection, asks } = statement;
  waits.assign(statement, connection);
  if (waits.staysAtGate(statement)) return statement;
  waits.bind(statement);
  statement.phase = 'sent';
  statement.answered = connection.sql.unsafe(asks).then(
    () => {
      statement.phase = 'settled';
    },
    (error: unknown) => {
      statement.error = error;
      statement.phase = 'settled';
    },
  );
  await waits.watch(statement);
  return statement;
}

const first = (line: number, asks: string) => sent(new First(lines[line] as Line, asks));

async function lost(line: Line): Promise<void> {
  await control`select pg_terminate_backend(${line.pid}, 5000)`;
  waits.forget(line);
  await waits.locksLetGo();
}

async function committed(statement: First): Promise<void> {
  await statement.connection.sql.unsafe('commit');
  waits.release(statement, statement.connection);
  await waits.locksLetGo();
}

it('whoever waited for a connection that is lost goes on: in the database by itself, at the gate to be sent again', async () => {
  await first(0, HOLD);
  const waiting = await first(1, HOLD);
  const other = await first(2, `${HOLD} and n < 9`);
  expect([waiting, other].map(({ phase, isAwake }) => [phase, isAwake])).toEqual([
    ['sent', false],
    ['queued', false],
  ]);
  await lost(lines[0] as Line);
  expect([waiting, other].map(({ phase, isAwake }) => [phase, isAwake])).toEqual([
    ['settled', true],
    ['queued', true],
  ]);
  expect(waiting.error).toBeNull();
  await sent(other);
  expect([other.phase, other.isAwake]).toEqual(['sent', false]);
  await committed(waiting);
  expect([other.phase, other.isAwake, other.error]).toEqual(['settled', true, null]);
});

it('one that waited is nobody to wake once its own connection is lost, in the database or at the gate', async () => {
  const holder = await first(0, HOLD);
  const waiting = await first(1, HOLD);
  const kept = await first(2, HOLD);
  expect([waiting.phase, kept.phase]).toEqual(['sent', 'queued']);
  await lost(lines[1] as Line);
  expect(waiting.isAwake).toBe(false);
  expect(waits.hasBlocked).toBe(false);
  // It was kept for the one that is gone, so it is tried itself.
  expect(kept.isAwake).toBe(true);
  await sent(kept);
  expect([kept.phase, kept.isAwake]).toEqual(['sent', false]);
  waits.forget(lines[2] as Line);
  await committed(holder);
  expect(kept.isAwake).toBe(false);
});

it('one whose own answer comes before its cancellation keeps that answer', async () => {
  await first(0, HOLD);
  await (lines[1] as Line).sql.unsafe("set lock_timeout = '50ms'");
  const waiting = await first(1, HOLD);
  expect(waiting.isAwake).toBe(false);
  await waiting.answered;
  waiting.canBeTakenBack = true;
  // The third has no way back, so that the second, which is answered already, would have to make way for it.
  const stubborn = new First(lines[2] as Line, `${HOLD} and n < 9`);
  stubborn.canBeTakenBack = false;
  await sent(stubborn);
  expect([waiting.phase, waiting.isAwake, sqlState(waiting.error)]).toEqual(['settled', true, '55P03']);
  expect([stubborn.phase, stubborn.isAwake]).toEqual(['sent', false]);
});

it('a deadlock has one victim, and the others of its circle go on', async () => {
  const [a, b] = [await first(0, HOLD), await first(1, 'update rows set n = n + 1 where id = 2')];
  const next = (line: number, asks: string) => {
    const statement = new First(lines[line] as Line, asks);
    statement.canBeTakenBack = false;
    return sent(statement);
  };
  const one = await next(0, 'update rows set n = n + 10 where id = 2');
  const two = await next(1, 'update rows set n = n + 10 where id = 1');
  expect([a, b].map(({ error }) => error)).toEqual([null, null]);
  expect([one, two].map(({ phase, isAwake }) => [phase, isAwake])).toEqual([
    ['settled', true],
    ['settled', true],
  ]);
  expect([one, two].map(({ error }) => sqlState(error)).sort()).toEqual(['40P01', null].sort());
  expect(sometimes['a deadlock was broken']).toBe(1);
});
