/** How many there are of how many there may be, where the broken invariant says so. */
import type { Forensic } from '../../server/contract/index.ts';

/** `2 of 1 seats`; null: the failure is about something else. */
export function tallyOf({
  actual,
  expected,
  message,
}: Pick<Forensic, 'actual' | 'expected' | 'message'>): string | null {
  const limit = /^at most (\d+|one) ([^,.;]+)/.exec(String(expected ?? ''));
  const count = countIn(actual);
  if (!limit || count === null) return null;
  const most = limit[1] === 'one' ? 1 : Number(limit[1]);
  if (count <= most) return null;
  // The sentence has the plain word for what there is too little of: "but only 1 seats".
  const only = new RegExp(`\\bonly ${most} (\\w+)`).exec(message);
  return `${count} of ${most} ${plural(only?.[1] ?? (limit[2] as string))}`;
}

/** Those that are there: a number, a list, or an object with one of the two. */
function countIn(actual: unknown): number | null {
  if (typeof actual === 'number') return actual;
  if (Array.isArray(actual)) return actual.length;
  if (typeof actual !== 'object' || actual === null) return null;
  const lists = Object.values(actual).filter(Array.isArray);
  if (lists.length === 1) return (lists[0] as unknown[]).length;
  return null;
}

function plural(noun: string): string {
  return /^(\w+ )*\w*[^s]$/.test(noun) && !noun.includes(' of ') ? `${noun}s` : noun;
}

/** What the model would have allowed instead, short: `refused: slot-full`; null: nothing short is known. */
export function allowedInstead({ expected }: Pick<Forensic, 'expected'>): string | null {
  if (!Array.isArray(expected) || expected.length === 0 || expected.length > 2) return null;
  const texts = expected.map(String);
  return texts.every((text) => text.length <= 60) ? texts.join(' or ') : null;
}
