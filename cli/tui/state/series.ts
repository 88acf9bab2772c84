/** A metric over the whole run in bounded memory: when it is full, every second point goes. */

export interface Series {
  /** Oldest first, `stride` snapshots apart. */
  readonly values: readonly number[];
  /** How many snapshots one point stands for. */
  readonly stride: number;
  /** Snapshots since the last point that was kept. */
  readonly skipped: number;
  /** The newest value, kept or not; null before the first. */
  readonly last: number | null;
}

/** More than any terminal has columns. */
const CAPACITY = 1_024;

export function emptySeries(): Series {
  return { values: [], stride: 1, skipped: 0, last: null };
}

/** The series with more points at its end. */
export function extend(series: Series, points: readonly number[]): Series {
  if (points.length === 0) return series;
  let values = [...series.values];
  let { stride, skipped, last } = series;
  for (const value of points) {
    if (!Number.isFinite(value)) continue;
    last = value;
    skipped += 1;
    if (skipped < stride && values.length > 0) continue;
    skipped = 0;
    values.push(value);
    if (values.length >= CAPACITY) {
      values = values.filter((_, i) => i % 2 === 0);
      stride *= 2;
    }
  }
  return { values, stride, skipped, last };
}

/** At most `count` points from the first to the newest, evenly spread. */
export function sample(series: Series, count: number): number[] {
  const values = series.last === null ? [] : [...series.values, series.last];
  if (values.length <= count || count < 2) return values.slice(0, Math.max(count, 0));
  return Array.from({ length: count }, (_, i) => {
    const at = Math.round((i * (values.length - 1)) / (count - 1));
    return values[at] ?? 0;
  });
}
