/** Histories of one object step by step through a checker, as tests draw them. */
import type { LinearizabilityChecker } from '../../runner/checkers/linearizability/index.ts';

/** `expire`: no answer came, and it can take effect no more. */
export type HistoryStep<Call, Answer> =
  | { readonly kind: 'invoke'; readonly id: number; readonly call: Call }
  | { readonly kind: 'complete'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'expire'; readonly id: number };

/** The step whose answer nothing explains; null: all are explained. `before` is called ahead of each. */
export function firstWrong<State, Call, Answer, Step extends HistoryStep<Call, Answer>>(
  checker: LinearizabilityChecker<State, Call, Answer>,
  steps: readonly Step[],
  before: (step: Step) => void = () => {},
): number | null {
  for (const [index, step] of steps.entries()) {
    before(step);
    if (step.kind === 'invoke') {
      checker.invoke(step.id, step.call);
      continue;
    }
    if (step.kind === 'expire') checker.unknown(step.id);
    const verdict = step.kind === 'expire' ? checker.expire(step.id) : checker.complete(step.id, step.answer);
    if (verdict.ok === false) return index;
  }
  return null;
}
