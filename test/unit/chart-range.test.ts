import { describe, expect, test } from 'vitest';
import {
  formatRange,
  movedAlong,
  parseRange,
  rangeWith,
  rangeWithin,
  zoomedIn,
  zoomedOut,
} from '../../cli/run/chart-range.ts';

const NEWEST = 10_000;

describe('what of a run its charts show', () => {
  test('is half of it after zooming in, around an event that keeps its place', () => {
    expect(zoomedIn({ from: 0, to: NEWEST }, 5_000, NEWEST)).toEqual({ from: 2_500, to: 7_500 });
    expect(zoomedIn({ from: 0, to: NEWEST }, 0, NEWEST)).toEqual({ from: 0, to: 5_000 });
    expect(zoomedIn({ from: 2_000, to: 4_000 }, 9_000, NEWEST)).toEqual({ from: 3_000, to: 4_000 });
  });

  test('is twice as much after zooming out, and the whole run once that is all', () => {
    expect(zoomedOut({ from: 2_500, to: 3_500 }, 3_000, NEWEST)).toEqual({ from: 2_000, to: 4_000 });
    expect(zoomedOut({ from: 100, to: 1_100 }, 1_100, NEWEST)).toEqual({ from: 0, to: 2_000 });
    expect(zoomedOut({ from: 0, to: 6_000 }, 3_000, NEWEST)).toBeNull();
  });

  test('is never less than a few events, nor any that the run does not have', () => {
    let shown = { from: 0, to: NEWEST };
    for (let i = 0; i < 40; i++) shown = zoomedIn(shown, NEWEST, NEWEST) ?? shown;
    expect(shown).toEqual({ from: NEWEST - 10, to: NEWEST });
    expect(rangeWithin({ from: 9_500, to: 12_000 }, NEWEST)).toEqual({ from: 7_500, to: NEWEST });
    expect(rangeWithin({ from: 20_000, to: 30_000 }, NEWEST)).toBeNull();
    expect(rangeWithin({ from: 0, to: 5 }, 3)).toBeNull();
  });

  test('is moved along by half of it, up to the ends of the run', () => {
    expect(movedAlong({ from: 1_000, to: 2_000 }, 1, NEWEST)).toEqual({ from: 1_500, to: 2_500 });
    expect(movedAlong({ from: 100, to: 1_100 }, -1, NEWEST)).toEqual({ from: 0, to: 1_000 });
  });

  test('goes along with an event that leaves it, and stays with one that does not', () => {
    const range = { from: 1_000, to: 2_000 };
    expect(rangeWith(range, 1_000, NEWEST)).toBe(range);
    expect(rangeWith(range, 2_001, NEWEST)).toEqual({ from: 1_501, to: 2_501 });
    expect(rangeWith(range, NEWEST, NEWEST)).toEqual({ from: 9_000, to: NEWEST });
  });

  test('stands in the address, where nonsense is the whole run', () => {
    expect(parseRange(formatRange({ from: 12, to: 340 }))).toEqual({ from: 12, to: 340 });
    for (const text of ['', '5', '5-', '-5-9', '9-5', '5-5', '1e3-2e3', '1-9999999999999999'])
      expect(parseRange(text)).toBeNull();
  });
});
