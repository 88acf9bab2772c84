/** Finds text that JSON can carry and PostgreSQL cannot store: NUL and lone surrogates. */
import { ApiError } from '../errors.ts';

/** Where in `value` the first such text is, as a path ('' for the value itself); null: all is well. */
export function unstorablePath(value: unknown): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : '';
  if (value === null || typeof value !== 'object') return null;
  for (const [key, inner] of Object.entries(value)) {
    if (!isStorable(key)) return `.${JSON.stringify(key)}`;
    const path = unstorablePath(inner);
    if (path !== null) return `.${key}${path}`;
  }
  return null;
}

/** False, at the cost of one pass, when no JSON text with such a value can look like `text`. */
export function maySpellUnstorable(text: string): boolean {
  return /\\u(0000|[dD][89a-fA-F])/.test(text);
}

/** @throws ApiError `unstorable_text`. */
export function assertStorable(value: unknown, what: string): void {
  const path = unstorablePath(value);
  if (path === null) return;
  throw new ApiError(
    422,
    'unstorable_text',
    `${what}${path} holds a NUL character or half of a surrogate pair, which the database cannot store. Remove or escape it.`,
  );
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
