/** How many held the object, as a line of steps over the same time as the bars below it. */
import type { ObjectHistory } from '../../run/object-history.ts';

const HEIGHT = 24;

export function OccupancyLine({ history }: { history: ObjectHistory }) {
  const { occupancy, fromMs, toMs } = history;
  const { points, capacity } = occupancy;
  const most = Math.max(1, capacity ?? 0, ...points.map(({ taken }) => taken));
  const x = (ms: number) => ((ms - fromMs) / Math.max(0.001, toMs - fromMs)) * 100;
  const y = (taken: number) => HEIGHT - 2 - (taken / most) * (HEIGHT - 4);
  const line = points.map(({ ms, taken }) => `H${x(ms)} V${y(taken)}`).join(' ');
  const told = points.map(({ taken }) => taken).join(', ');
  return (
    <svg
      class="occupancy"
      viewBox={`0 0 100 ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Taken after each answer: ${told}`}
    >
      {capacity !== null && <path class="occupancy-capacity" d={`M0 ${y(capacity)} H100`} />}
      <path class="occupancy-line" d={`M0 ${y(0)} ${line} H100`} />
    </svg>
  );
}
