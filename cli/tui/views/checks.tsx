/** The Checks view: which checks ran and hold, which situations were reached, which faults struck when. */

import { checkRows, faultRows, sometimesRows } from '../../run/checks.ts';
import { formatNumber } from '../../run/format.ts';
import { shown } from '../../run/picture.ts';
import { ruleLines } from '../../run/rules.ts';
import type { RunData } from '../../run/run-data.ts';
import { risesOf, samplePoints } from '../../run/timeline.ts';
import { eventLine } from '../components/event-line.ts';
import { framed, innerSize } from '../components/frame.ts';
import { placeText, scrolled } from '../components/scroll.ts';
import { densities } from '../components/sparkline.ts';
import { BOLD, DIM, type Line, PLAIN, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { checkLine, closingRows, costLine, faultLine, sometimesLine, wrapped } from './check-lines.ts';
import type { ViewProps } from './view-props.ts';

export function ChecksView({ state, area }: ViewProps) {
  const data = shown(state);
  const { x, y, width, height } = area;
  const scroll = state.checksScroll;
  if (width < 100) return <AllPane data={data} scroll={scroll} x={x} y={y} width={width} height={height} />;
  const left = Math.floor(width * 0.55);
  const faults = Math.min(Math.floor(height / 2), faultRows(data).length + 6);
  return (
    <>
      <ChecksPane data={data} scroll={scroll} x={x} y={y} width={left} height={height} />
      <FaultsPane data={data} x={left} y={y} width={width - left} height={faults} />
      <RecentPane data={data} x={left} y={y + faults} width={width - left} height={height - faults} />
    </>
  );
}

interface ChecksProps {
  data: RunData;
  scroll: number;
}

const AllPane = pane<ChecksProps>('AllPane', ({ data, scroll }, { width, height }) => {
  const inner = innerSize(width, height);
  const lines = [...checkLines(data, inner.width), [], ...faultLines(data, inner.width)];
  const aside = placeText(scroll, inner.height, lines.length);
  return framed(
    { title: 'Checks and faults', aside, footLeft: sinceText(data), width, height },
    scrolled(lines, scroll, inner.height),
  );
});

const ChecksPane = pane<ChecksProps>('ChecksPane', ({ data, scroll }, { width, height }) => {
  const inner = innerSize(width, height);
  const lines = checkLines(data, inner.width);
  const aside = placeText(scroll, inner.height, lines.length);
  return framed(
    { title: 'Checks', aside, footLeft: sinceText(data), width, height },
    scrolled(lines, scroll, inner.height),
  );
});

const FaultsPane = pane<{ data: RunData }>('FaultsPane', ({ data }, { width, height }) =>
  framed(
    { title: 'Faults', aside: activeText(data), width, height },
    faultLines(data, innerSize(width, height).width),
  ),
);

export const RecentPane = pane<{ data: RunData }>('RecentPane', ({ data }, { width, height }) => {
  const inner = innerSize(width, height);
  const newest = data.tally.recent.slice(-inner.height).reverse();
  const lines =
    newest.length === 0
      ? [[span('none was seen yet', DIM)]]
      : newest.map((event) => eventLine(event, inner.width));
  return framed({ title: 'Newest faults', width, height }, lines);
});

function checkLines(data: RunData, width: number): Line[] {
  const situations = sometimesRows(data);
  const undecided = data.tally.closing?.['undecided'];
  const open = Array.isArray(undecided) ? undecided.length : 0;
  return [
    [span('Must hold always', BOLD)],
    ...checkRows(data).flatMap((row) =>
      row.cost === null ? [checkLine(row, width)] : [checkLine(row, width), costLine(row.cost)],
    ),
    [],
    [
      span('Must happen at least once', BOLD),
      span(data.end === null && data.reached === null ? '  the run tells all at its end' : '', DIM),
    ],
    ...situations.map((row) => sometimesLine(row, data.end !== null, width)),
    ...(open > 0
      ? [
          [
            span(`${open} ${open === 1 ? 'object was' : 'objects were'} too tangled to decide.`, {
              color: 'yellow' as const,
            }),
          ],
        ]
      : []),
    ...closingRows(data, width),
    ...rulesOf(data, width),
  ];
}

function rulesOf({ tally, run }: RunData, width: number): Line[] {
  const lines = ruleLines(tally.rules ?? run.failForensic?.rules);
  if (lines.length === 0) return [];
  return [[], [span('Rules of the service', BOLD)], ...wrapped(lines, width, PLAIN)];
}

function faultLines(data: RunData, width: number): Line[] {
  const rows = faultRows(data);
  const total = data.metrics['faults'] ?? 0;
  const rises = risesOf(samplePoints(data.timeline, Math.max(2, width - 12)), 'faults');
  return [
    [span(`Profile ${data.run.config.faults}`, BOLD), span(`  ${formatNumber(total)} struck`)],
    ...rows.map((row) => faultLine(row, width)),
    [span('over time   ', DIM), span(densities(rises), { color: 'red' })],
  ];
}

function activeText(data: RunData): string {
  if (data.end !== null) return 'the run has ended';
  return data.tally.healedAt === null ? 'striking' : 'healed';
}

function sinceText({ tally }: RunData): string {
  if (tally.passedOver > 0) return `not counted: ${formatNumber(tally.passedOver)} events passed over`;
  return tally.since !== null && tally.since > 0 ? `counted from event ${formatNumber(tally.since)} on` : '';
}
