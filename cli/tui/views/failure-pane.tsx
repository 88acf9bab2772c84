/** What broke, or what went wrong with the run itself: the message, expected against actual, how to see it again. */
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

const LABEL = 11;

/** How many rows the failure takes, at most `most`; 0 without one. */
export function failureHeight(data: RunData, width: number, most: number): number {
  const lines = failureLines(data, width - 4, Number.POSITIVE_INFINITY);
  return lines === null ? 0 : Math.max(3, Math.min(lines.length + 2, most));
}

export const FailurePane = pane<{ data: RunData }>('FailurePane', ({ data }, { width, height }) => {
  const failure = failureOf(data);
  const outcome = outcomeOfData(data);
  const inner = innerSize(width, height);
  return framed(
    {
      title: safeText(failureTitle(outcome, failure ?? {})),
      aside: typeof failure?.eventIndex === 'number' ? `event ${formatNumber(failure.eventIndex)}` : '',
      width,
      height,
      color: isLoss(outcome) ? OUTCOME_COLOR[outcome] : 'red',
    },
    failureLines(data, inner.width, inner.height) ?? [],
  );
});

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
