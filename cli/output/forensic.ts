/** The forensic bundle as text. */
import { type Forensic, type Outcome, smallestSchema, type Why } from '../../server/contract/index.ts';
import { processLines } from '../run/describe-process.ts';
import { formatClock, formatNumber } from '../run/format.ts';
import { isLoss, LOSS_SAYS, type Loss } from '../run/outcome.ts';
import { proofLines } from '../run/proof.ts';
import { ruleLines } from '../run/rules.ts';
import { safeJson, safeLines, safeText } from '../run/sanitize.ts';
import type { Line } from '../tui/paint/line.ts';
import { storyLines } from '../tui/views/story-intervals.ts';
import { smallestText } from './smallest.ts';
import { paintOutcome, type Style } from './style.ts';
import { whyText } from './why.ts';

/** What else there is to tell with: why it broke, where it is known, and the columns of the terminal. */
export interface ForensicTold {
  why?: Why | null;
  width?: number;
}

const USUAL_WIDTH = 120;
const INDENT = '  ';

/** Everything in the bundle that reads well; the whole of it is in `--json`. */
export function forensicText(
  bundle: Forensic,
  outcome: Outcome,
  style: Style,
  told: ForensicTold = {},
): string {
  const { why = null, width = USUAL_WIDTH } = told;
  if (isLoss(outcome)) return diagnosisText(bundle, outcome, style);
  const lines = [
    `${style.red(style.bold('FAIL'))}  ${bundle.kind}: ${safeText(bundle.invariant)}${placeOf(bundle)}`,
    safeLines(bundle.message),
    '',
    ...(why === null ? [] : [whyText(why, style, width), '']),
    ...section(style, 'Expected', bundle.expected),
    ...section(style, 'Actual', bundle.actual),
    ...listSection(style, 'Difference', bundle.difference.map(safeText)),
    ...historySection(style, bundle, width),
    ...listSection(style, 'Faults active', bundle.faultsActive.map(safeText)),
    ...listSection(style, 'Rules of the service', ruleLines(bundle.rules)),
    ...processSection(style, bundle),
    style.bold('Reproduce'),
    `  ${safeText(bundle.reproduce)}`,
    ...proofLines(bundle).map((line) => `  ${line}`),
    ...smallestSection(style, bundle.smallest, why !== null),
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
function smallestSection(style: Style, stored: Forensic['smallest'], isExplained: boolean): string[] {
  const smallest = smallestSchema.safeParse(stored);
  if (!smallest.success) return [];
  // The lanes of why it broke tell the same, and more.
  const shown = isExplained ? { ...smallest.data, wire: [] } : smallest.data;
  const lines = smallestText(shown, style).split('\n');
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

/** The operations on the object as bars over time; those that carry the failure, the others as a number. */
function historySection(style: Style, bundle: Forensic, width: number): string[] {
  if (bundle.history.length === 0) return [];
  const of = bundle.object === null ? '' : ` of ${safeText(bundle.object)}`;
  const lines = storyLines(bundle, width - INDENT.length).map(
    (line) => `${INDENT}${paintedText(line, style)}`,
  );
  return [style.bold(`History${of}`), ...lines, ''];
}

/** Colours of a screen's line as text that is written once. */
function paintedText(line: Line, style: Style): string {
  return line
    .map(({ text, style: { color, bold, dim } }) => {
      const painted =
        color === 'redBright' || color === 'red'
          ? style.red(text)
          : color === 'green'
            ? style.green(text)
            : color === 'yellow'
              ? style.yellow(text)
              : color === 'cyan'
                ? style.cyan(text)
                : text;
      return dim ? style.dim(painted) : bold ? style.bold(painted) : painted;
    })
    .join('')
    .trimEnd();
}
