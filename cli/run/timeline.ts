/** All metrics over the whole run in bounded memory: when it is full, every second point goes. */
import type { TimedSnapshot } from '../../server/contract/index.ts';

/** The metrics after the event with this index. */
export interface Point {
  readonly index: number;
  /** Virtual time of that event, in ms. */
  readonly virtualMs: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Timeline {
  /** Oldest first, at least `stride` events apart. */
  readonly points: readonly Point[];
  readonly stride: number;
  /** The newest, kept in `points` or not; null before the first. */
  readonly last: Point | null;
}

/** More than any terminal has columns. */
export const POINTS_KEPT = 1_024;

export const EMPTY_TIMELINE: Timeline = { points: [], stride: 0, last: null };

/** The timeline with newer points at its end; older ones and repeated ones are left out. */
export function extendTimeline(timeline: Timeline, added: readonly Point[]): Timeline {
  let { stride, last } = timeline;
  let points: Point[] | null = null;
  for (const point of added) {
    if (last !== null && point.index <= last.index) continue;
    last = point;
    points ??= [...timeline.points];
    const newest = points.at(-1);
    if (newest !== undefined && point.index < newest.index + stride) continue;
    // A copy, because what it was read from may hold on to more than the metrics.
    points.push({ index: point.index, virtualMs: point.virtualMs, metrics: point.metrics });
    if (points.length >= POINTS_KEPT) {
      points = points.filter((_, i) => i % 2 === 0);
      stride = spacing(points) * 2;
    }
  }
  return last === timeline.last ? timeline : { points: points ?? timeline.points, stride, last };
}

function spacing(points: readonly Point[]): number {
  const first = points[0]?.index ?? 0;
  const last = points.at(-1)?.index ?? first;
  return Math.ceil((last - first) / Math.max(1, points.length - 1) / 2);
}

/** The timeline with snapshots of the past put where they belong; without their time nothing tells where that is. */
export function mergePast(
  timeline: Timeline,
  snapshots: readonly Pick<TimedSnapshot, 'index' | 'virtualMs' | 'metrics'>[],
): Timeline {
  const past = snapshots.flatMap(({ index, virtualMs, metrics }): Point[] =>
    virtualMs === undefined ? [] : [{ index, virtualMs, metrics }],
  );
  const known = [...timeline.points, ...(timeline.last === null ? [] : [timeline.last])];
  const byIndex = new Map([...past, ...known].map((point) => [point.index, point]));
  const sorted = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return extendTimeline(EMPTY_TIMELINE, sorted);
}

/**
 * `count` points evenly spread over the virtual time from the start to the newest: at each place the newest that was
 * known there, so that the same distance is the same time everywhere.
 */
export function samplePoints(timeline: Timeline, count: number): readonly Point[] {
  const { points, last } = timeline;
  if (last === null || count < 1) return [];
  const all = points.at(-1)?.index === last.index ? points : [...points, last];
  let place = 0;
  return Array.from({ length: count }, (_, i) => {
    const target = count === 1 ? last.virtualMs : (last.virtualMs * i) / (count - 1);
    while ((all[place + 1]?.virtualMs ?? Number.POSITIVE_INFINITY) <= target) place++;
    return all[place] ?? last;
  });
}

/** Where among `count` points of a sample the event with this index stands. */
export function placeInSample(timeline: Timeline, index: number, count: number): number {
  const until = timeline.last?.virtualMs ?? 0;
  const share = until === 0 ? 0 : timeAt(timeline, index) / until;
  return Math.max(0, Math.min(count - 1, Math.round(share * (count - 1))));
}

/** Virtual time of the event with this index, in ms: exact at the points, and even between them. */
export function timeAt({ points, last }: Pick<Timeline, 'points' | 'last'>, index: number): number {
  const after = points.findIndex((point) => point.index >= index);
  const high = after < 0 ? last : points[after];
  const low = (after < 0 ? points.at(-1) : points[after - 1]) ?? { index: 0, virtualMs: 0 };
  if (!high || high.index <= low.index) return high?.virtualMs ?? 0;
  const share = (index - low.index) / (high.index - low.index);
  return low.virtualMs + Math.min(1, share) * (high.virtualMs - low.virtualMs);
}

/** The event at a virtual time in ms: exact at the points, and even between them. */
export function eventAtTime(points: readonly Point[], ms: number): number {
  const after = points.findIndex(({ virtualMs }) => virtualMs >= ms);
  const high = points.at(after);
  const low = (after < 0 ? high : points[after - 1]) ?? { index: 0, virtualMs: 0 };
  if (!high || high.virtualMs <= low.virtualMs) return high?.index ?? 0;
  const share = (ms - low.virtualMs) / (high.virtualMs - low.virtualMs);
  return Math.round(low.index + Math.max(0, share) * (high.index - low.index));
}

/** A metric at each of `points`; NaN where it is not known. */
export function valuesOf(points: readonly Point[], metric: string): number[] {
  return points.map(({ metrics }) => metrics[metric] ?? Number.NaN);
}

/** By how much a counter rose up to each of `points`. */
export function risesOf(points: readonly Point[], metric: string): number[] {
  let before = 0;
  return valuesOf(points, metric).map((value) => {
    if (Number.isNaN(value)) return 0;
    const rise = Math.max(0, value - before);
    before = value;
    return rise;
  });
}

/** How much a counter rises in a second of virtual time, over `window` (a share of the points) before each; NaN where it is not known. */
export function ratesOf(points: readonly Point[], metric: string, window: number): number[] {
  const back = Math.max(1, Math.round(points.length * window));
  const values = valuesOf(points, metric);
  return values.map((value, i) => {
    const from = Math.max(0, i - back);
    const passedMs = (points[i]?.virtualMs ?? 0) - (points[from]?.virtualMs ?? 0);
    const before = values[from] ?? Number.NaN;
    return passedMs <= 0 ? (i === 0 ? 0 : Number.NaN) : ((value - before) * 1_000) / passedMs;
  });
}
