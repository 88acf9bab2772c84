/** The points that the charts show: of the whole run as they are kept, of a part of it as exactly as they are stored. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChartRange } from '../../run/chart-range.ts';
import type { RunData } from '../../run/run-data.ts';
import { EMPTY_TIMELINE, mergePast, type Point, type Timeline, timeAt } from '../../run/timeline.ts';
import { api } from '../client/api.ts';
import { askForToken } from './session.ts';

export interface ShownPoints {
  points: readonly Point[];
  range: ChartRange;
  /** Virtual time of the ends of `range`, in ms. */
  fromMs: number;
  toMs: number;
  /** Events between two of the points, at most; null while that is not known. */
  every: number | null;
}

/** Where the event with this index lies between the ends of what is shown: 0 to 1, or beyond them. */
export function shareOf({ points, fromMs, toMs }: ShownPoints, index: number): number {
  return (timeOf(points, index) - fromMs) / Math.max(1e-9, toMs - fromMs);
}

/** Virtual time of an event, in ms. */
export function timeOf(points: readonly Point[], index: number): number {
  return timeAt({ points, last: points.at(-1) ?? null }, index);
}

/** Points of a part of a run; more than a chart has pixels add nothing. */
const MOST_POINTS = 500;

/** Share of the chart over which a rate is taken, so that single events do not make a comb of it. */
export const RATE_WINDOW = 1 / 12;

/** @param range of the run's events; null: all of them */
export function useShownPoints(
  { run, timeline }: Pick<RunData, 'run' | 'timeline'>,
  range: ChartRange | null,
): ShownPoints {
  const stored = useStoredPoints(run.id, run.config.snapshotEvery, range);
  return useMemo(() => {
    const all = allPoints(timeline);
    if (range === null) {
      return timed(all, { from: 0, to: Math.max(1, timeline.last?.index ?? 0) }, timeline.stride);
    }
    const exact = stored?.range === range ? stored : null;
    const known = exact?.points.at(-1)?.index ?? -1;
    // What came since, or all while what is stored is still to come.
    const rest = all.filter(({ index }) => index > known && isNear(index, range, timeline.stride));
    return timed([...(exact?.points ?? []), ...rest], range, exact?.every ?? null);
  }, [timeline, range, stored]);
}

function timed(points: readonly Point[], range: ChartRange, every: number | null): ShownPoints {
  return { points, range, every, fromMs: timeOf(points, range.from), toMs: timeOf(points, range.to) };
}

function allPoints({ points, last }: Timeline): readonly Point[] {
  return last === null || points.at(-1)?.index === last.index ? points : [...points, last];
}

/** With a point beyond the end, to which the line is drawn, and those before the beginning that a rate is taken over. */
function isNear(index: number, range: ChartRange, stride: number): boolean {
  return index >= range.from - leadOf(range) - stride && index <= range.to + stride;
}

/** Events before a part that its first rates are taken over. */
function leadOf({ from, to }: ChartRange): number {
  return (to - from) * RATE_WINDOW;
}

interface StoredPoints {
  range: ChartRange;
  points: readonly Point[];
  every: number;
}

function useStoredPoints(
  runId: string,
  snapshotEvery: number,
  range: ChartRange | null,
): StoredPoints | null {
  const [stored, setStored] = useState<StoredPoints | null>(null);
  useEffect(() => {
    if (range === null) return setStored(null);
    const over = new AbortController();
    const nth = Math.max(1, Math.ceil((range.to - range.from) / snapshotEvery / MOST_POINTS));
    const every = nth * snapshotEvery;
    const from = Math.max(0, Math.floor(range.from - leadOf(range) - every));
    const limit = Math.ceil((range.to - from) / every) + 2;
    api.snapshots(runId, { from, limit, every: nth }, over.signal).then(
      ({ snapshots }) => setStored({ range, points: mergePast(EMPTY_TIMELINE, snapshots).points, every }),
      // The coarse points stay; what keeps the server from answering is told elsewhere.
      (error: unknown) => void (over.signal.aborted || askForToken(error)),
    );
    return () => over.abort();
  }, [runId, snapshotEvery, range]);
  return stored;
}
