/** The history of a slot as an inline SVG: each operation from its invocation to its completion. */
import type { Forensic, Interval, Why } from '../../../server/contract/index.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import { formatClock } from '../../run/format.ts';
import {
  type HistoryRole,
  type HistoryRow,
  type Occupancy,
  objectHistory,
} from '../../run/object-history.ts';
import { safeJson } from '../../run/sanitize.ts';
import { truncate } from '../../terminal/columns.ts';
import { html, type Markup } from './markup.ts';

const WIDTH = 960;
const LEFT = 290;
const RIGHT = 170;
const ROW = 20;
const TOP = 26;
/** Of the line that tells how many held the object. */
const OCCUPANCY = 30;
/** The newest are those that explain it; all of them are in the bundle. */
const MOST_ROWS = 80;

/** Null when there is no history. `why`: its requests are among those that are not folded. */
export function intervalDiagram(
  failure: Forensic,
  why: Why | null,
  events: ReadonlySet<number>,
): Markup | null {
  if (failure.history.length === 0) return null;
  const { rows, occupancy, fromMs: firstMs, toMs } = objectHistory(failure, why, { most: MOST_ROWS });
  const lastMs = Math.max(firstMs + 0.001, toMs, failure.virtualMs ?? firstMs);
  const x = (ms: number) =>
    Math.round((LEFT + ((ms - firstMs) / (lastMs - firstMs)) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
  const top = TOP + (occupancy.points.length === 0 ? 0 : OCCUPANCY);
  const height = top + rows.length * ROW + 8;
  const left = Math.max(0, failure.history.length - MOST_ROWS);
  return html`${left > 0 ? html`<p class="quiet">The ${MOST_ROWS} newest of ${failure.history.length} operations.</p>` : null}
<div class="wide" tabindex="0" role="region" aria-label="Operations as intervals"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="operations as intervals over time">
<text x="${LEFT}" y="14">${formatClock(firstMs, 3)}</text><text x="${WIDTH - RIGHT}" y="14" class="end">${formatClock(lastMs, 3)}</text>
<line class="grid" x1="${LEFT}" x2="${LEFT}" y1="20" y2="${height}"/><line class="grid" x1="${WIDTH - RIGHT}" x2="${WIDTH - RIGHT}" y1="20" y2="${height}"/>
${failure.virtualMs === null ? null : html`<line class="broke" x1="${x(failure.virtualMs)}" x2="${x(failure.virtualMs)}" y1="20" y2="${height}"/>`}
${occupancy.points.length === 0 ? null : occupancyLine(occupancy, x, lastMs)}
${rows.map((row, i) =>
  row.row === 'fold'
    ? html`<text x="${LEFT - 8}" y="${top + i * ROW + 13}" class="end">${row.words}</text>`
    : intervalRow(row.interval, row.call, top + i * ROW, x, lastMs, row.role, failure.object),
)}
</svg></div>${contradictions(rows, events)}`;
}

/** The blamed answer and what it does not fit, each with a link to the other's event. */
function contradictions(rows: readonly HistoryRow[], events: ReadonlySet<number>): Markup | null {
  const told = rows.flatMap((row) => {
    if (row.row === 'fold' || row.linkedEvent === null) return [];
    const { interval, call, link, linkedEvent } = row;
    const words = events.has(linkedEvent) ? html`<a href="#event-${linkedEvent}">${link}</a>` : html`${link}`;
    return [html`<li>${call} by ${interval.actor} (${interval.outcome}): ${words}</li>`];
  });
  return told.length === 0 ? null : html`<ul>${told}</ul>`;
}

/** How many held the object, as steps over the same time, with its capacity as a line. */
function occupancyLine({ points, capacity }: Occupancy, x: (ms: number) => number, lastMs: number): Markup {
  const most = Math.max(1, capacity ?? 0, ...points.map(({ taken }) => taken));
  const y = (taken: number) => Math.round(TOP + OCCUPANCY - 6 - (taken / most) * (OCCUPANCY - 10));
  const steps = points.map(({ ms, taken }) => `H${x(ms)} V${y(taken)}`).join(' ');
  const of = capacity === null ? '' : `, of ${capacity}`;
  return html`<text x="${LEFT - 8}" y="${TOP + OCCUPANCY - 10}" class="end">taken${of}</text><text x="${WIDTH - RIGHT + 8}" y="${TOP + OCCUPANCY - 10}">${points.at(-1)?.taken ?? 0} at the end</text>${
    capacity === null
      ? null
      : html`<line class="broke" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(capacity)}" y2="${y(capacity)}"/>`
  }<path class="line c1" d="M${LEFT} ${y(0)} ${steps} H${x(lastMs)}"/>`;
}

function intervalRow(
  row: Interval,
  call: string,
  y: number,
  x: (ms: number) => number,
  lastMs: number,
  role: HistoryRole,
  object: string | null,
): Markup {
  const from = x(row.invokedMs);
  const to = x(row.completedMs ?? lastMs);
  const short = row.outcome === 'pending' ? '' : describeAnswer(row.answer, object, (json) => json);
  const whole = row.answer == null ? '' : safeJson(row.answer);
  return html`<g class="${role === 'accused' ? 'row broken' : `row ${role}`}"><title>${`operation ${row.operation}, events ${row.invokedIndex} to ${row.completedIndex ?? '…'}\n${row.actor}: ${safeJson(row.call)}\n${row.outcome} ${whole}`}</title>
<text x="${LEFT - 8}" y="${y + 13}" class="end">${truncate(`${row.actor}  ${call}`, 42)}</text>
<rect class="bar ${row.outcome}" x="${from}" y="${y + 3}" width="${Math.max(3, to - from)}" height="${ROW - 7}" rx="2"/>
<text x="${WIDTH - RIGHT + 8}" y="${y + 13}">${truncate(`${row.outcome} ${short}`.trim(), 24)}</text></g>`;
}
