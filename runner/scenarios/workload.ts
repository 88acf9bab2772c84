/** What the citizens of a run do and know, as a scenario says it to the engine: operations, parts of them, and what they break. */
import type { JsonObject } from '../../server/contract/index.ts';
import type { SequentialModel } from '../checkers/model.ts';
import type { Call, Reply } from '../service/call.ts';
import type { Prng } from '../sim/prng.ts';

/** One call with its place in the history. Repeats and duplicates of a request are operations of their own. */
export interface Operation<C extends Call = Call> {
  readonly id: number;
  readonly actor: string;
  readonly call: C;
  /** Index of the invocation event. */
  readonly invokedIndex: number;
  readonly invokedMs: number;
}

/** A broken invariant, as a scenario reports it. */
export interface Violation {
  invariant: string;
  /** One sentence for people. */
  message: string;
  actual: unknown;
  expected: unknown;
  /** The object concerned. */
  object: string | null;
}

/** The share of one call, and of its answer, that concerns one object (a slot). */
export interface ModelPart {
  object: string;
  call: unknown;
  /**
   * True for parts that take effect all at one instant, or not at all: each changes its object, or all only look. A
   * refusal, an answer with `outcome: 'refused'`, is right when it is right for one of them. Each is of another object.
   */
  tied?: boolean;
}

/**
 * What the citizens of one run do and what is known of it: all its state. Everything it draws comes from the streams
 * it is handed.
 */
export interface Workload<C extends Call = Call> {
  /** What the city is at the start; goes into the `start` event and to the target. */
  readonly world: JsonObject;
  /** Names of the objects that the model is applied to, one checker each. */
  readonly objects: readonly string[];
  /** What is right, for one object. Its types are the scenario's affair: the engine only passes its values on. */
  readonly model: SequentialModel<unknown, unknown, unknown>;
  /**
   * The actor and call of the `n`th planned operation, decided from what citizens know by now. `focus` is
   * the object of a burst, for which everybody goes; null: none.
   */
  plan(n: number, prng: Prng, focus: string | null): { actor: string; call: C };
  /** True when a citizen who got no answer to this call repeats it. */
  repeats(call: C): boolean;
  /** True when this call may change something; left out: only those that are repeated may. */
  changes?(call: C): boolean;
  /** A further attempt of a call at a service that knows no repeats; left out: the same call. `nth` counts from 1. */
  anew?(call: C, nth: number): C;
  /** The object that a call is about, when it is one. */
  objectOf(call: C): string | null;
  /** The parts of a call for the per-object model. */
  parts(call: C): readonly ModelPart[];
  /** The answers to these parts that a reply contains, in the same order. */
  answers(call: C, parts: readonly ModelPart[], reply: Reply): readonly unknown[];
  /** A call begins. */
  invoked(operation: Operation<C>): void;
  /**
   * A citizen got an answer, at the event with this index and so many ms after the start; returns the invariant that it
   * breaks, if one.
   */
  completed(
    operation: Operation<C>,
    reply: Reply,
    completedIndex: number,
    completedMs: number,
  ): Violation | null;
  /** A citizen stopped waiting; the call may take effect at any later instant, or never. */
  unanswered(operation: Operation<C>): void;
  /**
   * For services whose reads may lag behind: with false the city is at rest for longer than that, so that every look is
   * judged as a strong one from here on. They may lag until it is called.
   */
  readsMayLag?(mayLag: boolean): void;
  /** True when something is remembered only for repeats of this call, so that it can go once they are over. */
  forgettable(call: C): boolean;
  /** The target's whole state at a quiescent point: the broken invariant, if one, and reads for the model. */
  audit(dump: unknown): {
    violation: Violation | null;
    reads: readonly { object: string; call: unknown; answer: unknown }[];
  };
  /** One of the model's states as people know the object, in the shape in which an audit shows it. */
  show(object: string, state: unknown): unknown;
  /** An answer, or what an audit shows, as sentences are to quote it; as it is where this is left out. */
  readable?(value: unknown): unknown;
  /**
   * What is to run out next, by name, as far as citizens know, in ms since 1970 of the service's clock: now and then the
   * engine moves the clock to before or after one of them. Left out: nothing runs out.
   */
  deadlines?(): ReadonlyMap<string, number>;
  /**
   * True for a message of ours to the service (a webhook) in place of a citizen's request: it is sent until it is answered
   * ok or refused, now and then again after that, late, out of order, or never. Left out: there are none.
   */
  isDelivery?(call: C): boolean;
  /** Numbers for snapshots, of the domain only. */
  metrics(): Record<string, number>;
  /** How often each sometimes-property was reached. */
  sometimes(): Record<string, number>;
}
