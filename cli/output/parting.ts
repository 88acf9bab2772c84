/** The event at which two histories part, as text. */
import type { RunEvent } from '../../server/contract/index.ts';
import type { Parting } from '../run/compare-histories.ts';
import { detailOf, objectOf } from '../run/describe-event.ts';
import { type Difference, differingText } from '../run/event-difference.ts';
import { formatClock, formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import { textWidth } from '../terminal/columns.ts';
import type { Style } from './style.ts';

/** What differs in the settings of two runs. `names`: what the two sides are called. */
export function settingsText(
  settings: readonly Difference[],
  names: [left: string, right: string],
  style: Style,
): string {
  return [style.bold('The settings differ'), ...differenceLines(settings, names, style)].join('\n');
}

function differenceLines(
  found: readonly Difference[],
  names: readonly [left: string, right: string],
  style: Style,
): string[] {
  const width = Math.max(...names.map(textWidth));
  return found.flatMap(({ path, left, right }) => [
    `  ${safeText(path)}`,
    style.red(`  - ${names[0].padEnd(width)}  ${differingText(left)}`),
    style.green(`  + ${names[1].padEnd(width)}  ${differingText(right)}`),
  ]);
}

/** `names`: what the two sides are called. */
export function partingText(parting: Parting, names: [left: string, right: string], style: Style): string {
  const { index, left, right, before, leftAfter, rightAfter } = parting;
  const width = Math.max(...names.map(textWidth));
  const [leftName, rightName] = names.map((name) => name.padEnd(width)) as [string, string];
  const lines = [
    style.bold(`The first event that differs is ${formatNumber(index)}.`),
    ...before.map((event) => style.dim(`  ${' '.repeat(width)}  ${eventText(event)}`)),
    style.red(`- ${leftName}  ${left ? eventText(left) : 'has ended'}`),
    style.green(`+ ${rightName}  ${right ? eventText(right) : 'has ended'}`),
    ...leftAfter.map((event) => style.dim(`- ${leftName}  ${eventText(event)}`)),
    ...rightAfter.map((event) => style.dim(`+ ${rightName}  ${eventText(event)}`)),
  ];
  if (parting.differences.length > 0)
    lines.push('', style.bold('What differs'), ...differenceLines(parting.differences, names, style));
  return lines.join('\n');
}

function eventText(event: RunEvent): string {
  return [
    String(event.index).padStart(7),
    formatClock(event.virtualMs, 3),
    safeText(event.type).padEnd(14),
    safeText(event.actor).padEnd(11),
    objectOf(event) ?? '',
    detailOf(event),
  ]
    .filter((part) => part !== '')
    .join('  ')
    .trimEnd();
}
