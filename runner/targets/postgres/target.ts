/**
 * The `postgres` target: a service's real transactions on a real database, one statement at a time, in
 * the order that the engine picks. What waits for a lock is left waiting while others go on.
 */

import { withinTime } from '../../../server/contract/within-time.ts';
import { EngineFault } from '../../engine-fault.ts';
import { AdapterError, type AdapterPhase, errorText } from '../../modules/adapter-error.ts';
import type { Call } from '../../service/call.ts';
import { inShort } from '../../service/in-short.ts';
import { type SqlClient, type SqlService, type SqlValue, sqlState } from '../../service/sql-service.ts';
import { AutocommitWrites } from '../locks/autocommit-writes.ts';
import { Happenings } from '../locks/happenings.ts';
import { LockWaits } from '../locks/lock-waits.ts';
import { brokenContract, checkedReply } from '../reply.ts';
import { StatementFeed } from '../statement-feed.ts';
import type { Target, TargetOptions, Task, TaskFaults } from '../target.ts';
import { City } from './city.ts';
import { Connection, ConnectionPool, type Isolation } from './connection-pool.ts';
import { abortedError, PostgresTask, type Statement, type Transaction, tellOf } from './gate.ts';
import { isDatabaseAway, placeholders, SqlError } from './sql-client.ts';
import { Witness } from './witness.ts';

/** How many microtasks are waited for before a turn of the event loop is. */
const MICROTASKS = 32;
/** Connections of the service, at most; fewer when fewer requests run at once. */
const POOL_SIZE = 6;
const RESET_LIMIT_MS = 5_000;
const LOOK_LIMIT_MS = 2_000;

export class PostgresTarget implements Target {
  readonly name = 'postgres';
  readonly versions: Record<string, string> = {};
  readonly #service: SqlService;
  readonly #url: string;
  readonly #options: TargetOptions;
  #city!: City;
  #pool!: ConnectionPool;
  /** Idle connections of an earlier run beyond those that this one needs. */
  #spare: readonly Connection[] = [];
  #witness: Witness | null = null;
  #writes = new AutocommitWrites();
  #waits!: LockWaits<Statement>;
  /** Tasks whose first statement waits for a connection, first come first served. */
  readonly #line: PostgresTask[] = [];
  readonly #happenings = new Happenings<PostgresTask>();
  /** The statement that was sent last. */
  #sent: Statement | null = null;
  #isCut = false;
  /** Null: nobody listens. */
  #feed: StatementFeed | null = null;

  constructor(service: SqlService, url: string, options: TargetOptions) {
    this.#service = service;
    this.#url = url;
    this.#options = options;
  }

  async prepare(world: Readonly<Record<string, unknown>>): Promise<void> {
    const kept = await this.#options.cities?.take(this.#key);
    this.#city = kept?.city ?? (await this.#createCity());
    // It was built too late: whoever cut this off and closed it knew of no city.
    if (this.#isCut) return await this.#city.drop();
    this.versions['postgres'] = this.#city.version;
    this.#waits = new LockWaits(this.#city, this.#options.prng, this.#happenings);
    this.#pool = new ConnectionPool(await this.#openConnections(kept?.connections));
    this.#waits.own(this.#pool.connections);
    this.#spare = kept?.connections.slice(this.#pool.connections.length) ?? [];
    await told('setup', 'prepare()', async () => this.#service.prepare(this.#ungated(), world));
    this.#writes = new AutocommitWrites(await this.#city.volatileFunctions());
    if (this.#options.isolation === 'serializable') this.#witness = new Witness(this.#city.place);
    await this.#witness?.renew();
    const { statements } = this.#options;
    if (statements) this.#feed = new StatementFeed(statements, this.#city.control);
    await this.#feed?.prepared(async () => await this.#service.inspect(this.#ungated()));
  }

  async #createCity(): Promise<City> {
    return await City.create(this.#url, this.#service.schema, this.#options.cityName);
  }

  start(call: Call, faults: TaskFaults): Task {
    return new PostgresTask(call, {
      service: this.#service,
      clock: this.#options.clock,
      happenings: this.#happenings,
      writes: this.#writes,
      failsAtCommit: faults.serializationFailure,
      feed: this.#feed,
    });
  }

  async step(task: Task): Promise<void> {
    const own = task as PostgresTask;
    this.#happenings.stepping = own;
    await this.#step(own);
    this.#happenings.stepping = null;
    // Those that others have freed, too.
    if (this.#feed) await this.#feed.tell();
  }

  async #step(own: PostgresTask): Promise<void> {
    const statement = own.queue[0];
    if (own.state !== 'ready' || own.started !== (statement !== undefined)) {
      throw new EngineFault('A request takes a step only while it is ready and has something to do.');
    }
    if (!statement) {
      own.run();
    } else {
      if (statement.phase === 'queued') await this.#letThrough(statement);
      if (statement.phase !== 'settled') return;
      if (isDatabaseAway(statement.error)) throw connectionLost(statement.error);
      if (this.#feed) {
        statement.tellAnswer();
        await this.#feed.tell();
      }
      own.queue.shift();
      own.answers++;
      if (statement.isAutocommit && !statement.error) return this.#hold(statement);
      await this.#finish(statement);
    }
    await codeIsThrough(own);
    if (own.answered) {
      if (own.queue[0]) throw brokenContract(answersTooSoon(own.call, own.queue[0].text));
      own.reply = checkedReply(own.call, own.reply);
      own.state = 'done';
    } else if (own.queue.length > 0) own.state = 'ready';
    else throw brokenContract(awaitsSomethingElse(own.call));
  }

  takeWoken(): readonly Task[] {
    return this.#happenings.takeWoken();
  }

  takeNotes(): readonly { type: string; data: Record<string, unknown> }[] {
    return this.#happenings.takeNotes();
  }

  /** The backends are ended while their transactions are open; the service's code never goes on. */
  async crash(inside: readonly Task[]): Promise<void> {
    for (const task of inside) (task as PostgresTask).kill();
    this.#service.restarted?.();
    const lost = this.#pool.connections;
    await this.#waits.abandon((pids) => this.#city.terminate(pids));
    for (const connection of lost) connection.abandon();
    this.#line.length = 0;
    this.#happenings.forgetWoken();
    this.#pool.replace(await this.#openConnections());
    this.#waits.own(this.#pool.connections);
    this.#feed?.cutOff();
    await this.#feed?.tell();
  }

  limitPool(connections: number | null): void {
    this.#pool.limit(connections);
    this.#serveLine();
  }

  moveClock(nowMs: number): void {
    this.#options.clock.moveTo(nowMs);
  }

  sometimes(): Record<string, number> {
    return { ...this.#happenings.sometimes };
  }

  async inspect(): Promise<unknown> {
    await this.#witness?.renew();
    return await told('mapping', 'inspect()', async () => this.#service.inspect(this.#ungated()));
  }

  async cut(): Promise<string> {
    const what = await this.#whatHangs().catch(() => '');
    this.#isCut = true;
    const connections = this.#pool?.connections ?? [];
    await this.#city?.cut(connections.map((connection) => connection.pid));
    for (const connection of connections) connection.abandon();
    return what;
  }

  async close(): Promise<void> {
    await this.#witness?.close();
    const connections = this.#isCut ? null : await this.#connectionsAsNew();
    if (connections) return await this.#options.cities?.give(this.#key, { city: this.#city, connections });
    const open = [...(this.#pool?.connections ?? []), ...this.#spare];
    await Promise.all(open.map((connection) => connection.close()));
    await this.#city?.drop();
  }

  /** What makes one run's city fit for another. */
  get #key(): string {
    return [this.#url, this.#options.isolation, this.#service.schema].join('\n');
  }

  /** For another run; null when there will be none in this city. */
  async #connectionsAsNew(): Promise<readonly Connection[] | null> {
    if (!this.#options.cities || !this.#pool || this.#city.leavesTraces) return null;
    // Together: one lets go what the statements of others wait for, behind which theirs are sent.
    const reset = Promise.all(this.#pool.connections.map((connection) => connection.reset()));
    return await withinTime(reset, RESET_LIMIT_MS).then(
      () => [...this.#pool.connections, ...this.#spare],
      () => null,
    );
  }

  /** The statement that the database has not answered, and who keeps it from that. */
  async #whatHangs(): Promise<string> {
    const statement = this.#sent;
    if (!statement?.connection) return '';
    const what = `The database has not answered: ${inShort(statement.text.trim().replace(/\s+/g, ' '))}.`;
    const others = await withinTime(this.#city.waitsForOthers(statement.connection.pid), LOOK_LIMIT_MS).catch(
      () => [],
    );
    return others.length === 0 ? what : `${what} It waits for what is not of this run: ${others.join(', ')}.`;
  }

  get #isolation(): Isolation {
    return this.#options.isolation.replace('-', ' ') as Isolation;
  }

  /** As many as the run needs, in place of those that `idle` lacks. */
  async #openConnections(idle: readonly Connection[] = []): Promise<Connection[]> {
    const isolation = this.#isolation;
    const size = Math.max(2, Math.min(this.#options.concurrency, POOL_SIZE));
    const open = { place: this.#city.place, schema: this.#city.schema, isolation };
    return await Promise.all(Array.from({ length: size }, (_, i) => idle[i] ?? Connection.open(i, open)));
  }

  /** Sends a statement; on return it is settled, or its task waits. */
  async #letThrough(statement: Statement): Promise<void> {
    if (statement.isRefused) {
      if (this.#feed) statement.told ??= tellOf(statement, this.#feed);
      return statement.settle(null, abortedError());
    }
    if (this.#city.noticed(statement.text)) await this.#city.beAlone();
    if (!this.#assignConnection(statement)) return;
    if (this.#feed) this.#tellLetThrough(statement, this.#feed);
    if (this.#waits.staysAtGate(statement)) return;
    this.#send(statement);
    await this.#waits.watch(statement);
  }

  /** A `begin` goes with the first statement of its transaction; one that the engine gave is not the service's. */
  #tellLetThrough(statement: Statement, feed: StatementFeed): void {
    const { told, transaction, task, connection } = statement;
    if (told) return;
    const isFirst = transaction !== null && transaction.statements === 0 && statement.kind === 'statement';
    const isolation = this.#isolation;
    if (isFirst && !transaction.isAutocommit) {
      const about = { owner: task.owner, connection: connection?.number ?? -1, transaction, isolation };
      transaction.begin = feed.letThrough({
        ...about,
        kind: 'begin',
        text: 'begin',
        values: [],
        isAutocommit: false,
      });
    }
    const isAlone = transaction === null || (isFirst && transaction.isAutocommit);
    statement.told = tellOf(statement, feed, isAlone ? isolation : null);
  }

  /** Gives the statement its transaction's connection or a free one; false when it has to wait in line. */
  #assignConnection(statement: Statement): boolean {
    const connection = statement.connection ?? statement.transaction?.connection ?? this.#pool.take();
    if (!connection) {
      statement.task.state = 'waiting';
      if (this.#pool.isLimited) statement.task.disturbed = true;
      this.#happenings.sometimes['a request waited for a connection']++;
      this.#line.push(statement.task);
      return false;
    }
    this.#assign(statement, connection);
    return true;
  }

  #assign(statement: Statement, connection: Connection): void {
    statement.connection = connection;
    this.#waits.assign(statement, connection);
  }

  #send(statement: Statement): void {
    const connection = statement.connection as Connection;
    const { transaction } = statement;
    this.#waits.bind(statement);
    if (transaction && transaction.statements === 0) {
      connection.sendAhead('begin');
      transaction.begin?.sent();
    }
    statement.told?.sent();
    // Only a statement that may have to be taken back later in its transaction needs a way back.
    statement.savepoint =
      (transaction?.statements ?? 0) > 0 && this.#waits.hasBlocked && this.#mayWait(statement);
    if (statement.savepoint) connection.sendAhead('savepoint simcity_gate');
    statement.phase = 'sent';
    this.#sent = statement;
    statement.answered = this.#answerTo(statement, connection).then(
      (rows) => {
        if (statement.told) statement.keepResult(rows);
        statement.settle([...rows], null);
      },
      (error: unknown) => {
        if (sqlState(error) === '40001') this.#happenings.sometimes['a transaction failed to serialize']++;
        statement.settle(null, error);
      },
    );
  }

  #mayWait({ kind, traits }: Statement): boolean {
    return kind === 'statement' ? !traits.aboutSavepoint : kind === 'commit' && this.#city.checksAtCommit;
  }

  #answerTo(statement: Statement, connection: Connection): Promise<Record<string, unknown>[]> {
    const { kind, text, values } = statement;
    return kind === 'commit' ? this.#commit(statement, connection) : connection.send(text, values);
  }

  async #commit({ task, savepoint }: Statement, connection: Connection): Promise<Record<string, unknown>[]> {
    if (task.failsAtCommit) {
      task.failsAtCommit = false;
      this.#happenings.note({ type: 'fault', data: { name: 'serialization-failure' } });
      await connection.send('rollback', []);
      throw new SqlError('40001', 'could not serialize access');
    }
    // What a commit waits for is a check that was put off to it: that can be taken back, a commit can not.
    if (savepoint) await connection.send('set constraints all immediate', []);
    return await connection.send('commit', []);
  }

  /** Its answer is held until its commit, which is a step of its own. */
  #hold(statement: Statement): void {
    const { task, transaction } = statement;
    if (transaction) transaction.statements++;
    task.queue.unshift(statement.commit());
  }

  /** Hands the answer to the service's code; then whatever waited for the locks that went is settled. */
  async #finish(statement: Statement): Promise<void> {
    const { transaction, connection, traits } = statement;
    if (transaction && !statement.endsTransaction) {
      transaction.statements++;
      await this.#settleInside(statement, transaction);
    }
    if (statement.endsTransaction && connection) {
      // A commit that PostgreSQL refused has ended its transaction; one that never came to it has not. What waits for
      // its locks is only looked at once they are gone.
      if (statement.error && transaction) await connection.send('rollback', []);
      this.#waits.release(statement, connection);
      this.#pool.give(connection);
      await this.#waits.locksLetGo();
      this.#serveLine();
    } else if (traits.letsLocksGo) await this.#waits.locksLetGo();
    if (statement.error) statement.reject(statement.error);
    else statement.resolve(statement.rows ?? []);
  }

  /** What a statement's end means to its transaction, which goes on. */
  async #settleInside(statement: Statement, transaction: Transaction): Promise<void> {
    const { error, savepoint, connection, traits } = statement;
    if (error) {
      transaction.aborted = true;
      // PostgreSQL lets an aborted transaction's locks go at once, before the rollback comes.
      await this.#waits.locksLetGo();
      return;
    }
    if (traits.goesBack) transaction.aborted = false;
    if (savepoint && connection) connection.sendAhead('release savepoint simcity_gate');
  }

  #serveLine(): void {
    while (this.#line.length > 0) {
      const connection = this.#pool.take();
      if (!connection) return;
      const task = this.#line.shift() as PostgresTask;
      this.#assign(task.queue[0] as Statement, connection);
      this.#happenings.makeReady(task);
    }
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
async function told<T>(phase: AdapterPhase, where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message = `The service's ${where} failed: ${errorText(cause)}`;
    if (isDatabaseAway(cause)) throw new Error(message, { cause });
    throw new AdapterError(message, { phase, role: 'target', cause });
  }
}

function connectionLost(error: unknown): Error {
  const code = String((error as { code?: unknown }).code);
  return new Error(
    `A connection to PostgreSQL was lost in the middle of the run (${code}), which is no fault of the service.`,
    { cause: error },
  );
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
