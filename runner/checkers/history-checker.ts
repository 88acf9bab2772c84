/**
 * Holds every completion against the sequential model, one linearizability checker for each object; one for several
 * while an operation is open that must happen to all of them or to none.
 */
import type { ModelPart } from '../scenarios/scenario.ts';
import { Checked, type HistoryViolation, type Model } from './checked.ts';
import { joinedObjects, partedObjects } from './joint/checked-objects.ts';
import {
  type CheckCost,
  LinearizabilityChecker,
  type LinearizabilityOptions,
} from './linearizability/index.ts';
import { ObjectLog, type Refusal } from './linearizability/object-log.ts';
import type { ServiceTime } from './service-time.ts';

export type { HistoryViolation } from './checked.ts';

/**
 * The bound on what is looked at for one answer, beyond which an object is given up as undecided until the
 * city is next at rest. Looking at one costs about as much as ten operations without rivals.
 */
const MAX_CONFIGURATIONS = 1_000;

export interface HistoryCheckerOptions extends Pick<LinearizabilityOptions, 'foldEvery'> {
  /** Left out: no time passes. */
  time?: ServiceTime;
}

type Verdict = ReturnType<Checked['complete']>;

export class HistoryChecker {
  /** Over all objects, from the beginning. */
  readonly cost: CheckCost = { answers: 0, searches: 0, configurations: 0 };
  readonly #model: Model;
  readonly #options: LinearizabilityOptions;
  readonly #clock = { at: 0, ms: 0 };
  readonly #checked = new Map<string, Checked>();
  /** The one that was asked last, for the next question is mostly about the same object. */
  #latest: { object: string; checked: Checked } | null = null;
  readonly #undecided = new Map<string, string>();
  readonly #time: ServiceTime | null;
  /** Where the history of all objects is. */
  readonly #place: { at: number; ms: number } = { at: 0, ms: 0 };

  /**
   * `world` tells the model what each object is at the start; `time` is for a model that heeds it. `foldEvery` is for those
   * who want another than usual.
   */
  constructor(model: Model, world: unknown, { time, ...options }: HistoryCheckerOptions = {}) {
    this.#model = model;
    this.#time = model.timed ? (time ?? null) : null;
    this.#options = {
      ...options,
      ...(time && { readings: (from, to) => time.readings(from, to) }),
      maxConfigurations: MAX_CONFIGURATIONS,
      world,
      cost: this.cost,
      clock: this.#clock,
    };
  }

  /** Objects whose history could not be decided, with the reason. */
  get undecided(): ReadonlyMap<string, string> {
    return this.#undecided;
  }

  invoke(operation: number, parts: readonly ModelPart[]): void {
    this.#goOn();
    const tied = tiedOf(parts);
    for (const part of parts) {
      if (tied && part.tied) continue;
      this.#of(part.object).invoke(operation, [part], this.#place);
    }
    if (tied) this.#join(tied).invoke(operation, tied, this.#place);
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
    this.#goOn();
    const tied = tiedOf(parts);
    for (const [i, part] of parts.entries()) {
      if (tied && part.tied) continue;
      const violation = this.#complete(operation, [part], [answers[i]], refusal);
      if (violation) return violation;
      explained?.(part.object);
    }
    if (!tied) return null;
    const violation = this.#complete(
      operation,
      tied,
      answers.filter((_, i) => parts[i]?.tied),
      refusal,
    );
    if (!violation) for (const { object } of tied) explained?.(object);
    return violation;
  }

  #complete(
    operation: number,
    parts: readonly ModelPart[],
    answers: readonly unknown[],
    refusal: Refusal | null,
  ): HistoryViolation | null {
    const checked = this.#of((parts[0] as ModelPart).object);
    const verdict = checked.complete(operation, parts, answers, refusal, this.#place);
    return this.#judge(checked, blamed(this.#model, checked, verdict, parts, answers), verdict);
  }

  /** No answer came: the call may take effect at any later instant, or never. */
  unknown(operation: number, parts: readonly ModelPart[]): void {
    this.#goOn();
    for (const unit of unitsOf(parts)) this.#ofUnit(unit).unknown(operation, unit, this.#place);
  }

  /** A call without an answer can take effect no more. */
  expire(operation: number, parts: readonly ModelPart[]): HistoryViolation | null {
    this.#goOn();
    for (const unit of unitsOf(parts)) {
      const checked = this.#ofUnit(unit);
      const verdict = checked.expire(operation, unit, this.#place);
      const violation = this.#judge(checked, (unit[0] as ModelPart).object, verdict);
      if (violation) return violation;
    }
    return null;
  }

  /** Nobody will send this call again. */
  forget(parts: readonly ModelPart[]): void {
    this.#goOn();
    for (const unit of unitsOf(parts)) {
      const checked = this.#ofUnit(unit);
      const isTogether = unit.every(({ object }) => this.#of(object) === checked);
      if (isTogether) checked.forget(unit, this.#place);
      else for (const part of unit) this.#of(part.object).forget([part], this.#place);
      this.#part(checked);
    }
  }

  /**
   * The city is at rest, no earlier request can come again, and a read told all of an object: its history
   * begins anew from there. So nothing is remembered for ever, and what was undecided is decidable again. Objects
   * that are tied yet begin anew when all of them were told of.
   */
  settle(object: string, call: unknown, answer: unknown): void {
    const state = this.#model.settled?.(call, answer) ?? null;
    if (state === null) return;
    const { shown, objects } = this.#of(object);
    shown.set(object, state);
    if (shown.size < objects.length) return;
    this.#latest = null;
    for (const [one, from] of shown) this.#checked.set(one, this.#begin(one, from));
  }

  /** The states that the history allows an object to be in now. */
  states(object: string): readonly unknown[] {
    return this.#of(object).statesOf(object);
  }

  #judge(checked: Checked, object: string, verdict: Verdict): HistoryViolation | null {
    if (verdict.ok === true) {
      this.#part(checked);
      return null;
    }
    if (verdict.ok === false) return checked.violation(object, verdict);
    for (const one of checked.objects) {
      if (!this.#undecided.has(one)) this.#undecided.set(one, verdict.reason);
    }
    return null;
  }

  /** To the next position, at the time that it is now. */
  #goOn(): void {
    this.#place.at++;
    if (!this.#time) return;
    this.#place.ms = this.#time.databaseMs();
    this.#clock.ms = this.#place.ms;
  }

  #ofUnit(unit: readonly ModelPart[]): Checked {
    return this.#of((unit[0] as ModelPart).object);
  }

  #of(object: string): Checked {
    if (object === this.#latest?.object) return this.#latest.checked;
    let checked = this.#checked.get(object);
    if (!checked) {
      checked = this.#begin(object, this.#model.initial(object, this.#options.world));
      this.#checked.set(object, checked);
    }
    this.#latest = { object, checked };
    return checked;
  }

  #begin(object: string, state: unknown): Checked {
    const checker = new LinearizabilityChecker(
      { ...this.#model, initial: () => state },
      object,
      this.#options,
    );
    const { readings } = this.#options;
    const log = new ObjectLog(state);
    return new Checked({ objects: [object], model: this.#model, checker, log, readings });
  }

  /** From now on these objects are checked as one. */
  #join(parts: readonly ModelPart[]): Checked {
    const members = [...new Set(parts.map(({ object }) => this.#of(object)))];
    const [only] = members;
    if (only && members.length === 1) return only;
    const all = joinedObjects(this.#model, members, this.#options);
    this.#replace([all]);
    return all;
  }

  /** Each of the objects is checked by itself again, if it can be. */
  #part(checked: Checked): void {
    if (!checked.isJoint) return;
    const parts = partedObjects(this.#model, checked, this.#options);
    if (parts) this.#replace(parts);
  }

  #replace(all: readonly Checked[]): void {
    this.#latest = null;
    for (const checked of all) for (const object of checked.objects) this.#checked.set(object, checked);
  }
}

/** The parts that are tied; null when none is. */
function tiedOf(parts: readonly ModelPart[]): readonly ModelPart[] | null {
  const tied = parts.some((part) => part.tied) ? parts.filter((part) => part.tied) : [];
  return tied.length > 1 ? tied : null;
}

/** What takes effect at one instant each: parts by themselves, and those that are tied. */
function unitsOf(parts: readonly ModelPart[]): (readonly ModelPart[])[] {
  const tied = tiedOf(parts);
  const others = tied ? parts.filter((part) => !part.tied) : parts;
  return [...others.map((part) => [part]), ...(tied ? [tied] : [])];
}

/** The object whose part of the answer is wrong by itself; the first one's when none is. */
function blamed(
  model: Model,
  checked: Checked,
  verdict: Verdict,
  parts: readonly ModelPart[],
  answers: readonly unknown[],
): string {
  const { object: first } = parts[0] as ModelPart;
  if (verdict.ok !== false || parts.length === 1) return first;
  const wrong = parts.find(({ object, call }, i) =>
    checked
      .statesOf(object, verdict.states)
      .every((state) => model.apply(state, call, answers[i], verdict.when) === null),
  );
  return wrong?.object ?? first;
}
