import { expect, it } from 'vitest';
import { Pursuit } from '../../cli/client/pursuit.ts';
import type { HeartbeatFrame } from '../../server/contract/index.ts';

const beat = (eventIndex: number, eventsPerSecond: number): HeartbeatFrame => ({
  ...{ status: 'RUNNING', eventIndex, metrics: {}, eventsPerSecond, heartbeatAt: null },
  at: new Date(0).toISOString(),
});

/** Once a second: what the run has, what the reader has; answers the seconds at which there is no hope. */
function hopeless(gaps: readonly number[], eventsPerSecond = 100): number[] {
  const pursuit = new Pursuit();
  return gaps.flatMap((gap, second) =>
    pursuit.isHopeless(beat(10_000 * second + gap - 1, eventsPerSecond), 10_000 * second, second * 1_000)
      ? [second]
      : [],
  );
}

it.for<[what: string, gaps: number[], seconds: number[]]>([
  ['is near', [0, 400, 500, 500, 500, 500, 500, 500, 500], []],
  ['comes nearer', [9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_000, 2_000, 1_000], []],
  ['falls back', [0, 600, 700, 800, 900, 1_000, 1_100, 1_200], [6, 7]],
  ['stays where it is', [600, 600, 600, 600, 600, 600], [5]],
  ['comes nearer once in a while', [900, 950, 990, 1_000, 890, 900, 950, 990, 880, 900], []],
  ['was near in between', [600, 700, 800, 900, 0, 600, 700, 800, 900, 1_000, 1_100], [10]],
])('a reader that %s is given up after 5 s of being far and no nearer', ([, gaps, seconds]) => {
  expect(hopeless(gaps)).toEqual(seconds);
});

it('a reader of a slow run is not given up for a few events', () => {
  expect(hopeless([100, 100, 100, 100, 100, 100, 100], 1)).toEqual([]);
});
