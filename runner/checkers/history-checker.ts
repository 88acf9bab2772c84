/** Holds every completion against the sequential model, one linearizability checker for each object. */
import type { ModelPart } from '../scenarios/scenario.ts';
import { type Culprit, findCulprit } from './culprit.ts';
import { type CheckCost, LinearizabilityChecker } from './linearizability/index.ts';
import { ObjectLog, type Refusal } from './linearizability/object-log.ts';
import type { SequentialModel } from './model.ts';

/**
 * The bound on what is looked at for one answer, beyond which an object is given up as undecided until the
 * city is next at rest. Looking at one costs about as much as ten operations without rivals.
 */
const MAX_CONFIGURATIONS = 1_000;

export interface HistoryViolation {
  object: string;
  /** What the model would have allowed, for people. */
  allowed: readonly string[];
  /** The states that the history allowed the object to be in before. */
  states: readonly unknown[];
  /** The earlier answer that is to blame; null: the one at which the history broke. */
  culprit: Culprit | null;
}

/** One object: its check, and what to check again when it breaks. */
interface Kept {
  readonly checker: Checker;
  readonly log: ObjectLog;
}

type Checker = LinearizabilityChecker<unknown, unknown, unknown>;
type Verdict = ReturnType<Checker['complete']>;

export class HistoryChecker {
  /** Over all objects, from the beginning. */
  readonly cost: CheckCost = { answers: 0, searches: 0, configurations: 0 };
  readonly #model: SequentialModel<unknown, unknown, unknown>;
  readonly #world: unknown;
  readonly #checkers = new Map<string, Kept>();
  /** The one that was asked last, for the next question is mostly about the same object. */
  #latest: { object: string; kept: Kept } | null = null;
  readonly #undecided = new Map<string, string>();

  /** `world` tells the model what each object is at the start. */
  constructor(model: SequentialModel<unknown, unknown, unknown>, world: unknown) {
    this.#model = model;
    this.#world = world;
  }

  /** Objects whose history could not be decided, with the reason. */
  get undecided(): ReadonlyMap<string, string> {
    return this.#undecided;
  }

  invoke(operation: number, parts: readonly ModelPart[]): void {
    for (const { object, call } of parts) {
      const { checker, log } = this.#of(object);
      if (log.isLong && checker.settled !== undefined) log.restart(checker.settled);
      checker.invoke(operation, call);
      log.add({ kind: 'invoke', id: operation, call });
    }
  }

  /**
   * The first part whose answer no order of the history explains; null when all are explained. `explained` is told
   * of the others' objects, one by one. `refusal` is what a refused one is known by.
   */
  complete(
    operation: number,
    parts: readonly ModelPart[],
    answers: readonly unknown[],
    explained?: (object: string) => void,
    refusal: Refusal | null = null,
  ): HistoryViolation | null {
    for (let i = 0; i < parts.length; i++) {
      const { object, call } = parts[i] as ModelPart;
      const answer = answers[i];
      const kept = this.#of(object);
      kept.log.add({ kind: 'complete', id: operation, call, answer, refusal });
      const violation = this.#judge(object, kept, kept.checker.complete(operation, answer));
      if (violation) return violation;
      explained?.(object);
    }
    return null;
  }

  /** No answer came: the call may take effect at any later instant, or never. */
  unknown(operation: number, parts: readonly ModelPart[]): void {
    for (const { object } of parts) {
      const { checker, log } = this.#of(object);
      log.add({ kind: 'unknown', id: operation });
      checker.unknown(operation);
    }
  }

  /** A call without an answer can take effect no more. */
  expire(operation: number, parts: readonly ModelPart[]): HistoryViolation | null {
    for (const { object } of parts) {
      const kept = this.#of(object);
      kept.log.add({ kind: 'expire', id: operation });
      const violation = this.#judge(object, kept, kept.checker.expire(operation));
      if (violation) return violation;
    }
    return null;
  }

  /** Nobody will send this call again. */
  forget(parts: readonly ModelPart[]): void {
    for (const { object, call } of parts) {
      const { checker, log } = this.#of(object);
      log.add({ kind: 'forget', what: call });
      checker.forget(call);
    }
  }

  /**
   * The city is at rest, no earlier request can come again, and a read told all of an object: its history
   * begins anew from there. So nothing is remembered for ever, and what was undecided is decidable again.
   */
  settle(object: string, call: unknown, answer: unknown): void {
    const state = this.#model.settled?.(call, answer) ?? null;
    if (state === null) return;
    this.#latest = null;
    const from = { ...this.#model, initial: () => state };
    this.#checkers.set(object, this.#begin(from, object));
  }

  /** The states that the history allows an object to be in now. */
  states(object: string): readonly unknown[] {
    return this.#of(object).checker.states();
  }

  #judge(object: string, { log }: Kept, verdict: Verdict): HistoryViolation | null {
    if (verdict.ok === true) return null;
    if (verdict.ok === 'unknown') {
      if (!this.#undecided.has(object)) this.#undecided.set(object, verdict.reason);
      return null;
    }
    const { allowed, states } = verdict;
    return { object, allowed, states, culprit: findCulprit(this.#model, object, log) };
  }

  #of(object: string): Kept {
    if (object === this.#latest?.object) return this.#latest.kept;
    let kept = this.#checkers.get(object);
    if (!kept) {
      kept = this.#begin(this.#model, object);
      this.#checkers.set(object, kept);
    }
    this.#latest = { object, kept };
    return kept;
  }

  #begin(model: SequentialModel<unknown, unknown, unknown>, object: string): Kept {
    const checker = new LinearizabilityChecker(model, object, {
      maxConfigurations: MAX_CONFIGURATIONS,
      world: this.#world,
      cost: this.cost,
    });
    return { checker, log: new ObjectLog(model.initial(object, this.#world)) };
  }
}
