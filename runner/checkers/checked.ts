/** The check of one object's history, or of several that an open operation ties, with what to check again when it breaks. */
import type { ModelPart } from '../scenarios/scenario.ts';
import { type Culprit, findCulprit } from './culprit.ts';
import type { JointState } from './joint/joint-model.ts';
import { partId } from './joint/translate.ts';
import type { LinearizabilityChecker, OpId, Place, Verdict } from './linearizability/index.ts';
import type { ObjectLog, Refusal } from './linearizability/object-log.ts';
import type { SequentialModel } from './model.ts';
import type { Readings } from './service-time.ts';

export interface HistoryViolation {
  object: string;
  /** What the model would have allowed, for people. */
  allowed: readonly string[];
  /** The states that the history allowed the object to be in before. */
  states: readonly unknown[];
  /** The earlier answer that is to blame; null: the one at which the history broke. */
  culprit: Culprit | null;
}

export type Model = SequentialModel<unknown, unknown, unknown>;
export type Checker = LinearizabilityChecker<unknown, unknown, unknown>;

interface Members {
  /** More than one: its calls are joint ones, of the parts that it is asked for. */
  readonly objects: readonly string[];
  /** Of these objects together. */
  readonly model: Model;
  readonly checker: Checker;
  readonly log: ObjectLog;
  /** Left out: the service's clock is right. */
  readonly readings?: Readings | undefined;
}

export class Checked {
  readonly objects: readonly string[];
  readonly checker: Checker;
  readonly log: ObjectLog;
  readonly isJoint: boolean;
  /** The states that audits showed since anything else was asked, by object. */
  readonly shown = new Map<string, unknown>();
  readonly #model: Model;
  readonly #readings: Readings | undefined;

  constructor({ objects, model, checker, log, readings }: Members) {
    this.objects = objects;
    this.checker = checker;
    this.log = log;
    this.isJoint = objects.length > 1;
    this.#model = model;
    this.#readings = readings;
  }

  /** `parts` is of one object, or of several that are tied; `place` is in the history of all objects. */
  invoke(operation: number, parts: readonly ModelPart[], { at, ms }: Place): void {
    if (this.log.isLong && this.checker.settled !== undefined) this.log.restart(this.checker.settled);
    if (operation >= 0) this.shown.clear();
    const id = this.#idOf(operation, parts);
    const call = this.#callOf(parts);
    this.checker.invoke(id, call);
    this.log.add({ kind: 'invoke', id, call, ms }, at);
  }

  complete(
    operation: number,
    parts: readonly ModelPart[],
    answers: readonly unknown[],
    refusal: Refusal | null,
    { at, ms }: Place,
  ): Verdict<unknown> {
    const id = this.#idOf(operation, parts);
    const answer = this.isJoint ? answers : answers[0];
    this.log.add({ kind: 'complete', id, call: this.#callOf(parts), answer, refusal, ms }, at);
    return this.checker.complete(id, answer);
  }

  unknown(operation: number, parts: readonly ModelPart[], { at, ms }: Place): void {
    const id = this.#idOf(operation, parts);
    this.log.add({ kind: 'unknown', id, ms }, at);
    this.checker.unknown(id);
  }

  expire(operation: number, parts: readonly ModelPart[], { at, ms }: Place): Verdict<unknown> {
    const id = this.#idOf(operation, parts);
    this.log.add({ kind: 'expire', id, ms }, at);
    return this.checker.expire(id);
  }

  forget(parts: readonly ModelPart[], { at, ms }: Place): void {
    const what = this.#callOf(parts);
    this.log.add({ kind: 'forget', what, ms }, at);
    this.checker.forget(what);
  }

  /** The states that `object` may be in, of those of all objects. */
  statesOf(object: string, states: readonly unknown[] = this.checker.states()): readonly unknown[] {
    if (!this.isJoint) return states;
    const place = this.objects.indexOf(object);
    return [...new Set(states.map((state) => (state as JointState)[place]))];
  }

  /** The violation that a verdict on `parts` is, told of `object`. */
  violation(object: string, { allowed, states }: Extract<Verdict<unknown>, { ok: false }>): HistoryViolation {
    const culprit = findCulprit(this.#model, this.objects[0] as string, this.log, this.#readings);
    return {
      object,
      allowed,
      states: this.statesOf(object, states),
      culprit: culprit && { ...culprit, states: this.statesOf(object, culprit.states) },
    };
  }

  #idOf(operation: number, parts: readonly ModelPart[]): OpId {
    return this.isJoint && parts.length === 1 ? partId(operation, (parts[0] as ModelPart).object) : operation;
  }

  #callOf(parts: readonly ModelPart[]): unknown {
    return this.isJoint ? parts : (parts[0] as ModelPart).call;
  }
}
