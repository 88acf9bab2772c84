/** Whose a row is, by what its maker put into the tables. */
import type { Effect, Effects } from './effects.ts';
import type { RecordedRequest } from './findings.ts';
import { givenIds } from './said.ts';

/**
 * The request of another operation that has made the row, or that which the row belongs to by its key; null: the call of
 * `request` names it, or nobody is known to have made it.
 */
export function rowMaker(
  { table, key, before }: Effect,
  request: RecordedRequest,
  all: readonly RecordedRequest[],
  effects: Effects,
): RecordedRequest | null {
  if (before === null) return null;
  const named = new Set(Object.values(request.call).map(String));
  const values = new Set(Object.values(before));
  const isMade = (made: Effect) => {
    const id = keyOf(made);
    const isOfIt = (made.table === table && made.key === key) || (id !== null && values.has(id));
    return made.before === null && isOfIt && !(id !== null && named.has(id));
  };
  const isNamed = (each: RecordedRequest) => givenIds(each).some((id) => named.has(id));
  return all.find((each) => each.n !== request.n && !isNamed(each) && effects.of(each).some(isMade)) ?? null;
}

/** Null: it has several columns, or is a number, which other columns have by chance. */
function keyOf({ key }: Effect): string | null {
  const values: unknown = JSON.parse(key);
  const [value, ...more] = Array.isArray(values) ? values : [];
  return more.length === 0 && typeof value === 'string' && /\D/.test(value) ? value : null;
}
