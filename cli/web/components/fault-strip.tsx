/** The faults along what the charts show, on one line for all of them: a letter for each of the rare, dots for the common. */
import type { ChartRange } from '../../run/chart-range.ts';
import { formatNumber } from '../../run/format.ts';
import { type RareFault, rareFaults } from '../../run/rare-faults.ts';
import { safeText } from '../../run/sanitize.ts';
import type { Tally } from '../../run/tally.ts';
import { risesOf } from '../../run/timeline.ts';
import type { ChartCursor } from '../state/chart-cursor.ts';
import { useStore } from '../state/store.ts';
import { type ShownPoints, shareOf } from '../state/zoomed-points.ts';

interface FaultStripProps {
  tally: Tally;
  shown: ShownPoints;
  failedAt: number | null;
  cursor: ChartCursor;
  /** Where a line is drawn beside the pointer's; null: nowhere. */
  at: number | null;
}

/** Places for dots; closer together they would be a line. */
const PLACES = 150;

export function FaultStrip({ tally, shown, failedAt, cursor, at }: FaultStripProps) {
  const rare = rareFaults(tally);
  const dots = dotsOf(shown, rare);
  if (rare.length === 0 && dots.length === 0) return <p class="dim">No faults here.</p>;
  return (
    <div class="fault-strip">
      <span class="dim">faults</span>
      <svg role="img" aria-label={spoken(tally)}>
        {dots.map((share) => (
          <circle key={share} cx={percent(share)} cy="50%" r="1.5" />
        ))}
        {rare.flatMap(({ letter, at: struck }) =>
          struck.filter(isIn(shown.range)).map((index) => (
            <text key={`${letter} ${index}`} x={percent(shareOf(shown, index))} y="75%">
              {letter}
            </text>
          )),
        )}
        {failedAt !== null && isIn(shown.range)(failedAt) && (
          <text x={percent(shareOf(shown, failedAt))} y="75%">
            ✖
          </text>
        )}
        {at !== null && isIn(shown.range)(at) && (
          <Upright class="fault-strip-at" share={shareOf(shown, at)} />
        )}
        <Pointer cursor={cursor} shown={shown} />
      </svg>
      <Legend rare={rare} />
    </div>
  );
}

function Legend({ rare }: { rare: readonly RareFault[] }) {
  return (
    <span class="dim fault-legend">
      {rare.map(({ letter, name }) => (
        <span key={letter}>
          <b>{letter}</b> {safeText(name)}
        </span>
      ))}
      <span>
        <b>·</b> {rare.length === 0 ? 'a fault' : 'others'}
      </span>
    </span>
  );
}

function Pointer({ cursor, shown }: Pick<FaultStripProps, 'cursor' | 'shown'>) {
  const here = useStore(cursor);
  if (here === null || !isIn(shown.range)(here.index)) return null;
  return <Upright class="fault-strip-pointer" share={shareOf(shown, here.index)} />;
}

function Upright({ share, class: className }: { share: number; class: string }) {
  return <line class={className} x1={percent(share)} x2={percent(share)} y1="0" y2="100%" />;
}

/** Shares of the width at which faults lie that have no letter. */
function dotsOf(shown: ShownPoints, rare: readonly RareFault[]): number[] {
  const { points, range } = shown;
  const rises = risesOf(points, 'faults');
  const lettered = rare.flatMap(({ at }) => at);
  const struck = points.filter(({ index }, i) => {
    const before = points[i - 1]?.index ?? -1;
    const named = lettered.filter((each) => each > before && each <= index).length;
    // What the first of a part rose by was before it.
    return (rises[i] ?? 0) > named && isIn(range)(index) && (i > 0 || range.from === 0);
  });
  return [...new Set(struck.map(({ index }) => Math.round(shareOf(shown, index) * PLACES) / PLACES))];
}

const isIn =
  ({ from, to }: ChartRange) =>
  (index: number) =>
    index >= from && index <= to;
const percent = (share: number) => `${(share * 100).toFixed(2)}%`;

function spoken({ faults }: Tally): string {
  const counts = Object.entries(faults).map(
    ([name, { count }]) => `${safeText(name)} ${formatNumber(count)}`,
  );
  return counts.length === 0 ? 'Where faults struck' : `Where faults struck: ${counts.join(', ')}`;
}
