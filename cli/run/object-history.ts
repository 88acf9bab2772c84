/** An object's history with what carries the failure told from the rest, folds, and how full the object was. */
import type { Forensic, Interval, Why } from '../../server/contract/index.ts';
import { safeText } from './sanitize.ts';

/** `accused`: its answer broke it; `carries`: without it there would be nothing wrong; `other`: may be folded. */
export type HistoryRole = 'accused' | 'carries' | 'other';

export type HistoryRow =
  | { row: 'interval'; interval: Interval; call: string; role: HistoryRole }
  | { row: 'fold'; operations: readonly number[]; words: string };

/** How many held the object after an answer. */
export interface OccupancyPoint {
  ms: number;
  taken: number;
}

export interface Occupancy {
  /** In the order of time; empty: nothing was taken or given back. */
  points: readonly OccupancyPoint[];
  /** Null: not known. */
  capacity: number | null;
}

export interface ObjectHistory {
  rows: readonly HistoryRow[];
  occupancy: Occupancy;
  /** Of virtual time. */
  fromMs: number;
  toMs: number;
}

type Told = Pick<Forensic, 'history' | 'operation' | 'object' | 'city'>;

/** So few are all shown. */
const ALWAYS_SHOWN = 4;
const LEAST_FOLD = 2;
/** Operations that change something, of the services that SimCity brings and learns. */
const WRITES = new Set(['book', 'cancel', 'open', 'close', 'transfer', 'deposit', 'withdraw']);

/** `why`: where it is known, its requests carry the failure too. */
export function objectHistory(
  bundle: Told,
  why: Why | null,
  { unfolded = false, most = Number.POSITIVE_INFINITY }: { unfolded?: boolean; most?: number } = {},
): ObjectHistory {
  const { history } = bundle;
  const roles = rolesOf(bundle, why);
  const shown = history.slice(-most);
  const folds = !unfolded && shown.length > ALWAYS_SHOWN && roles.size > 0;
  const ends = history.map(({ invokedMs, completedMs }) => completedMs ?? invokedMs);
  return {
    rows: rowsOf(shown, roles, folds),
    occupancy: occupancyOf(bundle),
    fromMs: Math.min(...history.map(({ invokedMs }) => invokedMs)),
    toMs: Math.max(...ends),
  };
}

/** What was asked, in words: `book slot-003 k-450`. Safe to print. */
export function callWords({ call }: Pick<Interval, 'call'>): string {
  // A database may have stored the fields in another order: the object comes first, the key last.
  const { operation, slot, key, citizen: _, ...rest } = call;
  const name = typeof operation === 'string' ? operation : 'call';
  const told = [slot, ...Object.values(rest), key];
  const plain = told.filter((value) => typeof value === 'string' || typeof value === 'number');
  return safeText([name, ...plain].join(' '));
}

/** Number of the operation whose answer broke it; null: not known. */
export function accusedOperation({ operation }: Pick<Forensic, 'operation'>): number | null {
  const number = operation?.['op'] ?? operation?.['operation'] ?? operation?.['id'];
  return typeof number === 'number' ? number : null;
}

function rolesOf(bundle: Told, why: Why | null): Map<number, HistoryRole> {
  const { history } = bundle;
  const number = accusedOperation(bundle);
  const accused = history.find(({ operation }) => operation === number) ?? null;
  const carrying = [
    ...(why?.lanes.filter(({ role }) => role !== 'other').map(({ op }) => op) ?? []),
    ...holdersOver(bundle),
    ...(accused === null ? [] : linkedTo(accused, history)),
  ];
  const roles = new Map(carrying.map((operation): [number, HistoryRole] => [operation, 'carries']));
  if (accused !== null) roles.set(accused.operation, 'accused');
  return roles;
}

/** All who hold a seat when there are more of them than seats. */
function holdersOver(bundle: Told): number[] {
  const capacity = capacityOf(bundle);
  const holders = [...takenBy(bundle.history).values()];
  return capacity !== null && holders.length > capacity ? holders : [];
}

/** Those with its key or about its booking, and the last write that was answered before it was. */
function linkedTo(accused: Interval, history: readonly Interval[]): number[] {
  const named = new Set([accused.call['key'], accused.call['booking'], bookingOf(accused)].filter(isText));
  const linked = history.filter((each) =>
    [each.call['key'], each.call['booking'], bookingOf(each)].some((name) => isText(name) && named.has(name)),
  );
  const before = accused.completedIndex ?? Number.POSITIVE_INFINITY;
  const write = history.findLast(
    (each) =>
      isWrite(each) && each.outcome === 'ok' && each !== accused && (each.completedIndex ?? before) < before,
  );
  return [...linked, ...(write === undefined ? [] : [write])].map(({ operation }) => operation);
}

/** Operations by the booking that they got and that nobody gave back. */
function takenBy(history: readonly Interval[]): Map<string, number> {
  const taken = new Map<string, number>();
  for (const each of answered(history)) change(taken, each);
  return taken;
}

function change(taken: Map<string, number>, each: Interval): void {
  const { operation } = each.call;
  const booking = bookingOf(each) ?? each.call['booking'];
  if (!isText(booking)) return;
  if (operation === 'book') taken.set(booking, each.operation);
  if (operation === 'cancel') taken.delete(booking);
}

/** Those that did something, in the order of their answers. */
function answered(history: readonly Interval[]): (Interval & { completedMs: number })[] {
  return history
    .flatMap((each) =>
      each.outcome === 'ok' && each.completedMs !== null ? [{ ...each, completedMs: each.completedMs }] : [],
    )
    .sort((a, b) => (a.completedIndex ?? 0) - (b.completedIndex ?? 0));
}

function occupancyOf(bundle: Told): Occupancy {
  const taken = new Map<string, number>();
  const points = answered(bundle.history).flatMap((each): OccupancyPoint[] => {
    const before = taken.size;
    change(taken, each);
    return taken.size === before ? [] : [{ ms: each.completedMs, taken: taken.size }];
  });
  return { points, capacity: capacityOf(bundle) };
}

/** The city's shape in a bundle is the harness's own, of an older version too. */
function capacityOf({ city, object }: Told): number | null {
  if (!Array.isArray(city)) return null;
  const own = city.find((slot) => isRecord(slot) && slot['id'] === object);
  const capacity = isRecord(own) ? own['capacity'] : null;
  return typeof capacity === 'number' ? capacity : null;
}

function rowsOf(
  history: readonly Interval[],
  roles: ReadonlyMap<number, HistoryRole>,
  folds: boolean,
): HistoryRow[] {
  const rows: HistoryRow[] = [];
  let run: Interval[] = [];
  const flush = () => {
    if (run.length >= LEAST_FOLD) {
      rows.push({ row: 'fold', operations: run.map(({ operation }) => operation), words: foldWords(run) });
    } else {
      for (const interval of run)
        rows.push({ row: 'interval', interval, call: callWords(interval), role: 'other' });
    }
    run = [];
  };
  for (const interval of history) {
    const role = roles.get(interval.operation) ?? 'other';
    if (role === 'other' && folds) run.push(interval);
    else {
      flush();
      rows.push({ row: 'interval', interval, call: callWords(interval), role });
    }
  }
  flush();
  return rows;
}

function foldWords(run: readonly Interval[]): string {
  const noun = run.some(isWrite) ? 'operation' : 'read';
  return `${run.length} ${noun}${run.length === 1 ? '' : 's'} folded`;
}

function isWrite({ call }: Interval): boolean {
  return isText(call['operation']) && WRITES.has(call['operation']);
}

function bookingOf({ answer }: Interval): string | null {
  const booking = isRecord(answer) ? answer['booking'] : null;
  return isText(booking) ? booking : null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
