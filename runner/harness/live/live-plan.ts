/** What a live attack asks of a scenario: who calls, what they do next, and what they know by then. */
import type { JsonObject, RuleName, RunConfig, ServiceRules } from '../../../server/contract/index.ts';
import type { Violation, Workload } from '../../scenarios/workload.ts';
import type { Call, Reply } from '../../service/call.ts';
import type { Breach } from '../../targets/http/api.ts';
import type { Place } from './phases.ts';
import type { Group, Planned } from './planned.ts';

export interface LivePlanOptions<C extends Call = Call> {
  readonly seed: number;
  readonly config: RunConfig;
  readonly rules: Readonly<ServiceRules>;
  readonly workload: Workload<C>;
  /** False for calls that the API has no request for. */
  readonly offers: (operation: string) => boolean;
  /** True for the scenario's own HTTP contract, and not a stranger's API. */
  readonly isContract: boolean;
  /** How often a single request becomes one of many at once. */
  readonly burstRate: number;
  /** The service can be killed. */
  readonly kills: boolean;
  /** Objects that are passed over. */
  readonly isGivenUp: (object: string) => boolean;
}

export interface LivePlan<C extends Call = Call> {
  placeOf(g: number): Place;
  /** The group with this number. */
  group(g: number): Group<C>;
  /** What is asked of this object after the service was started again, as the group `g`. */
  afterRestart(g: number, object: string): Group<C> | null;
  /** Looks at these objects while nothing else is under way. */
  quietLooks(objects: readonly string[]): Planned<C>[];
  /** Old requests that may come again, the oldest first; left out: the plan has none. */
  elders?(): Planned<C>[];
  /** A new request that is kept to come again late. */
  elder?(g: number): Group<C> | null;
  /** Many requests, each with a key of its own, at another object than that of the elders. */
  bustle?(g: number): Group<C> | null;
  /** What is asked at the end, with all faults healed: one wave after the other. `touched`: objects that were used. */
  finalWaves(touched: readonly string[]): Planned<C>[][];
  /** True for a call that changes nothing. */
  isLook(call: C): boolean;
  /** True when a citizen who got no answer to this call asks again, with the same request. */
  repeatsLost(call: C): boolean;
  /** After a lost answer to a call that is not repeated the citizen looks; null: there is no such look. */
  lookAfter(call: C, actor: string): Planned<C> | null;
  /** An attempt of its own of a call that no key makes a repeat of another. `nth` counts its attempts from 1. */
  anew(call: C, nth: number): C;
  /** May the answer to this request be lost on purpose? */
  mayLose(call: C): boolean;
  /** The answer to this request is going to be lost (`1`), or has been (`-1`). */
  losing(call: C, change: 1 | -1): void;
  /** True while too much about the object of the call is uncertain for one more answer to be lost. */
  isUncertain(call: C): boolean;
  /** A request begins that the plan made. */
  begun(planned: Planned<C>): void;
  /** True while this request may be repeated later. */
  mayRepeat(call: C): boolean;
  /** No answer will come to a request that reached the service. */
  lost(call: C): void;
  answered(call: C, reply: Reply, about: AnswerFacts): void;
  /** What this answer breaks that the workload does not see, because it is beyond what that remembers. */
  broken?(call: C, reply: Reply): Violation | null;
  sometimes(): Record<string, number>;
  /** What a PASS says nothing about, beside operations that the API does not have. */
  notTested?(): string[];
}

export interface AnswerFacts {
  /** The request is a repeat after a lost answer. */
  readonly isRetry: boolean;
  /** The plan repeats an old request with it. */
  readonly isRepeat: boolean;
  /** The status of the answer to its decisive request; null: it has none. */
  readonly status: number | null;
}

/** What is looked at before the attack, with few requests at a time. */
export interface FirstLookOptions {
  /** Performs one call plainly. Rejects with an Unanswered, or with an AdapterError. */
  readonly perform: (call: Call) => Promise<Reply | Breach>;
  /** Sends a request as it is; for what is malformed. */
  readonly raw: (request: RawRequest) => Promise<{ status: number; body: string } | null>;
  readonly reset: (world: JsonObject) => Promise<void>;
  readonly offers: (operation: string) => boolean;
  readonly isContract: boolean;
  /** Completed by what is learned; what is in `declared` stays. */
  readonly rules: ServiceRules;
  readonly declared: ReadonlySet<RuleName>;
  readonly note: (what: string, data: Record<string, unknown>) => void;
  readonly isStopped: () => boolean;
  /** Only what the rules need: a reduced run is about something else. */
  readonly isShort: boolean;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface FirstLookResult {
  readonly failure: (Violation & { reproduction: { attempts: number; failures: number } | null }) | null;
  /** Why each rule that was learned is as it is. */
  readonly learned: Partial<Record<RuleName, string>>;
}

/** The part of a scenario that live attacks need. */
export interface LiveScenario<C extends Call = Call> {
  /** All who will ever call: the names that an adapter's setup is given; left out: those of the run's settings. */
  citizens?(
    workload: Workload<C>,
    about: { isContract: boolean; offers: (operation: string) => boolean },
  ): readonly string[];
  /** Left out: the general patterns. */
  plan?(options: LivePlanOptions<C>): LivePlan<C>;
  firstLook?(options: FirstLookOptions): Promise<FirstLookResult>;
  /** A read of one object, for a bundle. */
  look?(object: string): Planned<C>;
}
