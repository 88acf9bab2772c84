/** Checks, sometimes-properties and faults, a line each. */

import type { CheckRow, FaultRow, SometimesRow } from '../../run/checks.ts';
import { closingLines } from '../../run/closing.ts';
import { formatClock, formatCompact } from '../../run/format.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight, wrap } from '../../terminal/columns.ts';
import { DIM, type Line, PLAIN, type Style, span } from '../paint/line.ts';

const CHECK_MARK: Record<CheckRow['state'], [mark: string, style: Style]> = {
  holds: ['✔', { color: 'green' }],
  broken: ['✖', { color: 'redBright', bold: true }],
  waiting: ['·', DIM],
};

export function checkLine({ name, says, state, count }: CheckRow, width: number): Line {
  const [mark, style] = CHECK_MARK[state];
  const counted = count === null ? '' : `${formatCompact(count)}×`;
  const nameWidth = Math.min(40, Math.max(10, width - 10));
  const room = width - nameWidth - 12;
  return [
    span(`${mark} `, style),
    span(
      alignLeft(safeText(name), nameWidth),
      state === 'broken' ? style : state === 'waiting' ? DIM : PLAIN,
    ),
    span(alignRight(counted, 8), state === 'waiting' ? DIM : PLAIN),
    span(room < 16 ? '' : `  ${safeText(says)}`, DIM),
  ];
}

/** How far the run was tested, once its end has told. */
export function closingRows({ tally }: RunData, width: number): Line[] {
  return wrapped(closingLines(tally.closing), width, { color: 'yellow' });
}

/** Lines of text, those that are too long on several. */
export function wrapped(lines: readonly string[], width: number, style: Style): Line[] {
  return lines.flatMap((line) => wrap(line, width).map((each): Line => [span(each, style)]));
}

/** Under a check: what it cost. */
export function costLine(cost: string): Line {
  return [span(`    cost: ${cost}`, DIM)];
}

export function sometimesLine({ name, count }: SometimesRow, hasEnded: boolean, width: number): Line {
  const reached = count !== null && count > 0;
  const mark = reached ? '●' : '○';
  const style: Style = reached ? { color: 'green' } : hasEnded ? { color: 'yellow' } : DIM;
  const said = count === null ? '' : reached ? `${formatCompact(count)}×` : hasEnded ? 'never' : 'not yet';
  return [
    span(`${mark} `, style),
    span(alignLeft(safeText(name), Math.max(10, width - 12)), reached ? PLAIN : DIM),
    span(alignRight(said, 9), style),
  ];
}

export function faultLine({ name, count, rate, lastIndex, lastMs }: FaultRow, width: number): Line {
  const struck = count > 0;
  const nameWidth = Math.min(24, Math.max(10, width - 10));
  const withRate = width >= 70;
  const room = width - nameWidth - 8 - (withRate ? 9 : 0) - 3;
  const last = lastIndex === null || lastMs === null ? [] : lastTexts(lastMs, lastIndex);
  return [
    span(alignLeft(safeText(name), nameWidth), struck ? { color: 'red' } : DIM),
    span(alignRight(struck ? `${formatCompact(count)}×` : '-', 8), struck ? PLAIN : DIM),
    span(withRate ? alignRight(rate === null ? '' : `${rate}`, 9) : '', DIM),
    span(`   ${last.find((text) => text.length <= room) ?? ''}`, DIM),
  ];
}

/** When a fault struck last, the longest wording first. */
function lastTexts(ms: number, index: number): string[] {
  const at = formatClock(ms, 1);
  return [`last at ${at}, event ${index}`, `last at ${at}`, at];
}
