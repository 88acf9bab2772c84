/**
 * Statements that wait for locks. The database must never choose between two of ours, so at most one waits in
 * it for any one backend: a second one is taken back (its effect was none) and sent again once locks were let
 * go. Deadlocks are found in the graph of who waits for whom and their victim is drawn from the seed.
 */
import type { Prng } from '../../sim/prng.ts';
import type { City } from './city.ts';
import type { Statement } from './gate.ts';
import type { Happenings } from './happenings.ts';
import type { Session } from './session.ts';
import { SqlError } from './sql-client.ts';

/**
 * How long the answer is waited for before the database is asked whether the statement waits for a lock,
 * in ms: a little more than most statements take. The answer decides, never the time that it took.
 */
const FIRST_LOOK_MS = 0.35;

export class LockWaits {
  readonly #city: City;
  readonly #prng: Prng;
  readonly #happenings: Happenings;
  readonly #byPid = new Map<number, Statement>();
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

  /** True while a statement waits in the database. */
  get hasBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  /** The statement is that of its session now. */
  assign(statement: Statement, session: Session): void {
    statement.session = session;
    this.#byPid.set(session.pid, statement);
  }

  /** The statement is over, and its transaction too: the session is nobody's. */
  release({ transaction }: Statement, session: Session): void {
    if (transaction) {
      transaction.session = null;
      this.#openTransactions--;
    }
    this.#byPid.delete(session.pid);
  }

  /**
   * True when the very same statement of another waits already, so that this one would only have to be taken
   * back: it is kept at the gate until locks are let go, and the database is spared both.
   */
  staysAtGate(statement: Statement): boolean {
    const pid = statement.session?.pid ?? 0;
    const twin = this.#blocked.find((other) => isSame(other, statement) && !other.blockers.includes(pid));
    if (!twin?.session) return false;
    this.#deferred.push(statement);
    statement.blockers = [twin.session.pid];
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

  /** The session is its transaction's from now on. */
  bind({ session, transaction }: Statement): void {
    if (!transaction || transaction.session) return;
    transaction.session = session;
    this.#openTransactions++;
  }

  /** Waits for a statement that was sent; on return it is settled, or its task waits. */
  async watch(statement: Statement): Promise<void> {
    if (await this.#settledOrBlocked(statement)) return;
    statement.task.state = 'waiting';
    this.#happenings.sometimes['a transaction waited for a lock']++;
    const others = [...this.#blocked];
    this.#blocked.push(statement);
    if (await this.#breakDeadlock(statement)) return;
    if (waitsBeside(statement, others)) await this.#takeBack(statement);
  }

  /** Settles what was waiting in the database as far as it can go now, and lets the rest be tried again. */
  async locksLetGo(): Promise<void> {
    for (let again = this.#blocked.length > 0; again; ) {
      again = false;
      for (const statement of [...this.#blocked]) {
        // One that another's going on has taken back, or made the victim of a deadlock, is settled already.
        if (!this.#blocked.includes(statement)) continue;
        const before = statement.blockers;
        if (await this.#settledOrBlocked(statement)) this.#wake(statement);
        else if (sameNumbers(before, statement.blockers)) continue;
        else if (!(await this.#waitsForNext(statement))) continue;
        again = true;
      }
    }
    this.#sendAgain();
  }

  /** All of them are lost with their sessions, which `terminate` ends; resolves when they have been answered. */
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
   * A statement that locks several rows got one and waits for the next: it may not wait there beside others
   * any more than one that has just been sent. True when that let locks go.
   */
  async #waitsForNext(statement: Statement): Promise<boolean> {
    if (await this.#breakDeadlock(statement)) {
      // As the victim it is ready like one that was just sent, but its task was not: it has to be woken.
      if (statement.phase === 'settled' && !this.#happenings.isWoken(statement.task))
        this.#happenings.makeReady(statement.task);
      return true;
    }
    const others = this.#blocked.filter((other) => other !== statement);
    if (!waitsBeside(statement, others) || !canBeTakenBack(statement)) return false;
    await this.#takeBack(statement);
    return true;
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

  /** True when the database has answered; false when the statement waits for another of ours. */
  async #settledOrBlocked(statement: Statement): Promise<boolean> {
    if (this.#openTransactions + this.#blocked.length <= (statement.transaction ? 1 : 0)) {
      // Nobody else holds anything: it cannot have to wait.
      await statement.answered;
      return true;
    }
    while (!(await answeredWithin(statement, FIRST_LOOK_MS))) {
      const session = statement.session as Session;
      const blockers = (await this.#city.blockers(session.pid)).filter((pid) => this.#byPid.has(pid));
      if ((statement.phase as Statement['phase']) === 'settled') break;
      if (blockers.length === 0) continue;
      statement.blockers = blockers.sort((a, b) => a - b);
      return false;
    }
    return true;
  }

  #wake(statement: Statement): void {
    this.#blocked = this.#blocked.filter((other) => other !== statement);
    statement.blockers = [];
    this.#happenings.makeReady(statement.task);
  }

  /** Cancels a waiting statement and puts it back at the gate, as if it had not been sent. */
  async #takeBack(statement: Statement): Promise<void> {
    await this.#cancel(statement);
    this.#deferred.push(statement);
    statement.phase = 'queued';
    statement.error = null;
    const { transaction, session } = statement;
    if (!transaction || !session) return;
    // A transaction's first statement takes its `begin` back with it, so that its snapshot is as late as it is.
    const undo = statement.savepoint ? 'rollback to savepoint simcity_gate' : 'rollback';
    session.sendAhead(undo);
  }

  async #cancel(statement: Statement): Promise<void> {
    this.#blocked = this.#blocked.filter((other) => other !== statement);
    await this.#city.cancel((statement.session as Session).pid);
    await statement.answered;
  }

  /** If `latest` closed a circle of waiting statements, one of them, drawn from the seed, fails with 40P01. */
  async #breakDeadlock(latest: Statement): Promise<boolean> {
    const circle = this.#circleFrom(latest);
    if (!circle) return false;
    const victim = this.#prng.pick([...circle].sort((a, b) => sessionNumber(a) - sessionNumber(b)));
    this.#happenings.sometimes['a deadlock was broken']++;
    this.#happenings.note({
      type: 'note',
      data: { what: 'deadlock', requests: circle.length, victim: sessionNumber(victim) },
    });
    if (this.#deferred.includes(victim)) this.#deferred = this.#deferred.filter((other) => other !== victim);
    else await this.#cancel(victim);
    victim.settle(null, new SqlError('40P01', 'deadlock detected'));
    victim.blockers = [];
    if (victim === latest) victim.task.state = 'ready';
    else this.#happenings.makeReady(victim.task);
    await this.locksLetGo();
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

/** True when the statement waits for one for which another waits too, or for one that waits itself. */
function waitsBeside(statement: Statement, others: readonly Statement[]): boolean {
  const rivals = new Set(others.flatMap((other) => [...other.blockers, other.session?.pid ?? 0]));
  return statement.blockers.some((pid) => rivals.has(pid));
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

/** What began a transaction goes back with it; another statement needs a savepoint before it. */
function canBeTakenBack({ savepoint, transaction }: Statement): boolean {
  return savepoint || !transaction || transaction.statements === 0;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

function sessionNumber(statement: Statement): number {
  return statement.session?.number ?? -1;
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
