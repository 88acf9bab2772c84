/** All metrics over the whole run in bounded memory: when it is full, every second point goes. */

/** The metrics after the event with this index. */
export interface Point {
  readonly index: number;
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
    points.push({ index: point.index, metrics: point.metrics });
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

/** The timeline with points of the past put where they belong. */
export function mergePast(timeline: Timeline, past: readonly Point[]): Timeline {
  const known = [...timeline.points, ...(timeline.last === null ? [] : [timeline.last])];
  const byIndex = new Map([...past, ...known].map((point) => [point.index, point]));
  const sorted = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return extendTimeline(EMPTY_TIMELINE, sorted);
}

/**
 * `count` points evenly spread from the first event to the newest: at each place the newest that was known
 * there, so that the same distance is the same number of events everywhere.
 */
export function samplePoints(timeline: Timeline, count: number): readonly Point[] {
  const { points, last } = timeline;
  if (last === null || count < 1) return [];
  const all = points.at(-1)?.index === last.index ? points : [...points, last];
  const from = all[0]?.index ?? last.index;
  let place = 0;
  return Array.from({ length: count }, (_, i) => {
    const target = count === 1 ? last.index : from + ((last.index - from) * i) / (count - 1);
    while ((all[place + 1]?.index ?? Number.POSITIVE_INFINITY) <= target) place++;
    return all[place] ?? last;
  });
}

/** Where among `count` points of a sample the event with this index stands. */
export function placeInSample({ points, last }: Timeline, index: number, count: number): number {
  const from = points[0]?.index ?? 0;
  const span = Math.max(1, (last?.index ?? 0) - from);
  return Math.max(0, Math.min(count - 1, Math.round(((index - from) * (count - 1)) / span)));
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

/** How much a counter rises in 1,000 events, over `window` (a share of the points) before each; NaN where it is not known. */
export function ratesOf(points: readonly Point[], metric: string, window: number): number[] {
  const back = Math.max(1, Math.round(points.length * window));
  const values = valuesOf(points, metric);
  return values.map((value, i) => {
    const from = Math.max(0, i - back);
    const events = (points[i]?.index ?? 0) - (points[from]?.index ?? 0);
    const before = values[from] ?? Number.NaN;
    return events <= 0 ? (i === 0 ? 0 : Number.NaN) : ((value - before) * 1_000) / events;
  });
}
