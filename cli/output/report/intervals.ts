/** The history of a slot as an inline SVG: each operation from its invocation to its completion. */
import type { Forensic, Interval } from '../../../server/contract/index.ts';
import { formatClock } from '../../run/format.ts';
import { safeJson } from '../../run/sanitize.ts';
import { truncate } from '../../terminal/columns.ts';
import { html, type Markup } from './markup.ts';

const WIDTH = 960;
const LEFT = 290;
const RIGHT = 170;
const ROW = 20;
const TOP = 26;
/** The newest are those that explain it; all of them are in the bundle. */
const MOST_ROWS = 80;

/** Null when there is no history. */
export function intervalDiagram(failure: Forensic): Markup | null {
  const rows = failure.history.slice(-MOST_ROWS);
  if (rows.length === 0) return null;
  const firstMs = Math.min(...rows.map(({ invokedMs }) => invokedMs));
  const ends = rows.map(({ completedMs, invokedMs }) => completedMs ?? invokedMs);
  const lastMs = Math.max(firstMs + 0.001, ...ends, failure.virtualMs ?? firstMs);
  const x = (ms: number) =>
    Math.round((LEFT + ((ms - firstMs) / (lastMs - firstMs)) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
  const height = TOP + rows.length * ROW + 8;
  const broken = brokenOperation(failure);
  const left = failure.history.length - rows.length;
  return html`${left > 0 ? html`<p class="quiet">The ${MOST_ROWS} newest of ${failure.history.length} operations.</p>` : null}
<div class="wide" tabindex="0" role="region" aria-label="Operations as intervals"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="operations as intervals over time">
<text x="${LEFT}" y="14">${formatClock(firstMs, 3)}</text><text x="${WIDTH - RIGHT}" y="14" class="end">${formatClock(lastMs, 3)}</text>
<line class="grid" x1="${LEFT}" x2="${LEFT}" y1="20" y2="${height}"/><line class="grid" x1="${WIDTH - RIGHT}" x2="${WIDTH - RIGHT}" y1="20" y2="${height}"/>
${failure.virtualMs === null ? null : html`<line class="broke" x1="${x(failure.virtualMs)}" x2="${x(failure.virtualMs)}" y1="20" y2="${height}"/>`}
${rows.map((row, i) => intervalRow(row, TOP + i * ROW, x, lastMs, row.operation === broken))}
</svg></div>`;
}

function intervalRow(
  row: Interval,
  y: number,
  x: (ms: number) => number,
  lastMs: number,
  broken: boolean,
): Markup {
  const from = x(row.invokedMs);
  const to = x(row.completedMs ?? lastMs);
  const answer = row.answer == null ? '' : ` ${safeJson(row.answer)}`;
  const answerText = `${row.outcome}${answer}`;
  return html`<g class="${broken ? 'row broken' : 'row'}"><title>${`operation ${row.operation}, events ${row.invokedIndex} to ${row.completedIndex ?? '…'}\n${row.actor}: ${safeJson(row.call)}\n${answerText}`}</title>
<text x="${LEFT - 8}" y="${y + 13}" class="end">${truncate(`${row.actor}  ${callText(row.call)}`, 42)}</text>
<rect class="bar ${row.outcome}" x="${from}" y="${y + 3}" width="${Math.max(3, to - from)}" height="${ROW - 7}" rx="2"/>
<text x="${WIDTH - RIGHT + 8}" y="${y + 13}">${truncate(answerText, 24)}</text></g>`;
}

function callText(call: Record<string, unknown>): string {
  const { operation: name, ...rest } = call;
  const others = Object.entries(rest)
    // Who asks stands beside it, and the key is in the title.
    .flatMap(([field, value]) => (field === 'citizen' || field === 'key' ? [] : [value]))
    .filter((value) => typeof value === 'string' || typeof value === 'number');
  return typeof name === 'string' ? [name, ...others].join(' ') : safeJson(call);
}

function brokenOperation(failure: Forensic): unknown {
  const { operation } = failure;
  return operation?.['op'] ?? operation?.['operation'] ?? operation?.['id'] ?? null;
}
