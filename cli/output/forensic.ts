/** The forensic bundle as text. */
import { type Forensic, type Interval, type Outcome, smallestSchema } from '../../server/contract/index.ts';
import { processLines } from '../run/describe-process.ts';
import { formatClock, formatNumber } from '../run/format.ts';
import { isLoss, LOSS_SAYS, type Loss } from '../run/outcome.ts';
import { proofLines } from '../run/proof.ts';
import { ruleLines } from '../run/rules.ts';
import { safeJson, safeLines, safeText } from '../run/sanitize.ts';
import { truncate } from '../terminal/columns.ts';
import { smallestText } from './smallest.ts';
import { paintOutcome, type Style } from './style.ts';
import { type Column, tableLines } from './table.ts';

/** Everything in the bundle that reads well; the whole of it is in `--json`. */
export function forensicText(bundle: Forensic, outcome: Outcome, style: Style): string {
  if (isLoss(outcome)) return diagnosisText(bundle, outcome, style);
  const lines = [
    `${style.red(style.bold('FAIL'))}  ${bundle.kind}: ${safeText(bundle.invariant)}${placeOf(bundle)}`,
    safeLines(bundle.message),
    '',
    ...section(style, 'Operation', bundle.operation),
    ...section(style, 'Expected', bundle.expected),
    ...section(style, 'Actual', bundle.actual),
    ...listSection(style, 'Difference', bundle.difference.map(safeText)),
    ...historySection(style, bundle),
    ...listSection(style, 'Faults active', bundle.faultsActive.map(safeText)),
    ...listSection(style, 'Rules of the service', ruleLines(bundle.rules)),
    ...processSection(style, bundle),
    style.bold('Reproduce'),
    `  ${safeText(bundle.reproduce)}`,
    ...proofLines(bundle).map((line) => `  ${line}`),
    ...smallestSection(style, bundle.smallest),
  ];
  return lines.join('\n');
}

/** What went wrong with the run itself. */
function diagnosisText(bundle: Forensic, loss: Loss, style: Style): string {
  return [
    `${style.bold(paintOutcome(style, loss))}  ${bundle.kind}${placeOf(bundle)}`,
    safeLines(bundle.message),
    LOSS_SAYS[loss],
    '',
    ...processSection(style, bundle),
    style.bold('Run again'),
    `  ${safeText(bundle.reproduce)}`,
  ].join('\n');
}

function placeOf({ eventIndex, virtualMs }: Forensic): string {
  const at = eventIndex === null ? '' : ` at event ${formatNumber(eventIndex)}`;
  return virtualMs === null ? at : `${at}, ${formatClock(virtualMs, 3)}`;
}

function processSection(style: Style, { process }: Forensic): string[] {
  return listSection(style, 'Process', processLines(process ?? {}));
}

/** What `shrink` found, once it has; one of a later version is left to `--json`. */
function smallestSection(style: Style, stored: Forensic['smallest']): string[] {
  const smallest = smallestSchema.safeParse(stored);
  if (!smallest.success) return [];
  const lines = smallestText(smallest.data, style).split('\n');
  return ['', style.bold('Smallest reproduction'), ...lines.map((line) => `  ${line}`)];
}

function section(style: Style, title: string, value: unknown): string[] {
  if (value === null || value === undefined) return [];
  const text = typeof value === 'string' ? safeLines(value) : safeJson(value);
  return [style.bold(title), ...text.split('\n').map((line) => `  ${line}`), ''];
}

function listSection(style: Style, title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [style.bold(title), ...items.map((item) => `  ${item}`), ''];
}

/** Whole in `--json`; here a row should stay a line. */
const WIDEST_CELL = 60;

const COLUMNS: Column<Interval>[] = [
  { title: 'op', value: (interval) => String(interval.operation), right: true },
  { title: 'actor', value: (interval) => safeText(interval.actor) },
  { title: 'call', value: (interval) => truncate(safeJson(interval.call), WIDEST_CELL) },
  { title: 'outcome', value: (interval) => interval.outcome },
  {
    title: 'answer',
    value: (interval) => (interval.answer == null ? '' : truncate(safeJson(interval.answer), WIDEST_CELL)),
  },
  {
    title: 'events',
    value: (interval) => `${interval.invokedIndex} to ${interval.completedIndex ?? '…'}`,
  },
];

function historySection(style: Style, bundle: Forensic): string[] {
  if (bundle.history.length === 0) return [];
  const of = bundle.object === null ? '' : ` of ${safeText(bundle.object)}`;
  const table = tableLines(COLUMNS, bundle.history);
  return [style.bold(`History${of}`), ...table.map((line) => `  ${line}`), ''];
}
