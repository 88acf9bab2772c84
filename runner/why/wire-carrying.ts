/** Which requests of a bundle carry its failure, as far as a client can tell without knowing what happened inside. */
import type { Forensic, Interval } from '../../server/contract/index.ts';

export interface Carrying {
  /** The operation whose answer broke it; null: not known. */
  readonly accused: number | null;
  /** Operations without which there would be nothing wrong, or that may have come between. */
  readonly partners: ReadonlySet<number>;
  /** What stands beside the answers of operations: `2 of 1 seats`. */
  readonly marks: ReadonlyMap<number, string>;
}

type Told = Pick<Forensic, 'history' | 'operation' | 'object' | 'city'>;

/** More are not drawn. */
const MOST_PARTNERS = 12;
/** Without an operation to blame: the last writes before it showed. */
const LAST_WRITES = 4;
/** Methods that change nothing. */
const SAFE = /^(?:GET|HEAD|OPTIONS|PROPFIND|REPORT) /;
/** For a bundle that has no requests: looks of the scenarios that SimCity brings. */
const LOOKS = new Set(['read', 'list', 'balance', 'statement']);

/** `history` in the order in which it was asked. */
export function carryingOf(told: Told): Carrying {
  const { history, operation } = told;
  const number = operation?.['op'];
  const own = history.find((each) => each.operation === number) ?? null;
  const holders = holdersOver(told);
  const found = [...holders.keys(), ...(own ? linkedTo(own, history) : lastWrites(history))];
  const partners = [...new Set(found)].filter((op) => op !== own?.operation);
  return {
    accused: own?.operation ?? null,
    partners: new Set(partners.slice(0, MOST_PARTNERS)),
    marks: holders,
  };
}

/** How long two requests were under way at once, in ms; not above 0: they were not. */
export function overlapMs(one: Interval, other: Interval): number {
  const end = (each: Interval) => each.completedMs ?? Number.POSITIVE_INFINITY;
  return Math.min(end(one), end(other)) - Math.max(one.invokedMs, other.invokedMs);
}

/** Those with its key or about its booking, the writes that it met, and the last write that was answered before it began. */
function linkedTo(own: Interval, history: readonly Interval[]): number[] {
  const names = new Set(namesOf(own));
  const others = history.filter((each) => each !== own);
  const named = others.filter((each) => namesOf(each).some((name) => names.has(name)));
  const writes = others.filter((each) => !isLook(each) && each.outcome !== 'refused');
  const met = writes.filter((each) => overlapMs(own, each) > 0);
  const before = writes.findLast((each) => each.completedMs !== null && each.completedMs <= own.invokedMs);
  return [...named, ...met, ...(before ? [before] : [])].map(({ operation }) => operation);
}

function lastWrites(history: readonly Interval[]): number[] {
  const writes = history.filter((each) => !isLook(each) && each.outcome !== 'refused');
  return writes.slice(-LAST_WRITES).map(({ operation }) => operation);
}

/** All who hold a seat when there are more of them than seats, with how many there were then. */
function holdersOver({ history, city, object }: Told): Map<number, string> {
  const capacity = capacityOf(city, object);
  const taken = new Map<string, number>();
  const marks = new Map<number, string>();
  const answered = history
    .filter(({ outcome, completedIndex }) => outcome === 'ok' && completedIndex !== null)
    .sort((a, b) => (a.completedIndex as number) - (b.completedIndex as number));
  for (const { operation, call, answer } of answered) {
    const booking = textIn(answer, 'booking') ?? textIn(call, 'booking');
    if (booking === null) continue;
    if (call['operation'] === 'cancel') taken.delete(booking);
    if (call['operation'] !== 'book') continue;
    taken.set(booking, operation);
    marks.set(operation, `${taken.size} of ${capacity} ${capacity === 1 ? 'seat' : 'seats'}`);
  }
  if (capacity === null || taken.size <= capacity) return new Map();
  const holding = new Set(taken.values());
  return new Map([...marks].filter(([operation]) => holding.has(operation)));
}

function capacityOf(city: unknown, object: string | null): number | null {
  if (!Array.isArray(city)) return null;
  const own: unknown = city.find((each) => textIn(each, 'id') === object);
  const capacity = (own as { capacity?: unknown } | undefined)?.capacity;
  return typeof capacity === 'number' ? capacity : null;
}

/** Its key, and the booking that it is about or was given. */
function namesOf({ call, answer }: Interval): string[] {
  const named = [textIn(call, 'key'), textIn(call, 'booking'), textIn(answer, 'booking')];
  return named.filter((name) => name !== null);
}

function isLook({ call, wire }: Interval): boolean {
  if (wire && wire.length > 0) return wire.every(({ request }) => SAFE.test(request));
  return LOOKS.has(String(call['operation']));
}

function textIn(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const found = (value as Record<string, unknown>)[name];
  return typeof found === 'string' ? found : null;
}
