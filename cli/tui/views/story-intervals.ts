/** The operations of a bundle that carry its failure as bars over time, with the others folded, and the occupancy over them. */
import type { Forensic, Interval } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { intervalLines } from '../components/intervals.ts';
import { DIM, type Line, span } from '../paint/line.ts';
import { rowOfInterval } from './interval-rows.ts';

/** Rows that are drawn; those before are told by their number. */
const MOST_ROWS = 24;

/** `unfolded`: with all operations. */
export function storyLines(bundle: Forensic, width: number, { unfolded = false } = {}): Line[] {
  const culprit = culpritOf(bundle);
  const carrying = unfolded ? bundle.history : bundle.history.filter((each) => carries(each, culprit));
  const kept = carrying.length === 0 ? bundle.history : carrying;
  const shown = kept.slice(-MOST_ROWS);
  const rows = shown.map((interval) => rowOfInterval(interval, culprit, bundle.object));
  const folded = foldedWords(bundle.history.filter((each) => !kept.includes(each)));
  const earlier = kept.length - shown.length;
  return [
    ...(earlier > 0 ? [[span(`${formatNumber(earlier)} earlier left out`, DIM)]] : []),
    ...intervalLines(rows, width),
    ...axisLine(shown),
    ...(folded === '' ? [] : [[span(folded, DIM)]]),
  ];
}

/** The operation that the failure blames; null: none. */
export function culpritOf({ operation }: Forensic): number | null {
  const failed = operation?.['op'];
  return typeof failed === 'number' ? failed : null;
}

/** What is read only changes nothing; what was refused left nothing. The blamed one is always shown. */
function carries(interval: Interval, culprit: number | null): boolean {
  if (interval.operation === culprit) return true;
  return interval.outcome !== 'refused' && !isRead(interval);
}

function isRead({ call }: Interval): boolean {
  const name = call['operation'];
  return typeof name === 'string' && /^(list|availability|get|read|look|balance|page|statement)/i.test(name);
}

/** `14 reads folded`. */
function foldedWords(folded: readonly Interval[]): string {
  if (folded.length === 0) return '';
  const reads = folded.filter(isRead).length;
  const others = folded.length - reads;
  const told = [counted(reads, 'read'), counted(others, 'refused operation')].filter(Boolean);
  return `${told.join(' and ')} folded`;
}

function counted(count: number, noun: string): string {
  return count === 0 ? '' : `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Which part of the history the bars are over. */
function axisLine(shown: readonly Interval[]): Line[] {
  if (shown.length === 0) return [];
  const from = Math.min(...shown.map(({ invokedIndex }) => invokedIndex));
  const to = Math.max(...shown.map(({ invokedIndex, completedIndex }) => completedIndex ?? invokedIndex));
  return [[span(`from event ${formatNumber(from)} to ${formatNumber(to)}, in order of time`, DIM)]];
}
