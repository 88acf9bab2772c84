/** The engine's side of the `sql` client: the text of a statement, and the errors that are not the service's own. */
import { sqlState } from '../../service/sql-service.ts';

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

const AWAY_CODES = new Set([
  ...['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH'],
]);

/** True when the database could not be reached, or ended, or had no room: nobody's code is to blame then. */
export function isDatabaseAway(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(08|53|57P)/.test(state);
  return AWAY_CODES.has(String((error as { code?: unknown } | null)?.code));
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
