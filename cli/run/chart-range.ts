/** The part of a run that its charts show: zoomed in, out, and along. */

/** Events, both with. */
export interface ChartRange {
  readonly from: number;
  readonly to: number;
}

/** Fewer events than that are no course of anything. */
const LEAST_EVENTS = 10;
/** By one step of zooming. */
const FACTOR = 2;

/** What of `range` there is in a run whose newest event is `newest`; null: all of it, or nothing that could be shown. */
export function rangeWithin({ from, to }: ChartRange, newest: number): ChartRange | null {
  const size = Math.max(LEAST_EVENTS, Math.round(to) - Math.round(from));
  if (size >= newest || from >= newest) return null;
  const begin = Math.max(0, Math.min(Math.round(from), newest - size));
  return { from: begin, to: begin + size };
}

/** Half of what is shown, around event `around`, which keeps its place. */
export function zoomedIn(shown: ChartRange, around: number, newest: number): ChartRange | null {
  return scaled(shown, around, 1 / FACTOR, newest);
}

/** Twice of what is shown; null: the whole run. */
export function zoomedOut(shown: ChartRange, around: number, newest: number): ChartRange | null {
  return scaled(shown, around, FACTOR, newest);
}

function scaled({ from, to }: ChartRange, around: number, by: number, newest: number): ChartRange | null {
  const fixed = Math.max(from, Math.min(to, around));
  return rangeWithin({ from: fixed - (fixed - from) * by, to: fixed + (to - fixed) * by }, newest);
}

/** As much, half of it further on or back. */
export function movedAlong({ from, to }: ChartRange, step: 1 | -1, newest: number): ChartRange | null {
  const by = (step * (to - from)) / 2;
  return rangeWithin({ from: from + by, to: to + by }, newest);
}

/** As much, moved so far that event `at` is in it; `range` itself where it is. */
export function rangeWith(range: ChartRange, at: number, newest: number): ChartRange | null {
  if (at >= range.from && at <= range.to) return range;
  const half = (range.to - range.from) / 2;
  return rangeWithin({ from: at - half, to: at + half }, newest);
}

/** `1200-3400`, as it stands in an address. */
export function formatRange({ from, to }: ChartRange): string {
  return `${from}-${to}`;
}

/** Null where it is none. */
export function parseRange(text: string): ChartRange | null {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return from === undefined || to === undefined || Number(from) >= Number(to)
    ? null
    : { from: Number(from), to: Number(to) };
}
