/** What a service over PostgreSQL is written against: its `sql` client, whose every statement the engine holds at a gate. */
import type { Call, Reply } from './call.ts';

export type SqlValue = string | number | boolean | bigint | null | readonly string[] | readonly number[];

/**
 * Sends one statement: `` sql`select … where id = ${id}` ``. Values travel as parameters. Resolves with
 * the rows; rejects with an error that has PostgreSQL's SQLSTATE as `code`. Outside of `begin` it is a transaction by
 * itself; one that writes or locks rows is committed in a step of its own, between which and its effect others go on.
 */
export interface SqlClient {
  <Row extends object = Record<string, unknown>>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<Row[]>;
  /**
   * One transaction at the run's isolation level: committed when `work` resolves, rolled back when it
   * rejects. Everything inside must go through the client that `work` is given.
   */
  begin<Result>(work: (sql: SqlClient) => Promise<Result>): Promise<Result>;
}

export interface ServiceClock {
  /** What the service takes for the time, in whole ms since 1970. Faults can set it wrong. */
  nowMs(): number;
  /** What its database takes for the time, in whole ms since 1970. No fault sets it wrong. */
  databaseMs(): number;
}

/** A service over PostgreSQL: ordinary asynchronous code that awaits nothing but its `sql` client. */
export interface SqlService {
  /** The tables, as SQL statements; run once in an empty schema. */
  readonly schema: string;
  /** Fills the tables of a fresh city. */
  prepare(sql: SqlClient, world: Readonly<Record<string, unknown>>): Promise<void>;
  /** Answers one request. The time is asked of `clock` alone: real time would make each run another one. */
  handle(sql: SqlClient, call: Call, clock: ServiceClock): Promise<Reply>;
  /** The service was killed and started again: what it holds in no database is gone. Left out: it holds nothing. */
  restarted?(): void;
  /** The whole city, for audits. */
  inspect(sql: SqlClient): Promise<unknown>;
}

/** True for SQLSTATEs after which the same transaction may succeed when it is tried again. */
export function isRetryable(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40001' || code === '40P01' || code === '55P03';
}

/** The SQLSTATE of an error, or null when it is none of PostgreSQL's. */
export function sqlState(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
