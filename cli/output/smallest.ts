/** A smallest reproduction as text: the story as a table, why it is wrong, and the command. */
import { type Smallest, type StoryStep, timesOfEach } from '../../server/contract/index.ts';
import { formatClock, formatNumber, formatSeconds } from '../run/format.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { valueText } from '../run/value-text.ts';
import type { Style } from './style.ts';
import { type Column, tableLines } from './table.ts';
import { wireLines } from './why-lanes.ts';

const USUAL_WIDTH = 120;
const INDENT = '  ';

/** `width`: columns of the terminal, for the lanes. */
export function smallestText(smallest: Smallest, style: Style, width = USUAL_WIDTH): string {
  const { expected, actual, faults } = smallest;
  return [
    `${style.bold(`${counted(smallest.operations, 'operation')}`)} of ${formatNumber(smallest.operationsBefore)}${faults.length === 0 ? ', no faults' : `, faults: ${faults.map(safeText).join(' ')}`}`,
    '',
    ...tableLines(columns(style), smallest.story),
    '',
    ...lanesSection(smallest, style, width),
    style.bold('Why it is wrong'),
    `  ${safeText(smallest.invariant)}: ${safeLines(smallest.message)}`,
    ...(actual === null || actual === undefined ? [] : [`  actual    ${valueText(actual)}`]),
    ...(expected === null || expected === undefined ? [] : [`  expected  ${valueText(expected)}`]),
    '',
    style.bold('Reproduce'),
    `  ${safeText(smallest.reproduce)}`,
    '',
    ...proofLines(smallest).map((line) => style.dim(line)),
  ].join('\n');
}

/** What the service sent to its database meanwhile, of a run behind a gate. */
function lanesSection({ wire }: Smallest, style: Style, width: number): string[] {
  if (wire.length === 0) return [];
  return [
    style.bold('In SQL'),
    ...wireLines(wire, style, width - INDENT.length).map((line) => INDENT + line),
    '',
  ];
}

/** What was shown of it, and at what cost. */
function proofLines(smallest: Smallest): string[] {
  const { minimal, failsOtherwise, reproduced, executions, seconds } = smallest;
  const without =
    failsOtherwise === 0 ? 'it passes' : `it passes, or fails in another way (${failsOtherwise})`;
  const otherwise = reproduced.otherwise
    ? ` (it fails otherwise: ${safeText(timesOfEach(reproduced.otherwise))})`
    : '';
  return [
    minimal
      ? `Without any one of the operations ${without}.`
      : 'There may be a smaller one: the search came to its limit, or was stopped.',
    `It failed the same way ${reproduced.times} of ${reproduced.of} times${otherwise}; ${counted(executions, 'execution')} in ${formatSeconds(seconds)}.`,
  ];
}

function columns(style: Style): Column<StoryStep>[] {
  return [
    { title: 'STEP', value: ({ step }) => String(step), right: true },
    { title: 'TIME', value: ({ virtualMs }) => formatClock(virtualMs, 3) },
    { title: 'WHO', value: ({ actor }) => safeText(actor) },
    { title: 'OPERATION', value: ({ operation }) => safeText(operation) },
    {
      title: 'WHAT HAPPENED',
      value: ({ what }) => safeText(what),
      paint: (text, { actor, what }) =>
        what.startsWith('breaks ') ? style.red(text) : actor === 'chaos' ? style.yellow(text) : text,
    },
    { title: 'ANSWER', value: ({ answer }) => safeText(answer) },
  ];
}

function counted(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}
