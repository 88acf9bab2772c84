/** The connection pool to the control plane's database. */
import postgres from 'postgres';
import { noteNotice } from './replicated.ts';

/** bigint columns hold indexes and seeds, all below 2^53, so they are numbers here. */
const NUMERIC_TYPES = {
  bigint: {
    to: 20,
    from: [20],
    parse: (text: string) => Number(text),
    serialize: (value: number) => String(value),
  },
};

export type Sql = postgres.Sql<{ bigint: number }>;

export interface ConnectOptions {
  /** Connections at most. */
  max?: number;
  name?: string;
  onNotice?: (notice: postgres.Notice) => void;
}

/** A pool that connects on first use and reconnects by itself. Nothing is sent before a query. */
export function connect(url: string, options: ConnectOptions = {}): Sql {
  return postgres(url, {
    max: options.max ?? 10,
    connect_timeout: 5,
    idle_timeout: 60,
    // A connection that broke is tried again soon: queries meanwhile fail at once and say so.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 1),
    types: NUMERIC_TYPES,
    onnotice: (notice) => {
      noteNotice(notice);
      options.onNotice?.(notice);
    },
    connection: { application_name: options.name ?? 'simcity-server' },
  });
}

/** Codes of node and postgres.js for a server that cannot be reached or went away. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
]);

/** SQLSTATEs of a server that is starting, stopping, full, or a standby; class 08 is added to these. */
const NOT_NOW = new Set(['57P01', '57P02', '57P03', '57P05', '53300', '53400', '25006']);

/** SQLSTATEs of what had to give way: timeouts (of locks, statements, transactions), deadlocks, serialization. */
const GAVE_WAY = new Set(['55P03', '57014', '25P03', '25P04', '40001', '40P01']);

/** The code of an error of node, postgres.js or PostgreSQL. */
export function errorCode(error: unknown): string | null {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** True when the database is away, or had no time for this, so that trying again later is right. */
export function isUnreachable(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code !== null &&
    (UNREACHABLE.has(code) || NOT_NOW.has(code) || GAVE_WAY.has(code) || /^08\w{3}$/.test(code))
  );
}

/** True when the database is there, and ended this in favour of something else, or by a time limit of its own. */
export function gaveWay(error: unknown): boolean {
  return GAVE_WAY.has(errorCode(error) ?? '');
}
