/** The `sql` client that a service under test is written against; the engine holds its every statement at a gate. */
import type { Call, Reply } from '../../scenarios/scenario.ts';

export type SqlValue = string | number | boolean | bigint | null | readonly string[] | readonly number[];

/**
 * Sends one statement: `` sql`select … where id = ${id}` ``. Values travel as parameters. Resolves with
 * the rows; rejects with an error that has PostgreSQL's SQLSTATE as `code`.
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
}

/** A service over PostgreSQL: ordinary asynchronous code that awaits nothing but its `sql` client. */
export interface SqlService {
  /** The tables, as SQL statements; run once in an empty schema. */
  readonly schema: string;
  /** Fills the tables of a fresh city. */
  prepare(sql: SqlClient, world: Readonly<Record<string, unknown>>): Promise<void>;
  /** Answers one request. The time is asked of `clock` alone: real time would make each run another one. */
  handle(sql: SqlClient, call: Call, clock: ServiceClock): Promise<Reply>;
  /** The whole city, for audits. */
  inspect(sql: SqlClient): Promise<unknown>;
}

/** The text of a template with `$1`, `$2`, … for its values. */
export function placeholders(text: TemplateStringsArray): string {
  const known = TEXTS.get(text);
  if (known !== undefined) return known;
  const result = text.reduce((joined, part, i) => `${joined}$${i}${part}`);
  TEXTS.set(text, result);
  return result;
}

// A template's strings are one object for each place in the source, so its text is composed once.
const TEXTS = new WeakMap<TemplateStringsArray, string>();

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

/** True when the database, or the way to it, went away: what PostgreSQL says as it ends, or the driver of its socket. */
export function isConnectionLoss(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(?:57P0[123]|08...|CONNECT|ECONN|EPIPE)/.test(code);
}

/** An error as the database would raise it, for what the engine decides in its place. */
export class SqlError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
  }
}
