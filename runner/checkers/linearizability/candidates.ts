/** Which open operations are worth doing before an event: those that matter to it, and those that matter to these. */
import type { Configuration, HistoryEvent, Op } from './history.ts';
import type { Steps } from './steps.ts';

interface Goal<Call, Answer> {
  readonly op: Op<Call, Answer>;
  readonly call: Call;
  readonly answer: Answer | undefined;
}

type Ending<Call, Answer> = Exclude<HistoryEvent<Call, Answer>, { kind: 'forget' }>;

/** Those that are known to end soon first; without the event's own operation. */
export function candidates<State, Call, Answer>(
  steps: Steps<State, Call, Answer>,
  config: Configuration<State, Call, Answer>,
  event: Ending<Call, Answer>,
): readonly Op<Call, Answer>[] {
  const { spent } = steps.model;
  const open = steps.available(config, event.at).filter(
    // What has no answer and can change nothing more has no effect that could be tried.
    (op) => op !== event.op && (op.status === 'answered' || !spent?.(config.state, op.call)),
  );
  const relevant = steps.model.relevant;
  if (open.length === 0 || !relevant) return open;
  const chosen = new Set<Op<Call, Answer>>();
  // What this ending operation has not met by now, it never will.
  const hopes = steps.tracked.length === 0 ? [] : hopesOf(steps, config, event.at);
  const goals: Goal<Call, Answer>[] = hopes.filter(({ op }) => op === event.op);
  const waiting = new Set<Goal<Call, Answer>>(hopes.filter(({ op }) => op !== event.op));
  goals.push({ op: event.op, call: event.op.call, answer: event.op.answer });
  for (let goal = goals.pop(); goal; goal = goals.pop()) {
    for (const op of open) {
      if (chosen.has(op) || !relevant(config.state, op.call, op.answer, goal.call, goal.answer)) continue;
      chosen.add(op);
      goals.push({ op, call: op.call, answer: op.answer });
    }
    for (const hope of waiting) {
      if (!relevant(config.state, hope.call, hope.answer, goal.call, goal.answer)) continue;
      waiting.delete(hope);
      goals.push(hope);
    }
  }
  return open.filter((op) => chosen.has(op)).sort(byUrgency);
}

function byUrgency(a: Op<unknown, unknown>, b: Op<unknown, unknown>): number {
  if (a.status !== 'answered' || b.status !== 'answered')
    return Number(b.status === 'answered') - Number(a.status === 'answered');
  return a.endedAt - b.endedAt;
}

/** The refusals that requests under way have not met yet, and that a repeat might be given. */
function hopesOf<State, Call, Answer>(
  steps: Steps<State, Call, Answer>,
  config: Configuration<State, Call, Answer>,
  at: number,
): Goal<Call, Answer>[] {
  const hopes: Goal<Call, Answer>[] = [];
  const refusals = steps.model.repeats?.refusals ?? [];
  for (const op of steps.tracked) {
    if (
      op.invokedAt >= at ||
      op.endedAt < at ||
      op.repeatedUntil < at ||
      steps.model.spent?.(config.state, op.call)
    )
      continue;
    const bits = config.met.find((m) => m.op === op)?.bits ?? 0;
    refusals.forEach((answer, index) => {
      if ((op.hopes & ~bits & (1 << index)) !== 0) hopes.push({ op, call: op.call, answer });
    });
  }
  return hopes;
}
