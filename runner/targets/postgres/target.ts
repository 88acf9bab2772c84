/**
 * The `postgres` target: a service's real transactions on a real database, one statement at a time, in
 * the order that the engine picks. What waits for a lock is left waiting while others go on.
 *
 * The database must never choose between two of our statements. So at most one statement waits in it for
 * any one backend: a second one is taken back (its effect was none) and sent again once locks were let
 * go. Deadlocks are found in the graph of who waits for whom and their victim is drawn from the seed.
 */
import type { Call } from '../../scenarios/scenario.ts';
import { checkedReply, inShort } from '../reply.ts';
import type { Target, TargetOptions, Task, TaskFaults } from '../target.ts';
import { City } from './city.ts';
import { PostgresTask, type Statement } from './gate.ts';
import { type Isolation, Session, SessionPool } from './session.ts';
import {
  placeholders,
  type SqlClient,
  SqlError,
  type SqlService,
  type SqlValue,
  sqlState,
} from './sql-client.ts';
import { Witness } from './witness.ts';

/**
 * How long the answer is waited for before the database is asked whether the statement waits for a lock,
 * in ms: a little more than most statements take. The answer decides, never the time that it took.
 */
const FIRST_LOOK_MS = 0.35;
/** How many microtasks are waited for before a turn of the event loop is. */
const MICROTASKS = 32;
/** Connections of the service, at most; fewer when fewer requests run at once. */
const POOL_SIZE = 6;

export class PostgresTarget implements Target {
  readonly name = 'postgres';
  readonly versions: Record<string, string> = {};
  readonly #service: SqlService;
  readonly #url: string;
  readonly #options: TargetOptions;
  #city!: City;
  #pool!: SessionPool;
  /** Idle sessions of an earlier run, those with the lowest numbers first. */
  #spare: readonly Session[] = [];
  #witness: Witness | null = null;
  readonly #byPid = new Map<number, Statement>();
  /** Tasks whose first statement waits for a session, first come first served. */
  readonly #line: PostgresTask[] = [];
  /** Statements that wait in the database for a lock, in the order in which they began to. */
  #blocked: Statement[] = [];
  /** Statements taken back until locks are let go. */
  #deferred: Statement[] = [];
  #openTransactions = 0;
  #woken: Task[] = [];
  #notes: { type: string; data: Record<string, unknown> }[] = [];
  readonly #sometimes = {
    'a transaction waited for a lock': 0,
    'a request waited for a connection': 0,
    'a deadlock was broken': 0,
    'a transaction failed to serialize': 0,
  };

  constructor(service: SqlService, url: string, options: TargetOptions) {
    this.#service = service;
    this.#url = url;
    this.#options = options;
  }

  async prepare(world: Readonly<Record<string, unknown>>): Promise<void> {
    const kept = await this.#options.cities?.take(this.#key);
    this.#city = kept?.city ?? (await City.create(this.#url, this.#service.schema));
    this.versions['postgres'] = this.#city.version;
    this.#pool = new SessionPool(await this.#openSessions(kept?.sessions));
    this.#spare = kept?.sessions.slice(this.#pool.sessions.length) ?? [];
    await told('prepare()', async () => this.#service.prepare(this.#ungated(), world));
    if (this.#options.isolation === 'serializable') this.#witness = new Witness(this.#url);
    await this.#witness?.renew();
  }

  start(call: Call, faults: TaskFaults): Task {
    return new PostgresTask(this.#service, call, this.#options.clock, faults.serializationFailure);
  }

  async step(task: Task): Promise<void> {
    const own = task as PostgresTask;
    const statement = own.queue[0];
    if (!own.started || !statement) {
      own.run();
    } else {
      if (statement.phase === 'queued') await this.#letThrough(statement);
      if (statement.phase !== 'settled') return;
      own.queue.shift();
      await this.#finish(statement);
    }
    await codeIsThrough(own);
    if (own.answered) {
      if (own.queue[0]) throw new Error(answersTooSoon(own.call, own.queue[0].text));
      own.reply = checkedReply(own.call, own.reply);
      own.state = 'done';
    } else if (own.queue.length > 0) own.state = 'ready';
    else throw new Error(awaitsSomethingElse(own.call));
  }

  takeWoken(): readonly Task[] {
    const woken = this.#woken;
    if (woken.length > 0) this.#woken = [];
    return woken;
  }

  takeNotes(): readonly { type: string; data: Record<string, unknown> }[] {
    const notes = this.#notes;
    if (notes.length > 0) this.#notes = [];
    return notes;
  }

  /** The backends are ended while their transactions are open; the service's code never goes on. */
  async crash(inside: readonly Task[]): Promise<void> {
    for (const task of inside) (task as PostgresTask).kill();
    const lost = this.#pool.sessions;
    const waiting = this.#blocked;
    await this.#city.terminate(lost.map((session) => session.pid));
    await Promise.all(waiting.map((statement) => statement.answered));
    for (const session of lost) session.abandon();
    this.#blocked = [];
    this.#deferred = [];
    this.#line.length = 0;
    this.#byPid.clear();
    this.#openTransactions = 0;
    this.#woken = [];
    this.#pool.replace(await this.#openSessions());
  }

  limitPool(connections: number | null): void {
    this.#pool.limit(connections);
    this.#serveLine();
  }

  sometimes(): Record<string, number> {
    return { ...this.#sometimes };
  }

  async inspect(): Promise<unknown> {
    await this.#witness?.renew();
    return await told('inspect()', async () => this.#service.inspect(this.#ungated()));
  }

  async close(): Promise<void> {
    await this.#witness?.close();
    if (this.#options.cities && (await this.#leftInOrder())) {
      const sessions = [...this.#pool.sessions, ...this.#spare];
      return await this.#options.cities.give(this.#key, { city: this.#city, sessions });
    }
    await this.#pool?.close();
    await Promise.all(this.#spare.map((session) => session.close()));
    await this.#city?.drop();
  }

  /** What makes one run's city fit for another. */
  get #key(): string {
    return [this.#url, this.#options.isolation, this.#service.schema].join('\n');
  }

  /** Ends what a failure left open; false when the connections cannot be used again. */
  async #leftInOrder(): Promise<boolean> {
    try {
      // One after the other they let go what the statements of others wait for, behind which theirs are sent.
      await Promise.all(this.#pool.sessions.map((session) => session.send('rollback', [])));
      return true;
    } catch {
      return false;
    }
  }

  /** As many as the run needs, in place of those that `idle` lacks. */
  async #openSessions(idle: readonly Session[] = []): Promise<Session[]> {
    const isolation = this.#options.isolation.replace('-', ' ') as Isolation;
    const size = Math.max(2, Math.min(this.#options.concurrency, POOL_SIZE));
    const open = { url: this.#url, schema: this.#city.schema, isolation };
    return await Promise.all(Array.from({ length: size }, (_, i) => idle[i] ?? Session.open(i, open)));
  }

  /** Sends a statement; on return it is settled, or its task waits. */
  async #letThrough(statement: Statement): Promise<void> {
    if (!this.#assignSession(statement)) return;
    if (this.#waitsAlike(statement)) return;
    this.#send(statement);
    if (await this.#settledOrBlocked(statement)) return;
    statement.task.state = 'waiting';
    this.#sometimes['a transaction waited for a lock']++;
    const others = [...this.#blocked];
    this.#blocked.push(statement);
    if (await this.#breakDeadlock(statement)) return;
    if (waitsBeside(statement, others)) await this.#takeBack(statement);
  }

  /** Gives the statement its transaction's session or a free one; false when it has to wait in line. */
  #assignSession(statement: Statement): boolean {
    statement.session ??= statement.transaction?.session ?? this.#pool.take() ?? null;
    if (!statement.session) {
      statement.task.state = 'waiting';
      this.#sometimes['a request waited for a connection']++;
      this.#line.push(statement.task);
      return false;
    }
    this.#byPid.set(statement.session.pid, statement);
    return true;
  }

  /**
   * True when the very same statement of another waits already, so that this one would only have to be taken
   * back: it is kept at the gate until locks are let go, and the database is spared both.
   */
  #waitsAlike(statement: Statement): boolean {
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
    this.#bind(statement);
    statement.task.state = 'waiting';
    this.#sometimes['a transaction waited for a lock']++;
    return true;
  }

  /** The session is its transaction's from now on. */
  #bind({ session, transaction }: Statement): void {
    if (!transaction || transaction.session) return;
    transaction.session = session;
    this.#openTransactions++;
  }

  #send(statement: Statement): void {
    const session = statement.session as Session;
    const { transaction } = statement;
    this.#bind(statement);
    if (transaction && transaction.statements === 0) quietly(session.send('begin', []));
    const fails = statement.kind === 'commit' && statement.task.failsAtCommit;
    if (fails) {
      statement.task.failsAtCommit = false;
      this.#sometimes['a transaction failed to serialize']++;
      this.#notes.push({ type: 'fault', data: { name: 'serialization-failure' } });
    }
    // Only a statement that may have to be taken back later in its transaction needs a way back.
    statement.savepoint =
      statement.kind === 'statement' && (transaction?.statements ?? 0) > 0 && this.#blocked.length > 0;
    if (statement.savepoint) quietly(session.send('savepoint simcity_gate', []));
    statement.phase = 'sent';
    statement.answered = session.send(fails ? 'rollback' : statement.text, statement.values).then(
      (rows) => {
        if (fails) statement.settle(null, new SqlError('40001', 'could not serialize access'));
        else statement.settle([...rows], null);
      },
      (error: unknown) => {
        if (sqlState(error) === '40001') this.#sometimes['a transaction failed to serialize']++;
        statement.settle(null, error);
      },
    );
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

  /** Hands the answer to the service's code; then whatever waited for the locks that went is settled. */
  async #finish(statement: Statement): Promise<void> {
    const { transaction, session, kind } = statement;
    if (transaction) {
      transaction.statements++;
      if (statement.error && kind === 'statement') {
        transaction.aborted = true;
        // PostgreSQL lets an aborted transaction's locks go at once, before the rollback comes.
        await this.#locksLetGo();
      } else if (statement.savepoint && session) quietly(session.send('release savepoint simcity_gate', []));
    }
    if (statement.releases && session) {
      if (transaction) {
        transaction.session = null;
        this.#openTransactions--;
      }
      this.#byPid.delete(session.pid);
      this.#pool.give(session);
      await this.#locksLetGo();
      this.#serveLine();
    }
    if (statement.error) statement.reject(statement.error);
    else statement.resolve(statement.rows ?? []);
  }

  /** Settles what was waiting in the database as far as it can go now, and lets the rest be tried again. */
  async #locksLetGo(): Promise<void> {
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

  /**
   * A statement that locks several rows got one and waits for the next: it may not wait there beside others
   * any more than one that has just been sent. True when that let locks go.
   */
  async #waitsForNext(statement: Statement): Promise<boolean> {
    if (await this.#breakDeadlock(statement)) {
      // As the victim it is ready like one that was just sent, but its task was not: it has to be woken.
      if (statement.phase === 'settled' && !this.#woken.includes(statement.task))
        this.#makeReady(statement.task);
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
    const chosen = new Set([...kinds.values()].map((same) => this.#options.prng.pick(same)));
    this.#deferred = this.#deferred.filter((statement) => !chosen.has(statement));
    for (const statement of chosen) this.#makeReady(statement.task);
  }

  #wake(statement: Statement): void {
    this.#blocked = this.#blocked.filter((other) => other !== statement);
    statement.blockers = [];
    this.#makeReady(statement.task);
  }

  #makeReady(task: PostgresTask): void {
    task.state = 'ready';
    this.#woken.push(task);
  }

  #serveLine(): void {
    while (this.#line.length > 0) {
      const session = this.#pool.take();
      if (!session) return;
      const task = this.#line.shift() as PostgresTask;
      const statement = task.queue[0] as Statement;
      statement.session = session;
      this.#byPid.set(statement.session.pid, statement);
      this.#makeReady(task);
    }
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
    quietly(session.send(undo, []));
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
    const victim = this.#options.prng.pick([...circle].sort((a, b) => sessionNumber(a) - sessionNumber(b)));
    this.#sometimes['a deadlock was broken']++;
    this.#notes.push({
      type: 'note',
      data: { what: 'deadlock', requests: circle.length, victim: sessionNumber(victim) },
    });
    if (this.#deferred.includes(victim)) this.#deferred = this.#deferred.filter((other) => other !== victim);
    else await this.#cancel(victim);
    victim.settle(null, new SqlError('40P01', 'deadlock detected'));
    victim.blockers = [];
    if (victim === latest) victim.task.state = 'ready';
    else this.#makeReady(victim.task);
    await this.#locksLetGo();
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

  /** A client for preparing and auditing: it sends at once, on the city's own connection. */
  #ungated(): SqlClient {
    const sql = (text: TemplateStringsArray, ...values: readonly SqlValue[]) =>
      this.#city.query(placeholders(text), values);
    const begin = async (work: (inner: SqlClient) => Promise<unknown>) => await work(client);
    const client = Object.assign(sql, { begin }) as unknown as SqlClient;
    return client;
  }
}

/** Says where in the service's code an error came from. */
async function told<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The service's ${where} failed: ${why}`, { cause: error });
  }
}

function answersTooSoon(call: Call, statement: string): string {
  return (
    `The service answered ${inShort(call)} before a statement of its own was through: ` +
    `${inShort(statement.trim().replace(/\s+/g, ' '))}. Await every statement.`
  );
}

function awaitsSomethingElse(call: Call): string {
  return (
    `While it answers ${inShort(call)}, the service awaits something other than its sql client: a timer, a ` +
    'file, the network, another client. The engine cannot say when that comes, so no seed would repeat the ' +
    'run. Await `sql` alone.'
  );
}

/** A statement whose failure shows in the one that follows it on the same session. */
function quietly(sent: Promise<unknown>): void {
  sent.catch(() => {});
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

/**
 * Everything that the service's code does without another statement has happened when this resolves. Code that
 * awaits nothing else gets there in a few microtasks; only for other code a turn of the event loop is waited for.
 */
async function codeIsThrough(task: PostgresTask): Promise<void> {
  for (let i = 0; i < MICROTASKS; i++) {
    await null;
    if (task.answered) return;
    // A little longer, to see an answer that did not wait for the statement.
    if (task.queue.length > 0 && i >= MICROTASKS / 4) return;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
