/** A value of a failure in words: text as it is, alternatives with `or` between them, holders of seats, and fields by their names. */
import { safeText } from './sanitize.ts';

/** So many values inside of each other are told in words. */
const DEEPEST = 4;

export interface ValueContext {
  /** Seats of the object that the value is about; null: not known. */
  capacity?: number | null;
}

/** Safe to print. */
export function valueText(value: unknown, { capacity = null }: ValueContext = {}): string {
  return words(value, capacity, 0);
}

/** A sentence in which a value stands as JSON at the end: `the target shows {"id":"slot-010",…}`. Safe to print. */
export function sentenceText(sentence: string): string {
  const at = sentence.search(/[[{]/);
  if (at < 0) return safeText(sentence);
  try {
    const value: unknown = JSON.parse(sentence.slice(at));
    return `${safeText(sentence.slice(0, at))}${valueText(value)}`;
  } catch {
    return safeText(sentence);
  }
}

function words(value: unknown, capacity: number | null, depth: number): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return safeText(value);
  if (typeof value !== 'object') return String(value);
  if (depth >= DEEPEST) return '…';
  if (Array.isArray(value)) return listWords(value, capacity, depth);
  return isRecord(value) ? recordWords(value, depth) : '…';
}

function listWords(list: readonly unknown[], capacity: number | null, depth: number): string {
  if (list.length === 0) return 'none';
  if (list.every((each) => typeof each === 'string')) return list.map(safeText).join(', or ');
  if (list.every(isHolding)) {
    const holders = list.map(({ citizen, id }) => `${safeText(citizen)} (${safeText(id)})`).join(', ');
    const over =
      capacity === null ? '' : `; ${list.length} of ${capacity} ${capacity === 1 ? 'seat' : 'seats'}`;
    return `${list.length === 1 ? 'holder' : 'holders'}: ${holders}${over}`;
  }
  return list.map((each) => words(each, null, depth + 1)).join('; ');
}

/** `slot-010: capacity 5, open, holders: …`. */
function recordWords(record: Readonly<Record<string, unknown>>, depth: number): string {
  const { id, bookings, ...rest } = record;
  const capacity = typeof rest['capacity'] === 'number' ? rest['capacity'] : null;
  const fields = Object.entries(rest).map(([name, value]) => fieldWords(name, value, depth));
  const held =
    bookings === undefined
      ? []
      : Array.isArray(bookings) && bookings.length === 0
        ? ['no bookings']
        : [
            Array.isArray(bookings)
              ? listWords(bookings, capacity, depth + 1)
              : fieldWords('bookings', bookings, depth),
          ];
  const told = [...fields, ...held].join(', ');
  if (typeof id !== 'string') return told === '' ? 'nothing' : told;
  return told === '' ? safeText(id) : `${safeText(id)}: ${told}`;
}

function fieldWords(name: string, value: unknown, depth: number): string {
  const said = safeText(name);
  if (typeof value === 'boolean') return value ? said : `not ${said}`;
  return `${said} ${words(value, null, depth + 1)}`;
}

function isHolding(value: unknown): value is { id: string; citizen: string } {
  return isRecord(value) && typeof value['id'] === 'string' && typeof value['citizen'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
