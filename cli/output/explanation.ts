/** An explanation as text: the story in lanes, or why there is none. */
import type { ExplainProgress, Explanation } from '../../server/contract/index.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { Style } from './style.ts';

/** `width`: columns of the terminal. */
export function explanationText(explanation: Explanation, style: Style, _width: number): string {
  switch (explanation.state) {
    case 'ready': {
      const { sentence, name, conclusion } = explanation.why;
      const title = `${style.bold('WHY')}  ${safeText(sentence)}${name === null ? '' : `  ${safeText(name)}`}`;
      return [title, ...conclusion.map((line) => `     ${safeText(line)}`)].join('\n');
    }
    case 'none':
      return `${style.bold('WHY')}  not explained: ${safeText(explanation.reason)}.`;
    case 'pending':
      return `${style.bold('WHY')}  ${progressText(explanation.progress)}`;
  }
}

/** What is being done, in one line. */
export function progressText(progress: ExplainProgress | null): string {
  if (progress === null) return 'waits for somebody to explain it';
  return `explaining: ${safeText(progress.stage)}, ${formatNumber(progress.executions)} executions`;
}
