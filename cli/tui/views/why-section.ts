/** Why it broke, at the head of the Forensics view: the lanes with the step that is looked at, or how far the explaining is. */
import type { Explanation } from '../../../server/contract/index.ts';
import { titleLines, whyEndLines } from '../../output/why.ts';
import { type WhyPaint, whyLaneLines } from '../../output/why-lanes.ts';
import { waitingWords } from '../../run/why-words.ts';
import { wrap } from '../../terminal/columns.ts';
import { BOLD, DIM, fitLine, type Line, restyle, type Style, span } from '../paint/line.ts';

export interface WhySection {
  lines: readonly Line[];
  /** The line of the step that is looked at; null: none. */
  chosen: number | null;
}

export const NO_WHY: WhySection = { lines: [], chosen: null };

const PAINT: Readonly<Record<WhyPaint, Style>> = {
  read: { color: 'redBright', bold: true },
  write: { color: 'yellow', bold: true },
  mark: { color: 'redBright' },
  plain: {},
  quiet: DIM,
  heading: BOLD,
  error: { color: 'redBright' },
  bar: { color: 'yellow' },
};

/** `step`: the one that is looked at. */
export function whySection(
  explanation: Explanation | null,
  width: number,
  step: number | null,
  unfolded: boolean,
): WhySection {
  const waiting =
    explanation === null
      ? 'Nobody has asked why it broke; `simcity explain` finds it.'
      : waitingWords(explanation);
  if (waiting !== null) return { lines: [...waitingLines(waiting, width), []], chosen: null };
  if (explanation?.state !== 'ready') return NO_WHY;
  const { why } = explanation;
  const title = titleLines(why, width).map((text): Line => [span(text, BOLD)]);
  const drawn = whyLaneLines(why, width, { unfolded });
  const lanes = drawn.map((each): Line => {
    const line = each.pieces.map(({ text, paint }) => span(text, PAINT[paint]));
    return step !== null && each.step === step ? restyle(fitLine(line, width), { inverse: true }) : line;
  });
  const at = step === null ? -1 : drawn.findIndex((each) => each.step === step);
  const end = whyEndLines(why, width).map(
    ({ text, passes }): Line => [span(text, passes ? { color: 'green' } : {})],
  );
  return { lines: [...title, ...lanes, [], ...end, []], chosen: at < 0 ? null : title.length + at };
}

function waitingLines(text: string, width: number): Line[] {
  return text
    .split('\n')
    .flatMap((line) => wrap(line, width).map((each): Line => [span(each, { color: 'cyan' })]));
}
