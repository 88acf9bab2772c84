/** What the simulation knows of a planned operation and of each request that is made for it. */
import type { DeliveryFaults } from '../faults/deliveries.ts';
import type { RequestFaults } from '../faults/injector.ts';
import type { ModelPart, Operation } from '../scenarios/scenario.ts';
import type { Call } from '../service/call.ts';
import type { Candidate } from '../sim/strategies/strategy.ts';
import type { Tried } from './error-watch.ts';

/** One planned operation with all its requests. */
export interface Flow {
  /** Its number in the plan. */
  readonly n: number;
  readonly actor: string;
  readonly call: Call;
  readonly parts: readonly ModelPart[];
  /** The object it is about, when it is one. */
  readonly object: string | null;
  /** True for one that holds no lane: of a burst, or a delivery. */
  readonly extra: boolean;
  /** What becomes of a message of ours to the service; null: a citizen's request. */
  delivery: DeliveryFaults | null;
  attempts: number;
  /** Requests made for it, with duplicates. */
  requests: number;
  /** Those of them that were begun and got no answer when all faults were healed. */
  failedWhenHealed: number;
  /** Requests of it that are on their way or inside the target. */
  open: number;
  /** True once the citizen is through with it. */
  over: boolean;
}

/** One request: an operation of the history, and what a strategy may know of it. */
export interface Attempt extends Operation, Candidate {
  readonly call: Call;
  readonly flow: Flow;
  /** Those of its call, which is the flow's unless each request stands for itself. */
  readonly parts: readonly ModelPart[];
  /** Which attempt at its planned operation, from 0. */
  readonly attempt: number;
  /** Null for a duplicate: nobody waits for its answer. */
  readonly faults: RequestFaults | null;
  steps: number;
  /** What the watch over errors knows it by; null until it reaches the service. */
  tried: Tried | null;
}
