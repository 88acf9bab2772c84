/** How citizens ask a target: which calls it takes and as what, which are asked again after a lost answer, and how. */
import type { ServiceRules } from '../../server/contract/index.ts';
import type { Workload } from '../scenarios/workload.ts';
import type { Call } from '../service/call.ts';
import type { Prng } from '../sim/prng.ts';
import type { LivePlan } from './live/live-plan.ts';

/** A call of a kind that an API has no request for is drawn again so often, at most. */
const DRAWS = 64;

export interface Asking {
  /** The `n`th planned operation; `focus`: the object for which everybody goes, or null. */
  plan(n: number, prng: Prng, focus: string | null): { actor: string; call: Call };
  /** The call as the target takes it. */
  sent(call: Call, actor: string): Call;
  /** The `nth` request for a planned call, from 1. */
  request(call: Call, nth: number): Call;
  /** True when a citizen who got no answer asks again. */
  repeats(call: Call): boolean;
  /** True when each request for the call stands for itself: the service cannot know it for a repeat. */
  isOwn(call: Call): boolean;
  /** True when what a request could be known by is of no use once it is answered. */
  readonly forgetsAnswered: boolean;
}

/** Of a target that takes every call of the scenario, and knows a repeat by its key. */
export function askingDirectly(workload: Workload): Asking {
  return {
    plan: (n, prng, focus) => workload.plan(n, prng, focus),
    sent: (call) => call,
    request: (call) => call,
    repeats: (call) => workload.repeats(call),
    isOwn: (call) => !workload.repeats(call),
    forgetsAnswered: false,
  };
}

export interface ServiceAskingOptions {
  readonly workload: Workload;
  readonly rules: Readonly<ServiceRules>;
  /** False for calls that the API has no request for. */
  readonly offers: (operation: string) => boolean;
  /** What is known of its calls where they go over HTTP. */
  readonly plan: Pick<LivePlan, 'isLook' | 'repeatsLost' | 'anew'>;
}

/** Of a service with an API of its own. */
export function askingService({ workload, rules, offers, plan }: ServiceAskingOptions): Asking {
  return {
    plan(n, prng, focus) {
      for (let i = 0; i < DRAWS; i++) {
        const planned = workload.plan(n, prng, focus);
        if (offers(planned.call.operation)) return planned;
      }
      throw new Error(
        'The API has no request for what citizens ask: give the adapter more `operations` of the scenario.',
      );
    },
    sent: (call, actor) => ({ ...call, citizen: actor }),
    request: (call, nth) => (nth > 1 && !rules.keys ? plan.anew(call, nth) : call),
    repeats: (call) => plan.repeatsLost(call),
    isOwn: (call) => !rules.keys || plan.isLook(call),
    forgetsAnswered: !rules.keys,
  };
}
