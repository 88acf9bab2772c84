/** The faults along the run, on one line for all charts: a letter for each of the rare, dots for the common, where it broke. */
import { brokenOf } from '../../run/picture.ts';
import { type RareFault, rareFaults } from '../../run/rare-faults.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeText } from '../../run/sanitize.ts';
import { placeInSample, risesOf, samplePoints } from '../../run/timeline.ts';
import { textWidth, truncate } from '../../terminal/columns.ts';
import { DIM, type Line, type Span, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';

const TITLE = ' faults ';
/** Of the width, at most so much goes to what the letters mean. */
const LEGEND_SHARE = 0.45;

export const FaultStrip = pane<{ data: RunData }>('FaultStrip', ({ data }, { width }) => {
  const rare = rareFaults(data.tally);
  const legend = legendOf(rare, Math.floor(width * LEGEND_SHARE));
  const room = width - TITLE.length - textWidth(legend) - 1;
  return [[span(TITLE, DIM), ...marks(data, rare, room), span(legend, DIM)]];
});

/** `  C crash  P partition  · others`, as many as fit. */
function legendOf(rare: readonly RareFault[], width: number): string {
  const named = rare.map(({ letter, name }) => `  ${letter} ${safeText(name)}`);
  while (named.length > 0 && textWidth(named.join('')) > width) named.pop();
  return truncate(`${named.join('')}`, width);
}

function marks(data: RunData, rare: readonly RareFault[], width: number): Line {
  const { timeline } = data;
  if (width < 1) return [];
  const points = samplePoints(timeline, width);
  const rises = risesOf(points, 'faults');
  const cells: Span[] = Array.from({ length: width }, (_, i) =>
    (rises[i] ?? 0) > 0 ? span('·', { color: 'red' }) : span(' '),
  );
  if (points.length === 0) return cells;
  const put = (index: number, cell: Span) => {
    cells[placeInSample(timeline, index, width)] = cell;
  };
  for (const { letter, at } of rare)
    for (const index of at) put(index, span(letter, { color: 'red', bold: true }));
  const failedAt = brokenOf(data)?.eventIndex ?? null;
  if (failedAt !== null) put(failedAt, span('✖', { color: 'redBright', bold: true }));
  return cells;
}
