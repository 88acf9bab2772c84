/** An object's history with what carries the failure told from the rest, folds, and how full the object was. */
import type { ExplainedLane, Forensic, Interval, Why } from '../../server/contract/index.ts';
import { formatNumber } from './format.ts';
import { safeText } from './sanitize.ts';

/** `accused`: its answer broke it; `carries`: without it there would be nothing wrong; `other`: may be folded. */
export type HistoryRole = 'accused' | 'carries' | 'other';

export interface HistoryInterval {
  row: 'interval';
  interval: Interval;
  call: string;
  role: HistoryRole;
  /** The lane of why it broke in which the same request is, with its step of the culprit pair, `A (13)`; null: none. */
  lane: string | null;
  /** Of the blamed answer and of what it does not fit, each with the other's event; empty: nothing. */
  link: string;
  /** The other's event; null: nothing. */
  linkedEvent: number | null;
}

export type HistoryRow = HistoryInterval | { row: 'fold'; operations: readonly number[]; words: string };

/** How many held the object from then on. */
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

type Told = Pick<Forensic, 'kind' | 'history' | 'operation' | 'object' | 'city'>;

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
  const told = toldOf(bundle, why);
  const { roles } = told;
  const shown = history.slice(-most);
  const folds = !unfolded && shown.length > ALWAYS_SHOWN && roles.size > 0;
  const ends = history.map(({ invokedMs, completedMs }) => completedMs ?? invokedMs);
  return {
    rows: rowsOf(shown, told, folds),
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

interface LinkTo {
  words: string;
  event: number;
}

/** What is said of operations, by their numbers. */
interface ToldOf {
  readonly roles: ReadonlyMap<number, HistoryRole>;
  readonly lanes: ReadonlyMap<number, string>;
  readonly links: ReadonlyMap<number, LinkTo>;
}

function toldOf(bundle: Told, why: Why | null): ToldOf {
  const { history } = bundle;
  const number = accusedOperation(bundle);
  const accused = history.find(({ operation }) => operation === number) ?? null;
  const inLanes = history.flatMap((each): [number, ExplainedLane][] => {
    const lane = why?.lanes.find((own) => own.role !== 'other' && isSameRequest(own, each));
    return lane === undefined ? [] : [[each.operation, lane]];
  });
  const over = holdersOver(bundle);
  const before = accused === null ? undefined : writeBefore(accused, history);
  const carrying = [
    ...inLanes.map(([operation]) => operation),
    ...over,
    ...(accused === null ? [] : sharing(accused, history)),
    ...(before === undefined ? [] : [before.operation]),
  ];
  const roles = new Map(carrying.map((operation): [number, HistoryRole] => [operation, 'carries']));
  if (accused !== null) roles.set(accused.operation, 'accused');
  const lanes = new Map(inLanes.map(([operation, lane]) => [operation, laneWords(lane, why)]));
  // Of too many holders no single one is what the last does not fit.
  const other = accused === null || over.length > 0 ? undefined : contradicted(accused, before, bundle);
  const links = accused === null || other === undefined ? [] : linkOf(accused, other);
  return { roles, lanes, links: new Map(links) };
}

/** In another execution the caller, what it asked, and its key tell that it is the same request. */
export function isSameRequest(
  { actor, operation, words }: Pick<ExplainedLane, 'actor' | 'operation' | 'words'>,
  { call, actor: own }: Interval,
): boolean {
  const key = call['key'] ?? call['booking'];
  return actor === own && operation === call['operation'] && isText(key) && words.split(' ').includes(key);
}

/** `E (37)`: with its step of the culprit pair, where it has one. */
function laneWords(lane: ExplainedLane, why: Why | null): string {
  const { read, write } = why?.pair ?? {};
  const at = why?.lanes.indexOf(lane);
  const own = why?.steps.find(({ step, lane: of }) => of === at && (step === read || step === write));
  return safeText(own === undefined ? lane.name : `${lane.name} (${own.step})`);
}

/** What the blamed answer does not fit: another request of its key or booking, or, in a history that no order explains, the write before it. */
function contradicted(
  blamed: Interval,
  before: Interval | undefined,
  { kind, history }: Told,
): Interval | undefined {
  const same = new Set(sharing(blamed, history));
  const own = history.findLast(
    (each) => each !== blamed && same.has(each.operation) && isWrite(each) && isAnsweredBefore(each, blamed),
  );
  return own ?? (kind === 'linearizability' ? before : undefined);
}

function isAnsweredBefore(one: Interval, other: Interval): boolean {
  return (
    one.completedIndex !== null && one.completedIndex < (other.completedIndex ?? Number.POSITIVE_INFINITY)
  );
}

function linkOf(blamed: Interval, other: Interval): [number, LinkTo][] {
  const [own, others] = [blamed.completedIndex, other.completedIndex];
  if (own === null || others === null) return [];
  return [
    [blamed.operation, linkTo(others)],
    [other.operation, linkTo(own)],
  ];
}

function linkTo(event: number): LinkTo {
  return { words: `against event ${formatNumber(event)}`, event };
}

/** All who hold a seat when there are more of them than seats. */
function holdersOver(bundle: Told): number[] {
  const capacity = capacityOf(bundle);
  const holders = [...takenBy(bundle.history).values()];
  return capacity !== null && holders.length > capacity ? holders : [];
}

/** Those with its key or about its booking. */
function sharing(accused: Interval, history: readonly Interval[]): number[] {
  const named = new Set([accused.call['key'], accused.call['booking'], bookingOf(accused)].filter(isText));
  return history
    .filter((each) =>
      [each.call['key'], each.call['booking'], bookingOf(each)].some(
        (name) => isText(name) && named.has(name),
      ),
    )
    .map(({ operation }) => operation);
}

/** The last write that was answered before it was. */
function writeBefore(accused: Interval, history: readonly Interval[]): Interval | undefined {
  return history.findLast(
    (each) => isWrite(each) && each.outcome === 'ok' && each !== accused && isAnsweredBefore(each, accused),
  );
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

/**
 * Who had a seat for certain: from the answer to a booking on, until its cancellation is asked for. What overlapped never looks
 * as if there were too many.
 */
function occupancyOf(bundle: Told): Occupancy {
  const changes = bundle.history.flatMap((each): OccupancyChange[] => {
    const { call, outcome, completedIndex, completedMs, invokedIndex, invokedMs } = each;
    const booking = bookingOf(each) ?? call['booking'];
    if (!isText(booking)) return [];
    if (call['operation'] === 'book' && outcome === 'ok' && completedMs !== null)
      return [{ index: completedIndex ?? 0, ms: completedMs, booking, holds: true }];
    if (call['operation'] === 'cancel' && outcome !== 'refused')
      return [{ index: invokedIndex, ms: invokedMs, booking, holds: false }];
    return [];
  });
  const taken = new Set<string>();
  const points = changes
    .sort((a, b) => a.index - b.index)
    .flatMap(({ ms, booking, holds }): OccupancyPoint[] => {
      const before = taken.size;
      if (holds) taken.add(booking);
      else taken.delete(booking);
      return taken.size === before ? [] : [{ ms, taken: taken.size }];
    });
  return { points, capacity: capacityOf(bundle) };
}

interface OccupancyChange {
  index: number;
  ms: number;
  booking: string;
  holds: boolean;
}

/** The city's shape in a bundle is the harness's own, of an older version too. */
export function capacityOf({ city, object }: Pick<Forensic, 'city' | 'object'>): number | null {
  if (!Array.isArray(city)) return null;
  const own = city.find((slot) => isRecord(slot) && slot['id'] === object);
  const capacity = isRecord(own) ? own['capacity'] : null;
  return typeof capacity === 'number' ? capacity : null;
}

function rowsOf(history: readonly Interval[], { roles, lanes, links }: ToldOf, folds: boolean): HistoryRow[] {
  const rows: HistoryRow[] = [];
  let run: Interval[] = [];
  const intervalRow = (interval: Interval): HistoryInterval => ({
    row: 'interval',
    interval,
    call: callWords(interval),
    role: roles.get(interval.operation) ?? 'other',
    lane: lanes.get(interval.operation) ?? null,
    link: links.get(interval.operation)?.words ?? '',
    linkedEvent: links.get(interval.operation)?.event ?? null,
  });
  const flush = () => {
    if (run.length >= LEAST_FOLD) {
      rows.push({ row: 'fold', operations: run.map(({ operation }) => operation), words: foldWords(run) });
    } else {
      rows.push(...run.map(intervalRow));
    }
    run = [];
  };
  for (const interval of history) {
    const role = roles.get(interval.operation) ?? 'other';
    if (role === 'other' && folds) run.push(interval);
    else {
      flush();
      rows.push(intervalRow(interval));
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
