/** What a target tells of each statement, to whoever explains or records an execution; nobody listens otherwise. */
import type postgres from 'postgres';

/** A statement as the service sent it, from when it was first let through to its end. Filled in as it goes on. */
export interface WatchedStatement {
  /** From 0, in the order in which statements were first let through. */
  readonly id: number;
  /** The owner of its task (`Task.owner`); null: nobody's (the service's own doings). */
  readonly owner: unknown;
  readonly kind: 'begin' | 'statement' | 'commit' | 'rollback';
  readonly text: string;
  readonly values: readonly unknown[];
  /** The same as they were on the wire; null, or left out: it did not come over one, or several came together. */
  readonly bound?: BoundValues | null;
  /** The connection's number, equal in every execution of the same seed. */
  readonly connection: number;
  /** Equal for all statements of one transaction; null: none (a read outside of one). */
  readonly transaction: number | null;
  /** True for a transaction that the gate gave to a single statement. */
  readonly isAutocommit: boolean;
  /** At a `begin`, or at the first statement of a transaction whose `begin` is not seen. */
  readonly isolation: string | null;
  /** Times at which it was (last) sent and answered, on one count for all statements of the execution; null: not yet. */
  sentAt: number | null;
  settledAt: number | null;
  /** The first rows of the answer, as objects by column; null: an error, or not known. */
  rows: readonly Readonly<Record<string, unknown>>[] | null;
  /** Rows returned or changed. */
  count: number | null;
  /** PostgreSQL's command tag, its word alone: `SELECT`. */
  tag: string | null;
  /** SQLSTATE. */
  error: string | null;
  /** Ids of the statements whose transactions it waited for, over all waits. */
  readonly waitedFor: number[];
  /** Times at which it began to wait. */
  readonly waitedAt: number[];
  takenBack: number;
}

/** SQLSTATE of a statement that was cut off: its connection ended before it was answered. */
export const CONNECTION_LOST = '08006';

/** Rows of an answer that are kept. */
export const MOST_WATCHED_ROWS = 50;

/** What a statement on the wire was bound to, byte for byte, and in which formats it is answered. */
export interface BoundValues {
  /** As its client declared them, by their OIDs; 0, or none: the server finds out. */
  readonly types: readonly number[];
  /** Codes of the values: none is text, one is for all. */
  readonly formats: readonly number[];
  readonly values: readonly (Buffer | null)[];
  /** Likewise of the columns of the answer. */
  readonly resultFormats: readonly number[];
}

/** Asks statements of the wire again, as their client did, on a connection that is none of its own. */
export interface AsksAgain {
  /** `text` reads only. The rows as a watch is told them; null: there is no answer. */
  ask(text: string, bound: BoundValues): Promise<readonly Readonly<Record<string, unknown>>[] | null>;
}

export interface StatementWatch {
  /** It is let through for the first time. */
  began(statement: WatchedStatement): void;
  /** It is answered. After a `commit` (also the one of an autocommit write) nothing goes on until the promise resolves. */
  settled(statement: WatchedStatement, control: postgres.Sql): void | Promise<void>;
  /**
   * The city is laid and nothing has begun. `control`: a connection that is none of the service's, to the same data.
   * `again`: for statements that are `bound`. `inspect`: what an audit would be shown; left out: nothing shows it while requests
   * are inside.
   */
  prepared?(control: postgres.Sql, again?: AsksAgain, inspect?: () => Promise<unknown>): Promise<void>;
}
