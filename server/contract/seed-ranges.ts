/** Sets of seeds as ranges, both ends included: thousands of seeds in a few numbers. */
import type { SeedRange } from './worker.ts';

/** Ascending, and joined where they touch. */
export function joined(ranges: readonly SeedRange[]): SeedRange[] {
  const result: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/** What of `all` is not in `gone`. */
export function without(all: readonly SeedRange[], gone: readonly SeedRange[]): SeedRange[] {
  let left = joined(all);
  for (const [from, to] of gone) {
    left = left.flatMap(([a, b]): SeedRange[] => {
      if (to < a || from > b) return [[a, b]];
      const below: SeedRange[] = a < from ? [[a, from - 1]] : [];
      const above: SeedRange[] = b > to ? [[to + 1, b]] : [];
      return [...below, ...above];
    });
  }
  return left;
}

/** The first `count` of them, or all. */
export function firstOf(ranges: readonly SeedRange[], count: number): SeedRange[] {
  const first: SeedRange[] = [];
  let left = count;
  for (const [from, to] of joined(ranges)) {
    if (left <= 0) break;
    const last = Math.min(to, from + left - 1);
    first.push([from, last]);
    left -= last - from + 1;
  }
  return first;
}

export function sizeOf(ranges: readonly SeedRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** `1..1000,2000`. */
export function rangesText(ranges: readonly SeedRange[]): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}..${to}`)).join(',');
}

/** Part `number`, from 1, of `count`: each seed is in exactly one of them, and they differ by one seed at most. */
export function partOf(ranges: readonly SeedRange[], number: number, count: number): SeedRange[] {
  const size = sizeOf(joined(ranges));
  const before = (parts: number) => Math.floor(size / count) * parts + Math.min(parts, size % count);
  return between(joined(ranges), before(number - 1), before(number));
}

/** The seeds from the place `first` up to `end`, which is not in it. */
function between(ranges: readonly SeedRange[], first: number, end: number): SeedRange[] {
  let passed = 0;
  return ranges.flatMap(([from, to]): SeedRange[] => {
    const start = Math.max(from, from + first - passed);
    const last = Math.min(to, from + end - passed - 1);
    passed += to - from + 1;
    return start <= last ? [[start, last]] : [];
  });
}
