/**
 * Statements that wait for locks. The database must never choose between two of ours, so at most one waits in
 * it for any one backend: a second one is taken back (its effect was none) and sent again once locks were let
 * go. Deadlocks are found in the graph of who waits for whom and their victim is drawn from the seed.
 */
import { EngineFault } from '../../engine-fault.ts';
import type { Prng } from '../../sim/prng.ts';
import { answeredInTime, answeredSoon } from './answered.ts';
import type { HeldConnection, HeldStatement, HeldTransaction, LockHappenings, LockSight } from './held.ts';

/** Where a wait for a lock would be a surprise, as when nobody else holds anything: so long for the answer, in ms. */
const LATE_LOOK_MS = 25;

export class LockWaits<S extends HeldStatement> {
  readonly #sight: LockSight;
  readonly #prng: Prng;
  readonly #happenings: LockHappenings;
  /** The last statement of each connection that is not free. */
  readonly #byPid = new Map<number, S>();
  /** The service's connections by their backend's process number, idle ones too. */
  readonly #connections = new Map<number, HeldConnection>();
  /** Statements that wait in the database for a lock, in the order in which they began to. */
  #blocked: S[] = [];
  /** Statements taken back until locks are let go. */
  #deferred: S[] = [];
  /** Transactions that have a connection. */
  readonly #open = new Set<HeldTransaction>();

  constructor(sight: LockSight, prng: Prng, happenings: LockHappenings) {
    this.#sight = sight;
    this.#prng = prng;
    this.#happenings = happenings;
  }

  /** These are the service's connections from now on. */
  own(connections: Iterable<HeldConnection>): void {
    this.#connections.clear();
    for (const connection of connections) this.add(connection);
  }

  /** One connection more. */
  add(connection: HeldConnection): void {
    this.#connections.set(connection.pid, connection);
  }

  /**
   * The connection is lost, and its transaction with it. Nobody waits for it any more: whoever did in the database
   * goes on with the next `locksLetGo`, which is to follow once the backend is gone.
   */
  forget(connection: HeldConnection): void {
    const lost = this.#byPid.get(connection.pid);
    this.#connections.delete(connection.pid);
    for (const transaction of this.#open) {
      if (transaction.connection === connection) this.#close(transaction);
    }
    if (lost) {
      this.#blocked = without(this.#blocked, lost);
      this.#deferred = without(this.#deferred, lost);
    }
    this.#free(connection);
  }

  /** True while a statement waits in the database. */
  get hasBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  /** The statement is that of the connection now. */
  assign(statement: S, connection: HeldConnection): void {
    this.#byPid.set(connection.pid, statement);
  }

  /** The statement is over, and its transaction too: the connection is nobody's, and nobody waits for it any more. */
  release({ transaction }: S, connection: HeldConnection): void {
    if (transaction) this.#close(transaction);
    this.#free(connection);
  }

  #close(transaction: HeldTransaction): void {
    transaction.connection = null;
    this.#open.delete(transaction);
  }

  #free({ pid: free }: HeldConnection): void {
    this.#byPid.delete(free);
    // Those in the database are looked at again; of those at the gate nobody else would say it.
    for (const statement of this.#deferred) {
      if (statement.blockers.includes(free))
        statement.blockers = statement.blockers.filter((pid) => pid !== free);
    }
  }

  /**
   * True when the very same statement of another waits already, so that this one would only have to be taken
   * back: it is kept at the gate until locks are let go, and the database is spared both.
   */
  staysAtGate(statement: S): boolean {
    if (this.#blocked.length === 0 || statement.asks === null) return false;
    const pid = statement.connection?.pid ?? 0;
    const twin = this.#blocked.find(
      (other) => other.asks === statement.asks && !other.blockers.includes(pid),
    );
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
    this.#waits(statement);
    return true;
  }

  #waits(statement: S): void {
    statement.waits();
    if (statement.told) this.#tellWait(statement, false);
    this.#happenings.sometimes['a transaction waited for a lock']++;
  }

  /** One that is kept at the gate waits for whom its twin waits for in the database. */
  #tellWait(statement: S, isStillWaiting: boolean): void {
    const others = statement.blockers.flatMap((pid) => {
      const other = this.#byPid.get(pid);
      const isTwin = statement.phase === 'queued' && other?.phase === 'sent';
      return isTwin ? other.blockers.map((each) => this.#byPid.get(each)) : [other];
    });
    statement.told?.waitsFor(
      others.map((other) => other?.told),
      isStillWaiting,
    );
  }

  /** The connection is its transaction's from now on. */
  bind({ connection, transaction }: S): void {
    if (!transaction || transaction.connection) return;
    transaction.connection = connection;
    this.#open.add(transaction);
  }

  /** Waits for a statement that was sent; on return it is settled, or its task waits or may try again. */
  async watch(statement: S): Promise<void> {
    if (await this.#settledOrBlocked(statement)) return;
    this.#waits(statement);
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
        else {
          if (statement.told) this.#tellWait(statement, true);
          if (!(await this.#hasBegunToWait(statement))) continue;
        }
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
  #blockersFirst(): S[] {
    const order = new Set<S>();
    const blocked = new Set(this.#blocked);
    const visit = (statement: S | undefined): void => {
      if (!statement || !blocked.delete(statement)) return;
      for (const pid of statement.blockers) visit(this.#byPid.get(pid));
      order.add(statement);
    };
    for (const statement of this.#blocked) visit(statement);
    return [...order];
  }

  /**
   * All of them are lost with their connections, whose backends `terminate` ends in the order that it is told: whoever
   * waits before those that it waits for, or it would go on for a moment, and take from a sequence what no rollback
   * gives back. Resolves when all have been answered.
   */
  async abandon(terminate: (pids: readonly number[]) => Promise<void>): Promise<void> {
    const waiting = this.#blocked;
    const waiters = this.#blockersFirst().reverse();
    const first = waiters.map((statement) => connectionOf(statement).pid);
    await terminate([...new Set([...first, ...this.#connections.keys()])]);
    await Promise.all(waiting.map((statement) => statement.answered));
    this.#blocked = [];
    this.#deferred = [];
    this.#byPid.clear();
    this.#open.clear();
  }

  /**
   * A statement waits in the database, or, when it locks several rows, got one and waits for the next. Every
   * deadlock that this closes is broken, and no two may wait there beside each other. True when that let locks go.
   */
  async #hasBegunToWait(statement: S): Promise<boolean> {
    let letGo = false;
    for (;;) {
      while (this.#blocked.includes(statement) && (await this.#breakDeadlock(statement))) letGo = true;
      // It may have gone on, or been taken back, when the deadlock was broken.
      if (!this.#blocked.includes(statement)) return letGo;
      const rivals = this.#blocked.filter((other) => waitBeside(statement, other));
      if (rivals.length === 0) return letGo;
      if (statement.canBeTakenBack) {
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
    // What is never the same is one kind too: of commits that were taken back one goes at a time.
    const kinds = new Map<string | null, S[]>();
    for (const statement of this.#deferred) {
      const same = kinds.get(statement.asks);
      if (same) same.push(statement);
      else kinds.set(statement.asks, [statement]);
    }
    const chosen = new Set([...kinds.values()].map((same) => this.#prng.pick(same)));
    this.#deferred = this.#deferred.filter((statement) => !chosen.has(statement));
    for (const statement of chosen) statement.wakes();
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
    for (const statement of tried) statement.wakes();
  }

  /** True when the database has answered; false when the statement waits for another of ours. */
  async #settledOrBlocked(statement: S): Promise<boolean> {
    const alone = this.#open.size + this.#blocked.length <= (statement.transaction ? 1 : 0);
    const isLate = alone || statement.hardlyWaits === true;
    if (isLate && (await answeredInTime(statement, LATE_LOOK_MS))) return true;
    for (let looks = 0; !(await answeredSoon(statement, looks)); looks++) {
      const blockers = await this.#blockersOf(statement);
      if (statement.phase === 'settled') break;
      if (blockers.length === 0) continue;
      statement.blockers = blockers;
      return false;
    }
    return true;
  }

  /** The connections of ours that it waits for, in the order of their numbers: that of processes is the world's. */
  async #blockersOf(statement: S): Promise<number[]> {
    const { pid } = connectionOf(statement);
    const ours = (await this.#sight.blockers(pid)).filter((blocker) => this.#connections.has(blocker));
    ours.sort((a, b) => this.#numberOf(a) - this.#numberOf(b));
    const idle = ours.filter((blocker) => !this.#byPid.has(blocker));
    if (idle.length === 0) return ours;
    // An idle connection that holds a lock was left with it, unless it is not through yet with what ended its transaction.
    await Promise.all(idle.map((blocker) => this.#connections.get(blocker)?.settled()));
    const still = await this.#sight.blockers(pid);
    return ours.filter((blocker) => still.includes(blocker));
  }

  #numberOf(pid: number): number {
    return this.#connections.get(pid)?.number ?? -1;
  }

  /** One whose connection was lost in the meantime is nobody's to wake. */
  #wake(statement: S): void {
    this.#blocked = without(this.#blocked, statement);
    statement.blockers = [];
    const connection = connectionOf(statement);
    if (this.#connections.get(connection.pid) === connection) statement.wakes();
  }

  /** Cancels a waiting statement and puts it back at the gate, as if it had not been sent. */
  async #takeBack(statement: S): Promise<void> {
    if (!statement.canBeTakenBack)
      throw new EngineFault('Of the statements that wait only one has no way back.');
    if (!(await this.#cancelled(statement))) return this.#wake(statement);
    this.#deferred.push(statement);
    await statement.takenBack();
  }

  /** False when an answer of its own was there before, or its connection is lost. */
  async #cancelled(statement: S): Promise<boolean> {
    this.#blocked = without(this.#blocked, statement);
    await this.#sight.cancel(connectionOf(statement).pid);
    await statement.answered;
    return statement.wasCancelled;
  }

  /** If `latest` closed a circle of waiting statements, one of them, drawn from the seed, fails with 40P01. */
  async #breakDeadlock(latest: S): Promise<boolean> {
    const circle = this.#circleFrom(latest);
    if (!circle) return false;
    const victim = this.#prng.pick([...circle].sort((a, b) => connectionNumber(a) - connectionNumber(b)));
    this.#happenings.sometimes['a deadlock was broken']++;
    this.#happenings.note({
      type: 'note',
      data: { what: 'deadlock', requests: circle.length, victim: connectionNumber(victim) },
    });
    const isAtGate = this.#deferred.includes(victim);
    if (isAtGate) this.#deferred = without(this.#deferred, victim);
    if (isAtGate || (await this.#cancelled(victim))) await victim.becomesVictim();
    // The last to wait is also the last to go on.
    if (victim !== latest) this.#wake(victim);
    else victim.blockers = [];
    await this.locksLetGo();
    if (victim === latest) this.#wake(victim);
    return true;
  }

  #circleFrom(start: S): S[] | null {
    const waiting = new Set([...this.#blocked, ...this.#deferred]);
    const path: S[] = [];
    const seen = new Set<S>();
    const visit = (statement: S): boolean => {
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
function waitBeside(statement: HeldStatement, other: HeldStatement): boolean {
  if (other === statement) return false;
  return statement.blockers.some((pid) => pid === other.connection?.pid || other.blockers.includes(pid));
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

function without<T>(all: readonly T[], one: T): T[] {
  return all.filter((each) => each !== one);
}

function connectionOf({ connection }: HeldStatement): HeldConnection {
  if (!connection) throw new EngineFault('A statement that waits in the database has a connection.');
  return connection;
}

function connectionNumber(statement: HeldStatement): number {
  return statement.connection?.number ?? -1;
}
