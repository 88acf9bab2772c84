import { describe, expect, test } from 'vitest';
import { timeTicks } from '../../cli/run/time-axis.ts';

const texts = (untilMs: number, leastMs: number) => timeTicks(untilMs, leastMs).map(({ text }) => text);

describe('the axis of virtual time', () => {
  test('has ticks at round times in the unit that reads best', () => {
    expect(texts(7_430, 1_500)).toEqual(['0', '2 s', '4 s', '6 s']);
    expect(texts(1_400, 300)).toEqual(['0', '0.5 s', '1 s']);
    expect(texts(80, 15)).toEqual(['0', '20 ms', '40 ms', '60 ms', '80 ms']);
    expect(texts(65_000, 14_000)).toEqual(['0', '20 s', '40 s', '60 s']);
    expect(texts(3_600_000, 700_000)).toEqual(['0', '20 min', '40 min', '60 min']);
    expect(texts(20 * 3_600_000, 5 * 3_600_000)).toEqual(['0', '6 h', '12 h', '18 h']);
  });

  test('has them no nearer than asked, evenly, and none behind the end', () => {
    for (const until of [1, 9, 333, 999, 4_001, 59_999, 61_000, 7_777_777, 1e9]) {
      for (const share of [2, 3, 5, 8]) {
        const ticks = timeTicks(until, until / share);
        const gaps = ticks.slice(1).map(({ ms }, i) => ms - (ticks[i]?.ms ?? 0));
        expect(ticks.length).toBeGreaterThanOrEqual(share > 2 ? 2 : 1);
        expect(Math.min(until, ...gaps)).toBeGreaterThanOrEqual((until / share) * 0.999);
        expect(ticks.at(-1)?.ms).toBeLessThanOrEqual(until * 1.000001);
      }
    }
  });

  test('has those of a part alone', () => {
    const part = timeTicks(63_000, 250, 62_100).map(({ text }) => text);
    expect(part).toEqual(['62.5 s', '63 s']);
    expect(timeTicks(36_000_000, 2, 35_999_990)).toHaveLength(6);
  });

  test('of no time has none', () => {
    expect(texts(0, 0)).toEqual([]);
  });
});
