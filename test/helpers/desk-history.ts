/** Histories of a desk, from a seed, and what the checker says of them. */
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import { RIGHT_CLOCK } from '../../runner/checkers/service-time.ts';
import type { Prng } from '../../runner/sim/prng.ts';
import {
  type Desk,
  type DeskAnswer,
  type DeskCall,
  type DeskModel,
  type DeskShape,
  EMPTY,
  lastOf,
  OK,
  REFUSED,
  turnsOf,
  waysOf,
} from './desk.ts';
import type { DeskStep } from './desk-oracle.ts';

export interface DeskPlan extends DeskShape {
  readonly operations: number;
  /** Open at once, at most. */
  readonly concurrency: number;
  /** Share of the operations that get no answer. */
  readonly lossRate: number;
  /** Share of the requests that are a payment told once more. */
  readonly deliveries: number;
}

/** What such a history is about most. */
export type DeskKind = 'timers' | 'internal steps' | 'deliveries';

export function randomDesk(prng: Prng, kind: DeskKind): DeskPlan {
  return {
    places: 1 + prng.below(2),
    tolerance: prng.below(2),
    isActive: kind === 'timers' ? false : kind === 'internal steps' || prng.chance(0.5),
    operations: 3 + prng.below(5),
    concurrency: 1 + prng.below(3),
    lossRate: prng.pick([0, 0.15, 0.4]),
    deliveries: kind === 'deliveries' ? 0.5 : 0.1,
  };
}

interface OpenRequest {
  readonly id: number;
  readonly call: DeskCall;
  answer: DeskAnswer | null;
  lost: boolean;
}

/** A history that a right desk gave, with the instants drawn at random. */
export function rightDesk(prng: Prng, plan: DeskPlan): DeskStep[] {
  let desk: Desk = EMPTY;
  let at = 0;
  const steps: DeskStep[] = [];
  const paid: DeskCall[] = [];
  let open: OpenRequest[] = [];
  const isNow = (way: { from: number; to: number }) => way.from <= at && at <= way.to;
  for (let next = 1; next <= plan.operations || open.some(({ lost }) => !lost); ) {
    if (prng.chance(0.35)) {
      // Time passes only where nobody's hold is over.
      at = Math.min(at + 1 + prng.below(2), lastOf(plan, desk));
      continue;
    }
    const turns = turnsOf(plan, desk).filter(isNow);
    const mustTurn = lastOf(plan, desk) <= at;
    if (turns.length > 0 && (mustTurn || prng.chance(0.3))) {
      desk = prng.pick(turns).desk;
      continue;
    }
    const waiting = open.filter(({ lost }) => !lost).length;
    if (next <= plan.operations && waiting < plan.concurrency && prng.chance(0.5)) {
      const call = paid.length > 0 && prng.chance(plan.deliveries) ? prng.pick(paid) : randomCall(prng, at);
      if (call.kind === 'pay') paid.push(call);
      open.push({ id: next, call, answer: null, lost: false });
      steps.push({ kind: 'invoke', id: next++, at, call });
      continue;
    }
    if (open.length === 0) continue;
    const op = prng.pick(open);
    const end = (step: DeskStep) => {
      steps.push(step);
      open = open.filter((other) => other !== op);
    };
    if (op.answer === null && prng.chance(op.lost ? 0.3 : 0.7)) {
      const ways = waysOf(plan, desk, op.call).filter(isNow);
      const way = prng.pick(ways);
      desk = way.desk;
      op.answer = way.answer;
    } else if (op.lost) {
      if (prng.chance(0.2)) end({ kind: 'expire', id: op.id, at });
    } else if (prng.chance(plan.lossRate)) {
      if (prng.chance(0.5)) end({ kind: 'expire', id: op.id, at });
      else steps.push({ kind: 'unknown', id: op.id, at });
      op.lost = true;
    } else if (op.answer) end({ kind: 'complete', id: op.id, at, answer: op.answer });
  }
  return steps;
}

function randomCall(prng: Prng, at: number): DeskCall {
  const kind = prng.pick(['hold', 'hold', 'pay', 'join', 'leave', 'look', 'look'] as const);
  if (kind === 'look') return { kind };
  const who = prng.pick(['a', 'b', 'c']);
  return kind === 'hold' || kind === 'join' ? { kind, who, until: at + 1 + prng.below(4) } : { kind, who };
}

/** The history with an answer falsified, or with all of its end later than it was; often still right. */
export function falseDesk(prng: Prng, steps: readonly DeskStep[]): DeskStep[] {
  const completions = [...steps.keys()].filter((i) => steps[i]?.kind === 'complete');
  if (completions.length === 0) return [...steps];
  const index = prng.pick(completions);
  if (prng.chance(0.4)) {
    const later = 1 + prng.below(4);
    return steps.map((step, i) => (i < index ? step : { ...step, at: step.at + later }));
  }
  const looks = steps.flatMap((step) =>
    step.kind === 'complete' && step.answer.outcome === 'ok' && step.answer.shown ? [step.answer] : [],
  );
  return steps.map((step, i): DeskStep => {
    if (i !== index || step.kind !== 'complete') return step;
    const { answer } = step;
    if (answer.outcome === 'refused') return { ...step, answer: OK };
    return { ...step, answer: answer.shown === undefined ? REFUSED : prng.pick(looks) };
  });
}

/** The first step at which the checker fails, -1 for none, -2 when it could not decide. */
export function checkedDesk(model: DeskModel, steps: readonly DeskStep[], foldEvery: number): number {
  let now = 0;
  const time = { databaseMs: () => now, readings: RIGHT_CLOCK };
  const checker = new HistoryChecker(model as never, null, { foldEvery, time });
  const calls = new Map<number, DeskCall>();
  for (const [index, step] of steps.entries()) {
    now = step.at;
    if (step.kind === 'invoke') calls.set(step.id, step.call);
    const parts = [{ object: 'desk', call: calls.get(step.id) }];
    if (step.kind === 'invoke') checker.invoke(step.id, parts);
    else if (step.kind === 'unknown') checker.unknown(step.id, parts);
    else {
      const wrong =
        step.kind === 'complete'
          ? checker.complete(step.id, parts, [step.answer])
          : checker.expire(step.id, parts);
      if (wrong) return index;
      if (checker.undecided.size > 0) return -2;
    }
  }
  return -1;
}
