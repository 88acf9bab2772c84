/** An explanation as text: the story in lanes, or why there is none. */
import type { Explanation, Forensic } from '../../server/contract/index.ts';
import { safeText } from '../run/sanitize.ts';
import { progressWords } from '../run/task-words.ts';
import { seatsOf } from '../run/why-seats.ts';
import type { Style } from './style.ts';
import { whyText } from './why.ts';

/** `width`: columns of the terminal. `bundle`: of the failure, for how many seats there are; null: not known. */
export function explanationText(
  explanation: Explanation,
  style: Style,
  width: number,
  bundle: Forensic | null = null,
): string {
  switch (explanation.state) {
    case 'ready':
      return whyText(explanation.result, style, width, { seats: bundle === null ? null : seatsOf(bundle) });
    case 'none':
      return `${style.bold('WHY')}  not explained: ${safeText(explanation.reason)}.`;
    case 'pending':
      return `${style.bold('WHY')}  ${progressWords('explain', explanation.progress)}`;
  }
}
