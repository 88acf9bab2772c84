/**
 * One request's statements at the gate: its code runs until it has asked for a statement, and goes on
 * when the engine has let that statement through.
 */

import type { Call, Reply } from '../../service/call.ts';
import {
  type ServiceClock,
  type SqlClient,
  type SqlService,
  type SqlValue,
  sqlState,
} from '../../service/sql-service.ts';
import type { AutocommitWrites } from '../locks/autocommit-writes.ts';
import type { Happenings } from '../locks/happenings.ts';
import type { HeldStatement, HeldTransaction } from '../locks/held.ts';
import { type TextTraits, traitsOf } from '../locks/statement-text.ts';
import type { StatementFeed, ToldStatement } from '../statement-feed.ts';
import type { NextStep, Task } from '../target.ts';
import type { Connection } from './connection-pool.ts';
import { placeholders, SqlError } from './sql-client.ts';

export type StatementKind = 'statement' | 'commit' | 'rollback';

/** A transaction of a task; its connection is bound from its first statement to its end. */
export interface Transaction extends HeldTransaction {
  connection: Connection | null;
  /** Statements that were answered in it. */
  statements: number;
  /** PostgreSQL refuses everything but going back, to a savepoint or to before the beginning. */
  aborted: boolean;
  /** True when the engine gave it to a single statement. */
  readonly isAutocommit: boolean;
  /** Its `begin`, for whoever listens. */
  begin: ToldStatement | null;
}

function newTransaction(isAutocommit: boolean): Transaction {
  return { connection: null, statements: 0, aborted: false, isAutocommit, begin: null };
}

/** Serialization failures and deadlocks: the interleaving brings them about, and the engine decides that. */
const OF_INTERLEAVING: ReadonlySet<string> = new Set(['40001', '40P01']);

export class Statement implements HeldStatement {
  readonly task: PostgresTask;
  readonly kind: StatementKind;
  readonly text: string;
  readonly traits: TextTraits;
  readonly values: readonly SqlValue[];
  readonly transaction: Transaction | null;
  /** True when the engine gave it its transaction, which ends with a commit that the code knows nothing of. */
  readonly isAutocommit: boolean;
  /**
   * `queued` at the gate, `sent` to the database, `settled` with rows or an error that the code has not
   * been given yet.
   */
  phase: 'queued' | 'sent' | 'settled' = 'queued';
  connection: Connection | null = null;
  /** Backends it was last seen to wait for. */
  blockers: readonly number[] = [];
  /** True once a savepoint stands before it, to which it can be taken back. */
  savepoint = false;
  rows: Record<string, unknown>[] | null = null;
  /** Rows returned or changed, and the command's tag; kept for whoever listens. */
  count: number | null = null;
  tag: string | null = null;
  told: ToldStatement | null = null;
  error: unknown = null;
  /** Resolves, never rejects, when the database has answered. */
  answered: Promise<void> = Promise.resolve();
  #asks: string | null = null;
  resolve!: (rows: Record<string, unknown>[]) => void;
  reject!: (error: unknown) => void;

  constructor(
    task: PostgresTask,
    kind: StatementKind,
    text: string,
    values: readonly SqlValue[],
    transaction: Transaction | null,
    isAutocommit = false,
  ) {
    this.task = task;
    this.isAutocommit = isAutocommit;
    this.kind = kind;
    this.text = text;
    this.traits = traitsOf(text);
    this.values = values;
    this.transaction = transaction;
  }

  get asks(): string | null {
    if (this.kind !== 'statement') return null;
    this.#asks ??= JSON.stringify([this.text, this.values], (_, value: unknown) =>
      typeof value === 'bigint' ? { bigint: String(value) } : value,
    );
    return this.#asks;
  }

  get hardlyWaits(): boolean {
    // A commit that has a savepoint before it checks first what was put off to it.
    if (this.kind !== 'statement') return !this.savepoint;
    return this.traits.aboutSavepoint || (this.traits.isRead && !this.task.writes.has(this.text));
  }

  /** What began a transaction goes back with it; any other statement in one needs a savepoint before it. */
  get canBeTakenBack(): boolean {
    return this.savepoint || !this.transaction || this.transaction.statements === 0;
  }

  get wasCancelled(): boolean {
    return sqlState(this.error) === '57014';
  }

  takenBack(): void {
    this.phase = 'queued';
    this.error = null;
    if (this.told) this.told.takenBack++;
    if (this.transaction)
      this.connection?.sendAhead(this.savepoint ? 'rollback to savepoint simcity_gate' : 'rollback');
  }

  becomesVictim(): void {
    this.settle(null, new SqlError('40P01', 'deadlock detected'));
  }

  waits(): void {
    this.task.state = 'waiting';
  }

  wakes(): void {
    if (this.told && this.phase === 'settled') this.tellAnswer();
    this.task.happenings.makeReady(this.task);
  }

  /** Keeps what the driver says of the answer beside its rows. */
  keepResult(result: object): void {
    const { count, command } = result as { count?: unknown; command?: unknown };
    this.count = typeof count === 'number' ? count : null;
    this.tag = typeof command === 'string' ? command : null;
  }

  /** Whoever listens is to be told of its answer. */
  tellAnswer(): void {
    const { feed } = this.task;
    const { told, transaction, rows, count, tag, error } = this;
    if (!feed || !told) return;
    const begun = { rows: null, count: null, tag: 'BEGIN', error: null };
    if (transaction?.begin && told.sentAt !== null) feed.answered(transaction.begin, begun);
    feed.answered(told, { rows, count, tag, error });
  }

  settle(rows: Record<string, unknown>[] | null, error: unknown): void {
    this.phase = 'settled';
    if (OF_INTERLEAVING.has(sqlState(error) ?? '')) this.task.disturbed = true;
    this.rows = rows;
    this.error = error;
  }

  /** True when its transaction ends with it. */
  get endsTransaction(): boolean {
    return (
      this.kind !== 'statement' || this.transaction === null || (this.isAutocommit && this.error !== null)
    );
  }

  /** The commit of a transaction that the engine gave it: the code gets this one's rows once that is through. */
  commit(): Statement {
    const commit = new Statement(this.task, 'commit', 'commit', [], this.transaction);
    commit.resolve = () => this.resolve(this.rows ?? []);
    commit.reject = this.reject;
    return commit;
  }

  /** True when PostgreSQL would refuse it, because an earlier statement of its transaction has failed. */
  get isRefused(): boolean {
    return this.kind === 'statement' && !this.traits.goesBack && this.transaction?.aborted === true;
  }
}

export interface TaskOptions {
  service: SqlService;
  clock: ServiceClock;
  happenings: Happenings<PostgresTask>;
  /** What gets a transaction of its own outside of those of the code. */
  writes: AutocommitWrites;
  /** The task's first transaction is to fail at its end. */
  failsAtCommit: boolean;
  /** Null: nobody listens. */
  feed: StatementFeed | null;
}

export class PostgresTask implements Task {
  state: Task['state'] = 'ready';
  reply: Reply | null = null;
  disturbed = false;
  owner: unknown = null;
  started = false;
  /** True once the service's code has come to its end. */
  answered = false;
  /** Statements asked for and not yet answered to the code, oldest first. */
  readonly queue: Statement[] = [];
  /** Statements whose answers are there, or are with the code already. */
  answers = 0;
  /** True while the task's first transaction is still to fail at its end. */
  failsAtCommit: boolean;
  readonly call: Call;
  readonly happenings: Happenings<PostgresTask>;
  readonly writes: AutocommitWrites;
  readonly feed: StatementFeed | null;
  readonly #options: TaskOptions;

  constructor(call: Call, options: TaskOptions) {
    this.call = call;
    this.happenings = options.happenings;
    this.writes = options.writes;
    this.feed = options.feed;
    this.failsAtCommit = options.failsAtCommit;
    this.#options = options;
  }

  next(): NextStep {
    const statement = this.queue[0];
    if (!statement) return { kind: 'code', text: null, statements: this.answers };
    // Its answer is there already: what is left is to hand it to the code.
    if (statement.phase === 'settled') return { kind: 'code', text: null, statements: this.answers + 1 };
    return { kind: statement.kind, text: statement.text, statements: this.answers };
  }

  /** Runs the service's code up to its first statement. */
  run(): void {
    this.started = true;
    const { service, clock } = this.#options;
    const handled = (async () => service.handle(this.#client(null), this.call, clock))();
    handled.then(
      (reply) => {
        this.reply ??= reply;
        this.answered = true;
      },
      (error: unknown) => {
        this.reply ??= { outcome: 'failed', error: describe(error) };
        this.answered = true;
      },
    );
  }

  /** The process is killed: its code never goes on, its request is over. */
  kill(): void {
    this.queue.length = 0;
    this.state = 'done';
    this.disturbed = true;
    this.reply = { outcome: 'failed', error: 'connection lost' };
  }

  #client(transaction: Transaction | null): SqlClient {
    const sql = (text: TemplateStringsArray, ...values: readonly SqlValue[]) =>
      this.#ask('statement', placeholders(text), values, transaction);
    const begin = <Result>(work: (inner: SqlClient) => Promise<Result>): Promise<Result> => {
      if (transaction) throw new Error('sql.begin inside sql.begin: PostgreSQL has no nested transactions');
      return this.#begin(work);
    };
    return Object.assign(sql, { begin }) as SqlClient;
  }

  async #begin<Result>(work: (sql: SqlClient) => Promise<Result>): Promise<Result> {
    const transaction = newTransaction(false);
    let result: Result;
    try {
      result = await work(this.#client(transaction));
    } catch (error) {
      if (transaction.connection) await this.#ask('rollback', 'rollback', [], transaction);
      throw error;
    }
    if (transaction.connection) {
      await this.#ask(
        transaction.aborted ? 'rollback' : 'commit',
        transaction.aborted ? 'rollback' : 'commit',
        [],
        transaction,
      );
    }
    return result;
  }

  #ask(
    kind: StatementKind,
    text: string,
    values: readonly SqlValue[],
    transaction: Transaction | null,
  ): Promise<Record<string, unknown>[]> {
    const isAutocommit = transaction === null && this.writes.has(text);
    const within = isAutocommit ? newTransaction(true) : transaction;
    const statement = new Statement(this, kind, text, values, within, isAutocommit);
    if (statement.isRefused) return Promise.reject(this.#refused(statement));
    const answer = new Promise<Record<string, unknown>[]>((resolve, reject) => {
      statement.resolve = resolve;
      statement.reject = reject;
    });
    this.queue.push(statement);
    return answer;
  }

  /** It never comes to the gate, but whoever listens is told of it. */
  #refused(statement: Statement): SqlError {
    const error = abortedError();
    this.answers++;
    statement.settle(null, error);
    if (this.feed) {
      statement.told = tellOf(statement, this.feed);
      statement.tellAnswer();
    }
    return error;
  }
}

/** Whoever listens is told that the statement is let through. */
export function tellOf(
  statement: Statement,
  feed: StatementFeed,
  isolation: string | null = null,
): ToldStatement {
  const { task, kind, text, values, transaction } = statement;
  const connection = (statement.connection ?? transaction?.connection)?.number ?? -1;
  const isAutocommit = transaction?.isAutocommit ?? false;
  return feed.letThrough({
    owner: task.owner,
    kind,
    text,
    values,
    connection,
    transaction,
    isAutocommit,
    isolation,
  });
}

/** What PostgreSQL says to every statement of a transaction in which one has failed. */
export function abortedError(): SqlError {
  return new SqlError(
    '25P02',
    'current transaction is aborted, commands ignored until end of transaction block',
  );
}

/** An error as it goes into the history: without what the world decides (process numbers, addresses). */
function describe(error: unknown): string {
  const state = sqlState(error);
  if (state) return `SQLSTATE ${state}`;
  return error instanceof Error ? (error.message.split('\n')[0] as string).slice(0, 200) : 'not an Error';
}
