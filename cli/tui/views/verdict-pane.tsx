/** How the run ended: what broke, or what went wrong with the run itself, or how far a PASS goes; and what to do next. */
import { formatNumber } from '../../run/format.ts';
import { failureTitle, isLoss, LOSS_SAYS } from '../../run/outcome.ts';
import { comparisonOf, failureOf, outcomeOfData } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeText } from '../../run/sanitize.ts';
import { valueText } from '../../run/value-text.ts';
import { truncate, wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { OUTCOME_COLOR } from '../theme.ts';
import { closingRows } from './check-lines.ts';

const LABEL = 11;

/** How many rows the verdict takes, at most `most`; 0 while there is none. */
export function verdictHeight(data: RunData, width: number, most: number): number {
  const lines = verdictLines(data, width - 4, Number.POSITIVE_INFINITY);
  return lines === null ? 0 : Math.max(3, Math.min(lines.length + 2, most));
}

export const VerdictPane = pane<{ data: RunData }>('VerdictPane', ({ data }, { width, height }) => {
  const failure = failureOf(data);
  const outcome = outcomeOfData(data);
  const inner = innerSize(width, height);
  return framed(
    {
      title: failure === null ? outcome : safeText(failureTitle(outcome, failure)),
      aside: typeof failure?.eventIndex === 'number' ? `event ${formatNumber(failure.eventIndex)}` : '',
      width,
      height,
      color: failure === null || isLoss(outcome) ? OUTCOME_COLOR[outcome] : 'red',
    },
    verdictLines(data, inner.width, inner.height) ?? [],
  );
});

/** The lines that fit, the keys for what comes next last and always. */
function verdictLines(data: RunData, width: number, height: number): Line[] | null {
  const next = data.end === null ? [] : [nextLine(data)];
  const lines =
    failureLines(data, width, height - next.length) ??
    (data.end === null ? null : endLines(data, width).slice(0, Math.max(0, height - next.length)));
  return lines === null ? null : [...lines, ...next];
}

/** What a PASS, or a run that was stopped, says. */
function endLines(data: RunData, width: number): Line[] {
  if (data.status === 'STOPPED') {
    const { stopReason } = data.run;
    const why = data.end?.stopReason ?? stopReason;
    return wrap(`Stopped before a verdict${why === null ? '' : `: ${safeText(why)}`}.`, width).map((text) => [
      span(text),
    ]);
  }
  const { operations, faults = 0 } = data.metrics;
  const after = operations === undefined ? '' : ` in ${formatNumber(operations)} operations`;
  const under = faults === 0 ? '' : ` under ${formatNumber(faults)} ${faults === 1 ? 'fault' : 'faults'}`;
  return [[span(`Nothing broke${after}${under}.`)], ...closingRows(data, width)];
}

/** What people do next, by their keys. */
function nextLine(data: RunData): Line {
  const isFail = data.end?.status === 'FAIL';
  const steps: [key: string, what: string][] = [
    ...(isFail ? [['3', 'why'] as [string, string]] : []),
    ['4', 'replay'],
    ['a', data.end?.status === 'STOPPED' ? 'again' : 'another seed'],
    ...(data.run.campaign === null ? [] : [['C', 'campaign'] as [string, string]]),
    ['6', 'runs'],
  ];
  return steps.flatMap(([key, what], i) => [
    span(i === 0 ? '' : '   '),
    span(key, BOLD),
    span(` ${what}`, DIM),
  ]);
}

function failureLines(data: RunData, width: number, height: number): Line[] | null {
  const failure = failureOf(data);
  if (failure === null) return null;
  const outcome = outcomeOfData(data);
  const loss = isLoss(outcome) ? outcome : null;
  const comparison = loss === null ? comparisonOf(data) : null;
  const below: Line[] = [
    ...(loss === null ? [] : [[span(truncate(LOSS_SAYS[loss], width), DIM)]]),
    ...(comparison === null
      ? []
      : [
          labelled('expected', oneLine(comparison.expected, width)),
          labelled('actual', oneLine(comparison.actual, width)),
        ]),
    ...(failure.reproduce === undefined
      ? []
      : wrap(safeText(failure.reproduce), width - LABEL).map((text, i) =>
          labelled(i > 0 ? '' : loss === null ? 'reproduce' : 'run again', text),
        )),
  ];
  const message = wrap(safeText(failure.message), width).slice(0, Math.max(1, height - below.length));
  return [...message.map((text) => [span(text, BOLD)]), ...below].slice(0, height);
}

function labelled(name: string, text: string): Line {
  return [span(name.padEnd(LABEL), DIM), span(text)];
}

function oneLine(value: unknown, width: number): string {
  return truncate(valueText(value), width - LABEL);
}
