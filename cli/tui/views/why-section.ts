/** Why it broke, at the head of the Forensics view: the lanes with the step that is looked at, or how far the explaining is. */
import type { Explanation, Forensic } from '../../../server/contract/index.ts';
import { whyDrawn } from '../../output/why.ts';
import { taskWords } from '../../run/task-words.ts';
import { seatsOf } from '../../run/why-seats.ts';
import { wrap } from '../../terminal/columns.ts';
import { fitLine, type Line, restyle, span } from '../paint/line.ts';
import { lineOf } from '../paint/pieces.ts';

export interface WhySection {
  lines: readonly Line[];
  /** The line of the step that is looked at; null: none. */
  chosen: number | null;
}

export const NO_WHY: WhySection = { lines: [], chosen: null };

export interface WhyLooked {
  /** The step that is looked at; null: none. */
  step: number | null;
  unfolded: boolean;
}

export function whySection(
  explanation: Explanation | null,
  bundle: Forensic,
  width: number,
  { step, unfolded }: WhyLooked,
): WhySection {
  const waiting =
    explanation === null
      ? 'Nobody has asked why it broke; `simcity explain` finds it.'
      : taskWords('explain', explanation);
  if (waiting !== null) return { lines: [...waitingLines(waiting, width), []], chosen: null };
  if (explanation?.state !== 'ready') return NO_WHY;
  const hint = unfolded ? 'e folds' : 'e expands';
  const drawn = whyDrawn(explanation.result, width, { unfolded, hint, seats: seatsOf(bundle) });
  const isChosen = (steps: readonly number[]) => step !== null && steps.includes(step);
  const lines = drawn.map(({ steps, pieces }): Line => {
    const line = lineOf(pieces);
    return isChosen(steps) ? restyle(fitLine(line, width), { inverse: true }) : line;
  });
  const at = drawn.findIndex(({ steps }) => isChosen(steps));
  return { lines: [...lines, []], chosen: at < 0 ? null : at };
}

function waitingLines(text: string, width: number): Line[] {
  return text
    .split('\n')
    .flatMap((line) => wrap(line, width).map((each): Line => [span(each, { color: 'cyan' })]));
}
