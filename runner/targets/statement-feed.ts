/** Tells a watch of each statement: numbers statements and transactions, and keeps the one count of times. */
import type postgres from 'postgres';
import { sqlState } from '../service/sql-service.ts';
import { SqlError } from './postgres/sql-client.ts';
import {
  type AsksAgain,
  type BoundValues,
  CONNECTION_LOST,
  MOST_WATCHED_ROWS,
  type StatementWatch,
  type WatchedStatement,
} from './statements.ts';

type Row = Readonly<Record<string, unknown>>;

/** What is known of a statement when it is let through. */
export type LetThrough = Pick<
  WatchedStatement,
  'owner' | 'kind' | 'text' | 'values' | 'connection' | 'isAutocommit' | 'isolation'
> & {
  readonly bound?: BoundValues | null;
  /** The transaction, as an object of the target's that stays the same to its end; null: none. */
  readonly transaction: object | null;
};

/** What the database answered. */
export interface DatabaseAnswer {
  /** Null: an error, or not known. */
  readonly rows: readonly Row[] | null;
  readonly count: number | null;
  readonly tag: string | null;
  /** The error itself; null: none. */
  readonly error: unknown;
}

/** A statement that a watch is told of; the target says what becomes of it. */
export class ToldStatement implements WatchedStatement {
  readonly id: number;
  readonly owner: unknown;
  readonly kind: WatchedStatement['kind'];
  readonly text: string;
  readonly values: readonly unknown[];
  readonly connection: number;
  readonly transaction: number | null;
  readonly isAutocommit: boolean;
  readonly isolation: string | null;
  sentAt: number | null = null;
  settledAt: number | null = null;
  rows: readonly Row[] | null = null;
  count: number | null = null;
  tag: string | null = null;
  error: string | null = null;
  readonly waitedFor: number[] = [];
  readonly waitedAt: number[] = [];
  takenBack = 0;
  readonly #feed: StatementFeed;
  readonly #bound: BoundValues | null;

  constructor(id: number, transaction: number | null, about: LetThrough, feed: StatementFeed) {
    this.id = id;
    this.transaction = transaction;
    this.owner = about.owner;
    this.kind = about.kind;
    this.text = about.text;
    this.values = about.values;
    this.connection = about.connection;
    this.isAutocommit = about.isAutocommit;
    this.isolation = about.isolation;
    this.#feed = feed;
    this.#bound = about.bound ?? null;
  }

  get bound(): BoundValues | null {
    return this.#bound;
  }

  /** It goes to the database, for the first time or again. */
  sent(): void {
    this.sentAt = this.#feed.tick();
  }

  /** It begins to wait for the transactions of these; several times, when it goes on to wait for others. */
  waitsFor(others: Iterable<ToldStatement | null | undefined>, isStillWaiting: boolean): void {
    if (!isStillWaiting) this.waitedAt.push(this.#feed.tick());
    for (const other of others) {
      if (other && other !== this && !this.waitedFor.includes(other.id)) this.waitedFor.push(other.id);
    }
  }

  /** The database has answered; the watch is told of it by the feed. */
  answered({ rows, count, tag, error }: DatabaseAnswer): void {
    this.settledAt = this.#feed.tick();
    this.rows = rows?.slice(0, MOST_WATCHED_ROWS) ?? null;
    this.count = count;
    this.tag = tag;
    this.error = error === null ? null : (sqlState(error) ?? 'XX000');
  }
}

/** How a statement ends whose connection does. */
export const LOST: DatabaseAnswer = {
  rows: null,
  count: null,
  tag: null,
  error: new SqlError(CONNECTION_LOST, 'the connection is lost'),
};

export class StatementFeed {
  readonly #watch: StatementWatch;
  readonly #control: postgres.Sql;
  readonly #again: AsksAgain | undefined;
  readonly #transactions = new WeakMap<object, number>();
  #transactionsSeen = 0;
  #statements = 0;
  #times = 0;
  /** Let through and not answered. */
  readonly #open = new Set<ToldStatement>();
  /** Answered and not told yet. */
  #untold: ToldStatement[] = [];

  /** `control`: a connection that is none of the service's, to the same data. */
  constructor(watch: StatementWatch, control: postgres.Sql, again?: AsksAgain) {
    this.#again = again;
    this.#watch = watch;
    this.#control = control;
  }

  /** The next time on the count. */
  tick(): number {
    return this.#times++;
  }

  /** The city is laid. */
  async prepared(inspect?: () => Promise<unknown>): Promise<void> {
    await this.#watch.prepared?.(this.#control, this.#again, inspect);
  }

  /** A statement is let through for the first time. */
  letThrough(about: LetThrough): ToldStatement {
    const transaction = about.transaction === null ? null : this.#numberOf(about.transaction);
    const told = new ToldStatement(this.#statements++, transaction, about, this);
    this.#open.add(told);
    this.#watch.began(told);
    return told;
  }

  /** The database has answered it; the watch learns of it with the next `tell`. Only the first answer counts. */
  answered(told: ToldStatement, answer: DatabaseAnswer): void {
    if (told.settledAt !== null) return;
    told.answered(answer);
    this.#open.delete(told);
    this.#untold.push(told);
  }

  /** All connections have ended: what was under way gets no answer any more, and the watch learns of that with the next `tell`. */
  cutOff(): void {
    for (const told of this.#open) this.answered(told, LOST);
  }

  /** Tells what was answered, in order. Resolves when the watch is through with it: nothing may go on before. */
  async tell(): Promise<void> {
    for (let told = this.#untold.shift(); told; told = this.#untold.shift()) {
      await this.#watch.settled(told, this.#control);
    }
  }

  #numberOf(transaction: object): number {
    const known = this.#transactions.get(transaction);
    if (known !== undefined) return known;
    const number = this.#transactionsSeen++;
    this.#transactions.set(transaction, number);
    return number;
  }
}
