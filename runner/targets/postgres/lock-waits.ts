/**
 * Statements that wait for locks. The database must never choose between two of ours, so at most one waits in
 * it for any one backend: a second one is taken back (its effect was none) and sent again once locks were let
 * go. Deadlocks are found in the graph of who waits for whom and their victim is drawn from the seed.
 */
import { EngineFault } from '../../engine-fault.ts';
import type { Prng } from '../../sim/prng.ts';
import type { City } from './city.ts';
import type { Connection } from './connection-pool.ts';
import type { Statement } from './gate.ts';
import type { Happenings } from './happenings.ts';
import { SqlError } from './sql-client.ts';

/**
 * How long the answer is waited for before the database is asked whether the statement waits for a lock,
 * in ms: a little more than most statements take. The answer decides, never the time that it took.
 */
const FIRST_LOOK_MS = 0.35;
/** Likewise where nobody else holds anything, so that a wait for a lock would be a surprise. */
const LATE_LOOK_MS = 25;
/** After so many looks it is work that takes its time, or someone else's lock: then the looks get rare. */
const CLOSE_LOOKS = 40;

export class LockWaits {
  readonly #city: City;
  readonly #prng: Prng;
  readonly #happenings: Happenings;
  readonly #byPid = new Map<number, Statement>();
  /** The city's own connections by their backend's process number, idle ones too. */
  #connections = new Map<number, Connection>();
  /** Statements that wait in the database for a lock, in the order in which they began to. */
  #blocked: Statement[] = [];
  /** Statements taken back until locks are let go. */
  #deferred: Statement[] = [];
  #openTransactions = 0;

  constructor(city: City, prng: Prng, happenings: Happenings) {
    this.#city = city;
    this.#prng = prng;
    this.#happenings = happenings;
  }

  /** These are the city's connections from now on. */
  own(connections: readonly Connection[]): void {
    this.#connections = new Map(connections.map((connection) => [connection.pid, connection]));
  }

  /** True while a statement waits in the database. */
  get hasBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  /** The statement is that of its connection now. */
  assign(statement: Statement, connection: Connection): void {
    statement.connection = connection;
    this.#byPid.set(connection.pid, statement);
  }

  /** The statement is over, and its transaction too: the connection is nobody's, and nobody waits for it any more. */
  release({ transaction }: Statement, connection: Connection): void {
    if (transaction) {
      transaction.connection = null;
      this.#openTransactions--;
    }
    this.#byPid.delete(connection.pid);
    // Those in the database are looked at again; of those at the gate nobody else would say it.
    for (const statement of this.#deferred) {
      if (statement.blockers.includes(connection.pid))
        statement.blockers = statement.blockers.filter((pid) => pid !== connection.pid);
    }
  }

  /**
   * True when the very same statement of another waits already, so that this one would only have to be taken
   * back: it is kept at the gate until locks are let go, and the database is spared both.
   */
  staysAtGate(statement: Statement): boolean {
    const pid = statement.connection?.pid ?? 0;
    const twin = this.#blocked.find((other) => isSame(other, statement) && !other.blockers.includes(pid));
    if (!twin?.connection) return false;
    this.#deferred.push(statement);
    statement.blockers = [twin.connection.pid];
    if (this.#circleFrom(statement)) {
      // Whether that is a deadlock only the database can tell.
      this.#deferred.pop();
      statement.blockers = [];
      return false;
    }
    this.bind(statement);
    statement.task.state = 'waiting';
    this.#happenings.sometimes['a transaction waited for a lock']++;
    return true;
  }

  /** The connection is its transaction's from now on. */
  bind({ connection, transaction }: Statement): void {
    if (!transaction || transaction.connection) return;
    transaction.connection = connection;
    this.#openTransactions++;
  }

  /** Waits for a statement that was sent; on return it is settled, or its task waits or may try again. */
  async watch(statement: Statement): Promise<void> {
    if (await this.#settledOrBlocked(statement)) return;
    statement.task.state = 'waiting';
    this.#happenings.sometimes['a transaction waited for a lock']++;
    this.#blocked.push(statement);
    await this.#hasBegunToWait(statement);
    this.#tryWhatOthersWaitFor();
  }

  /** Settles what was waiting in the database as far as it can go now, and lets the rest be tried again. */
  async locksLetGo(): Promise<void> {
    for (let again = this.#blocked.length > 0; again; ) {
      again = false;
      for (const statement of this.#blockersFirst()) {
        // One that another's going on has taken back, or made the victim of a deadlock, is settled already.
        if (!this.#blocked.includes(statement)) continue;
        const before = statement.blockers;
        if (await this.#settledOrBlocked(statement)) this.#wake(statement);
        else if (sameNumbers(before, statement.blockers)) continue;
        else if (!(await this.#hasBegunToWait(statement))) continue;
        again = true;
      }
    }
    this.#sendAgain();
    this.#tryWhatOthersWaitFor();
  }

  /**
   * What waits in the database, each after those that it waits for: one that ends its transaction lets locks go by
   * itself when it gets through, and whether that has reached the next one yet would be chance.
   */
  #blockersFirst(): Statement[] {
    const order = new Set<Statement>();
    const blocked = new Set(this.#blocked);
    const visit = (statement: Statement | undefined): void => {
      if (!statement || !blocked.delete(statement)) return;
      for (const pid of statement.blockers) visit(this.#byPid.get(pid));
      order.add(statement);
    };
    for (const statement of this.#blocked) visit(statement);
    return [...order];
  }

  /** All of them are lost with their connections, which `terminate` ends; resolves when they have been answered. */
  async abandon(terminate: () => Promise<void>): Promise<void> {
    const waiting = this.#blocked;
    await terminate();
    await Promise.all(waiting.map((statement) => statement.answered));
    this.#blocked = [];
    this.#deferred = [];
    this.#byPid.clear();
    this.#openTransactions = 0;
  }

  /**
   * A statement waits in the database, or, when it locks several rows, got one and waits for the next. Every
   * deadlock that this closes is broken, and no two may wait there beside each other. True when that let locks go.
   */
  async #hasBegunToWait(statement: Statement): Promise<boolean> {
    let letGo = false;
    for (;;) {
      while (this.#blocked.includes(statement) && (await this.#breakDeadlock(statement))) letGo = true;
      // It may have gone on, or been taken back, when the deadlock was broken.
      if (!this.#blocked.includes(statement)) return letGo;
      const rivals = this.#blocked.filter((other) => waitBeside(statement, other));
      if (rivals.length === 0) return letGo;
      if (canBeTakenBack(statement)) {
        await this.#takeBack(statement);
        return true;
      }
      // It was sent while nobody waited. All that were sent since can be taken back, so they make way for it.
      for (const rival of rivals) await this.#takeBack(rival);
      letGo = true;
      if (!(await this.#settledOrBlocked(statement))) continue;
      this.#wake(statement);
      return true;
    }
  }

  /**
   * Lets statements that were taken back go to the gate again: of those that ask for the very same, one
   * drawn from the seed, because the others would only have to be taken back once more. Each time that
   * locks go one of every kind gets its turn, so none waits for ever.
   */
  #sendAgain(): void {
    if (this.#deferred.length === 0) return;
    const kinds = new Map<string, Statement[]>();
    for (const statement of this.#deferred) {
      const kind = JSON.stringify([statement.text, statement.values]);
      const same = kinds.get(kind);
      if (same) same.push(statement);
      else kinds.set(kind, [statement]);
    }
    const chosen = new Set([...kinds.values()].map((same) => this.#prng.pick(same)));
    this.#deferred = this.#deferred.filter((statement) => !chosen.has(statement));
    for (const statement of chosen) this.#happenings.makeReady(statement.task);
  }

  /**
   * One at the gate whose blockers are all gone is tried again at the latest when others wait for its
   * transaction: it may wait for one of them, and nobody but the database can tell.
   */
  #tryWhatOthersWaitFor(): void {
    const free = this.#deferred.filter(({ blockers }) => blockers.length === 0);
    if (free.length === 0) return;
    const awaited = new Set([...this.#blocked, ...this.#deferred].flatMap(({ blockers }) => blockers));
    const tried = free.filter(({ connection }) => connection !== null && awaited.has(connection.pid));
    this.#deferred = this.#deferred.filter((statement) => !tried.includes(statement));
    for (const statement of tried) this.#happenings.makeReady(statement.task);
  }

  /** True when the database has answered; false when the statement waits for another of ours. */
  async #settledOrBlocked(statement: Statement): Promise<boolean> {
    const alone = this.#openTransactions + this.#blocked.length <= (statement.transaction ? 1 : 0);
    if (alone && (await answeredInTime(statement, LATE_LOOK_MS))) return true;
    for (let looks = 0; !(await answeredSoon(statement, looks)); looks++) {
      const blockers = await this.#blockersOf(statement);
      if ((statement.phase as Statement['phase']) === 'settled') break;
      if (blockers.length === 0) continue;
      statement.blockers = blockers;
      return false;
    }
    return true;
  }

  /** The connections of ours that it waits for, in ascending order. */
  async #blockersOf({ connection }: Statement): Promise<number[]> {
    const { pid } = connection as Connection;
    const ours = (await this.#city.blockers(pid)).filter((blocker) => this.#connections.has(blocker));
    const idle = ours.filter((blocker) => !this.#byPid.has(blocker));
    if (idle.length === 0) return ours.sort((a, b) => a - b);
    // An idle connection that holds a lock was left with it, unless it is not through yet with what ended its transaction.
    await Promise.all(idle.map((blocker) => this.#connections.get(blocker)?.settled()));
    const still = await this.#city.blockers(pid);
    return ours.filter((blocker) => still.includes(blocker)).sort((a, b) => a - b);
  }

  #wake(statement: Statement): void {
    this.#blocked = this.#blocked.filter((other) => other !== statement);
    statement.blockers = [];
    this.#happenings.makeReady(statement.task);
  }

  /** Cancels a waiting statement and puts it back at the gate, as if it had not been sent. */
  async #takeBack(statement: Statement): Promise<void> {
    if (!canBeTakenBack(statement))
      throw new EngineFault('Of the statements that wait only one has no way back.');
    await this.#cancel(statement);
    this.#deferred.push(statement);
    statement.phase = 'queued';
    statement.error = null;
    const { transaction, connection } = statement;
    if (!transaction || !connection) return;
    // A transaction's first statement takes its `begin` back with it, so that its snapshot is as late as it is.
    const undo = statement.savepoint ? 'rollback to savepoint simcity_gate' : 'rollback';
    connection.sendAhead(undo);
  }

  async #cancel(statement: Statement): Promise<void> {
    this.#blocked = this.#blocked.filter((other) => other !== statement);
    await this.#city.cancel((statement.connection as Connection).pid);
    await statement.answered;
  }

  /** If `latest` closed a circle of waiting statements, one of them, drawn from the seed, fails with 40P01. */
  async #breakDeadlock(latest: Statement): Promise<boolean> {
    const circle = this.#circleFrom(latest);
    if (!circle) return false;
    const victim = this.#prng.pick([...circle].sort((a, b) => connectionNumber(a) - connectionNumber(b)));
    this.#happenings.sometimes['a deadlock was broken']++;
    this.#happenings.note({
      type: 'note',
      data: { what: 'deadlock', requests: circle.length, victim: connectionNumber(victim) },
    });
    if (this.#deferred.includes(victim)) this.#deferred = this.#deferred.filter((other) => other !== victim);
    else await this.#cancel(victim);
    victim.settle(null, new SqlError('40P01', 'deadlock detected'));
    victim.blockers = [];
    // The last to wait is also the last to go on.
    if (victim !== latest) this.#happenings.makeReady(victim.task);
    await this.locksLetGo();
    if (victim === latest) this.#happenings.makeReady(victim.task);
    return true;
  }

  #circleFrom(start: Statement): Statement[] | null {
    const waiting = new Set([...this.#blocked, ...this.#deferred]);
    const path: Statement[] = [];
    const seen = new Set<Statement>();
    const visit = (statement: Statement): boolean => {
      if (statement === start && path.length > 0) return true;
      if (seen.has(statement) || !waiting.has(statement)) return false;
      seen.add(statement);
      path.push(statement);
      for (const pid of statement.blockers) {
        const next = this.#byPid.get(pid);
        if (next && visit(next)) return true;
      }
      path.pop();
      return false;
    };
    return visit(start) ? path : null;
  }
}

/** True when both wait for the same, or the one waits for the other. */
function waitBeside(statement: Statement, other: Statement): boolean {
  if (other === statement) return false;
  return statement.blockers.some((pid) => pid === other.connection?.pid || other.blockers.includes(pid));
}

/** True when both ask the database for the very same. */
function isSame(a: Statement, b: Statement): boolean {
  return (
    a.kind === 'statement' &&
    b.kind === 'statement' &&
    a.text === b.text &&
    a.values.length === b.values.length &&
    a.values.every((value, i) => value === b.values[i])
  );
}

/** What began a transaction goes back with it; any other statement in one needs a savepoint before it. */
function canBeTakenBack({ savepoint, transaction }: Statement): boolean {
  return savepoint || !transaction || transaction.statements === 0;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

function connectionNumber(statement: Statement): number {
  return statement.connection?.number ?? -1;
}

/** True when the answer came before it is time to look (again) whether the statement waits for a lock. */
function answeredSoon(statement: Statement, looks: number): Promise<boolean> {
  return looks < CLOSE_LOOKS
    ? answeredWithin(statement, FIRST_LOOK_MS)
    : answeredInTime(statement, LATE_LOOK_MS);
}

/** Waits by a timer. */
async function answeredInTime(statement: Statement, delayMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs);
  });
  await Promise.race([statement.answered, time]);
  clearTimeout(timer);
  return statement.phase === 'settled';
}

/** Waits without a timer: those of Node are a millisecond at the least, a statement takes a fraction of it. */
function answeredWithin(statement: Statement, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let isOver = false;
    const end = () => {
      isOver = true;
      resolve(statement.phase === 'settled');
    };
    statement.answered.then(() => {
      if (!isOver) end();
    });
    const until = performance.now() + delayMs;
    const look = () => {
      if (isOver) return;
      if (performance.now() < until) setImmediate(look);
      else end();
    };
    setImmediate(look);
  });
}
