/** The forensic bundle as text. */
import { type Forensic, type Outcome, smallestSchema, type Why } from '../../server/contract/index.ts';
import { actualWords, expectedWords } from '../run/bundle-words.ts';
import { processLines } from '../run/describe-process.ts';
import { formatClock, formatNumber } from '../run/format.ts';
import { isLoss, LOSS_SAYS, type Loss } from '../run/outcome.ts';
import { proofLines } from '../run/proof.ts';
import { ruleLines } from '../run/rules.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { sentenceText } from '../run/value-text.ts';
import { seatsOf } from '../run/why-seats.ts';
import { wrap } from '../terminal/columns.ts';
import { historyLines } from './history-lines.ts';
import { paintedText } from './pieces.ts';
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
    ...(why === null ? [] : [whyText(why, style, width, { seats: seatsOf(bundle) }), '']),
    ...smallestSection(style, bundle.smallest, why !== null, width),
    ...section(style, 'Expected', expectedWords(bundle), width),
    ...section(style, 'Actual', actualWords(bundle), width),
    ...listSection(style, 'Difference', bundle.difference.map(sentenceText), width),
    ...historySection(style, bundle, why, width),
    ...listSection(style, 'Faults active', bundle.faultsActive.map(safeText)),
    ...listSection(style, 'Rules of the service', ruleLines(bundle.rules)),
    ...processSection(style, bundle),
    style.bold('Reproduce'),
    `  ${safeText(bundle.reproduce)}`,
    ...proofLines(bundle).map((line) => `  ${line}`),
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
function smallestSection(
  style: Style,
  stored: Forensic['smallest'],
  isExplained: boolean,
  width: number,
): string[] {
  const smallest = smallestSchema.safeParse(stored);
  if (!smallest.success) return [];
  // The lanes of why it broke tell the same, and more.
  const shown = isExplained ? { ...smallest.data, wire: [] } : smallest.data;
  const lines = smallestText(shown, style, width - INDENT.length).split('\n');
  return [style.bold('Smallest reproduction'), ...lines.map((line) => `${INDENT}${line}`.trimEnd()), ''];
}

function section(style: Style, title: string, text: string | null, width: number): string[] {
  if (text === null) return [];
  return [style.bold(title), ...wrap(text, width - INDENT.length).map((line) => `${INDENT}${line}`), ''];
}

/** `width`: items are broken to it; without it they stay as they are. */
function listSection(style: Style, title: string, items: readonly string[], width?: number): string[] {
  if (items.length === 0) return [];
  const lines = items.flatMap((item) => (width === undefined ? [item] : wrap(item, width - INDENT.length)));
  return [style.bold(title), ...lines.map((line) => `${INDENT}${line}`), ''];
}

/** The operations on the object as bars over time; those that carry the failure, the others as a number. */
function historySection(style: Style, bundle: Forensic, why: Why | null, width: number): string[] {
  if (bundle.history.length === 0) return [];
  const of = bundle.object === null ? '' : ` of ${safeText(bundle.object)}`;
  const lines = historyLines(bundle, why, width - INDENT.length).map(
    (pieces) => `${INDENT}${paintedText(pieces, style)}`,
  );
  return [style.bold(`History${of}`), ...lines, ''];
}
