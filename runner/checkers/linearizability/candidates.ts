/** Which open operations are worth doing before an event: those that matter to it, and those that matter to these. */
import type { Configuration, HistoryEvent, Op } from './history.ts';
import type { Steps } from './steps.ts';

interface Goal<Call, Answer> {
  call: Call;
  answer: Answer | undefined;
}

/** In order of invocation, without the event's own operation. */
export function candidates<State, Call, Answer>(
  steps: Steps<State, Call, Answer>,
  config: Configuration<State, Call, Answer>,
  event: Exclude<HistoryEvent<Call, Answer>, { kind: 'forget' }>,
): readonly Op<Call, Answer>[] {
  const open = steps.available(config, event.at).filter((op) => op !== event.op);
  const relevant = steps.model.relevant;
  if (open.length === 0 || !relevant) return open;
  const chosen = new Set<Op<Call, Answer>>();
  const goals: Goal<Call, Answer>[] = [event.op];
  for (let goal = goals.pop(); goal; goal = goals.pop()) {
    for (const op of open) {
      if (chosen.has(op) || !relevant(config.state, op.call, op.answer, goal.call, goal.answer)) continue;
      chosen.add(op);
      goals.push(op);
    }
    for (const hoped of hopes(steps, config, event.at)) {
      if (goal === event.op && relevant(config.state, hoped.call, hoped.answer, goal.call, goal.answer))
        goals.push(hoped);
    }
  }
  return open.filter((op) => chosen.has(op));
}

/** The refusals that requests under way have not met yet, and that a repeat might be given. */
function* hopes<State, Call, Answer>(
  steps: Steps<State, Call, Answer>,
  config: Configuration<State, Call, Answer>,
  at: number,
): Generator<Goal<Call, Answer>> {
  for (const op of steps.tracked) {
    if (op.invokedAt >= at || op.endedAt < at || steps.model.spent?.(config.state, op.call)) continue;
    const bits = config.met.find((m) => m.op === op)?.bits ?? 0;
    for (const [index, answer] of steps.model.repeats?.refusals.entries() ?? []) {
      if ((bits & (1 << index)) === 0) yield { call: op.call, answer };
    }
  }
}
