/** Holds every completion against the sequential model, one linearizability checker for each object. */
import type { ModelPart } from '../scenarios/scenario.ts';
import { type CheckCost, LinearizabilityChecker } from './linearizability/index.ts';
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
}

type Checker = LinearizabilityChecker<unknown, unknown, unknown>;
type Verdict = ReturnType<Checker['complete']>;

export class HistoryChecker {
  /** Over all objects, from the beginning. */
  readonly cost: CheckCost = { answers: 0, searches: 0, configurations: 0 };
  readonly #model: SequentialModel<unknown, unknown, unknown>;
  readonly #world: unknown;
  readonly #checkers = new Map<string, Checker>();
  /** The one that was asked last, for the next question is mostly about the same object. */
  #latest: { object: string; checker: Checker } | null = null;
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
    for (const { object, call } of parts) this.#of(object).invoke(operation, call);
  }

  /**
   * The first part whose answer no order of the history explains; null when all are explained. `explained` is told
   * of the others' objects, one by one.
   */
  complete(
    operation: number,
    parts: readonly ModelPart[],
    answers: readonly unknown[],
    explained?: (object: string) => void,
  ): HistoryViolation | null {
    for (let i = 0; i < parts.length; i++) {
      const { object } = parts[i] as ModelPart;
      const violation = this.#judge(object, this.#of(object).complete(operation, answers[i]));
      if (violation) return violation;
      explained?.(object);
    }
    return null;
  }

  /** No answer came: the call may take effect at any later instant, or never. */
  unknown(operation: number, parts: readonly ModelPart[]): void {
    for (const { object } of parts) this.#of(object).unknown(operation);
  }

  /** A call without an answer can take effect no more. */
  expire(operation: number, parts: readonly ModelPart[]): HistoryViolation | null {
    for (const { object } of parts) {
      const violation = this.#judge(object, this.#of(object).expire(operation));
      if (violation) return violation;
    }
    return null;
  }

  /** Nobody will send this call again. */
  forget(parts: readonly ModelPart[]): void {
    for (const { object, call } of parts) this.#of(object).forget(call);
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
    this.#checkers.set(
      object,
      new LinearizabilityChecker(from, object, { maxConfigurations: MAX_CONFIGURATIONS, cost: this.cost }),
    );
  }

  /** The states that the history allows an object to be in now. */
  states(object: string): readonly unknown[] {
    return this.#of(object).states();
  }

  #judge(object: string, verdict: Verdict): HistoryViolation | null {
    if (verdict.ok === true) return null;
    if (verdict.ok === 'unknown') {
      if (!this.#undecided.has(object)) this.#undecided.set(object, verdict.reason);
      return null;
    }
    return { object, allowed: verdict.allowed, states: verdict.states };
  }

  #of(object: string): Checker {
    if (object === this.#latest?.object) return this.#latest.checker;
    let checker = this.#checkers.get(object);
    if (!checker) {
      checker = new LinearizabilityChecker(this.#model, object, {
        maxConfigurations: MAX_CONFIGURATIONS,
        world: this.#world,
        cost: this.cost,
      });
      this.#checkers.set(object, checker);
    }
    this.#latest = { object, checker };
    return checker;
  }
}
