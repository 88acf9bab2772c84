/** Histories that a right service of a scenario gave, with the order and the instants drawn at random. */
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import { RIGHT_CLOCK } from '../../runner/checkers/service-time.ts';
import { beginWorkload, findScenario } from '../../runner/scenarios/registry.ts';
import type { ModelPart, Operation, Workload } from '../../runner/scenarios/scenario.ts';
import type { Call, Reply } from '../../runner/service/call.ts';
import type { MemoryService } from '../../runner/service/memory-service.ts';
import type { Prng } from '../../runner/sim/prng.ts';
import {
  CONTRACT_RULES,
  FOUNDED_MS,
  runConfigSchema,
  type ServiceRules,
} from '../../server/contract/index.ts';

export interface HistoryPlan {
  readonly scenario: string;
  readonly operations: number;
  /** Requests that wait for an answer at once, at most. */
  readonly concurrency: number;
  /** Share of the requests whose answer is lost. */
  readonly lossRate: number;
  /** Share of those that may be repeated that are. */
  readonly repeatRate: number;
  readonly citizens: number;
  /** By one of these time passes now and then, in ms. */
  readonly paces: readonly number[];
  readonly rules: Readonly<ServiceRules>;
}

/** Holds that stand for minutes, or for about as long as requests are under way. */
export function randomPlan(prng: Prng, scenario: string): HistoryPlan {
  return {
    scenario,
    operations: 4 + prng.below(40),
    concurrency: 2 + prng.below(4),
    lossRate: prng.pick([0, 0.1, 0.3]),
    repeatRate: prng.pick([0, 0.1, 0.4]),
    citizens: 2 + prng.below(4),
    paces: prng.pick([
      [1, 3, 1_000, 20_000],
      [1, 3, 100, 700],
    ]),
    rules: prng.chance(0.8) ? { ...CONTRACT_RULES, holdTtl: { seconds: 2 } } : CONTRACT_RULES,
  };
}

export type HistoryStep = { readonly id: number; readonly ms: number } & (
  | { readonly kind: 'invoke' | 'unknown' | 'expire' | 'forget'; readonly parts: readonly ModelPart[] }
  | { readonly kind: 'complete'; readonly parts: readonly ModelPart[]; readonly answers: readonly unknown[] }
);

export interface RandomHistory {
  readonly workload: Workload;
  readonly steps: readonly HistoryStep[];
}

interface OpenRequest {
  readonly operation: Operation;
  readonly parts: readonly ModelPart[];
  reply: Reply | null;
  /** Nobody waits for it any more. */
  isLost: boolean;
}

/** What a citizen wants, with all the requests for it. */
interface Wish {
  readonly actor: string;
  readonly call: Call;
  open: number;
}

export function rightHistory(seed: number, prng: Prng, plan: HistoryPlan): RandomHistory {
  return new RightHistory(seed, prng, plan).drawn();
}

class RightHistory {
  readonly #prng: Prng;
  readonly #plan: HistoryPlan;
  readonly #workload: Workload;
  readonly #service: MemoryService;
  readonly #steps: HistoryStep[] = [];
  readonly #open: { wish: Wish; request: OpenRequest }[] = [];
  readonly #again: Wish[] = [];
  #ms = FOUNDED_MS;
  #nextId = 0;

  constructor(seed: number, prng: Prng, plan: HistoryPlan) {
    const scenario = findScenario(plan.scenario);
    const service = scenario.memoryService?.(null);
    if (!service) throw new Error(`${plan.scenario} has no reference service in memory.`);
    this.#prng = prng;
    this.#plan = plan;
    const config = runConfigSchema.parse({ slots: 2, citizens: plan.citizens });
    this.#workload = beginWorkload(scenario, seed, config, plan.rules);
    this.#service = service;
    service.prepare(this.#workload.world);
  }

  drawn(): RandomHistory {
    let planned = 0;
    while (planned < this.#plan.operations || this.#open.some(({ request }) => !request.isLost)) {
      const roll = this.#prng.below(10);
      const waiting = this.#open.filter(({ request }) => !request.isLost).length;
      if (roll === 0) this.#passTime();
      else if (roll < 5) {
        if (planned >= this.#plan.operations || waiting >= this.#plan.concurrency) continue;
        this.#ask(this.#wish(planned++));
      } else if (this.#open.length > 0) this.#goOn(this.#prng.pick(this.#open));
    }
    return { workload: this.#workload, steps: this.#steps };
  }

  #wish(n: number): Wish {
    const again = this.#again.length > 0 && this.#prng.chance(0.5) ? this.#again.shift() : undefined;
    return again ?? { ...this.#workload.plan(n, this.#prng, null), open: 0 };
  }

  /** A little, or to about when something runs out. */
  #passTime(): void {
    const ahead = [...(this.#workload.deadlines?.().values() ?? [])].filter((ms) => ms >= this.#ms);
    if (ahead.length === 0 || this.#prng.chance(0.6)) this.#ms += this.#prng.pick(this.#plan.paces);
    else this.#ms = Math.max(this.#ms, this.#prng.pick(ahead) + this.#prng.below(5) - 2);
  }

  #ask(wish: Wish): void {
    const { actor, call } = wish;
    const id = ++this.#nextId;
    const parts = this.#workload.parts(call);
    this.#step({ kind: 'invoke', id, parts });
    const operation = { id, actor, call, invokedIndex: this.#steps.length, invokedMs: this.#ms };
    this.#workload.invoked(operation);
    wish.open++;
    this.#open.push({ wish, request: { operation, parts, reply: null, isLost: false } });
  }

  #goOn(one: { wish: Wish; request: OpenRequest }): void {
    const { wish, request } = one;
    const { operation, parts } = request;
    if (request.reply === null && this.#prng.chance(request.isLost ? 0.3 : 0.7)) {
      request.reply = this.#answer(operation.call);
    } else if (request.isLost) {
      if (this.#prng.chance(0.2)) this.#end(one, { kind: 'expire', id: operation.id, parts });
    } else if (this.#prng.chance(this.#plan.lossRate)) {
      request.isLost = true;
      this.#step({ kind: 'unknown', id: operation.id, parts });
      this.#workload.unanswered(operation);
      if (this.#workload.repeats(wish.call) && this.#prng.chance(0.7)) this.#again.push(wish);
    } else if (request.reply) {
      const answers = this.#workload.answers(operation.call, parts, request.reply);
      if (this.#workload.repeats(wish.call) && this.#prng.chance(this.#plan.repeatRate))
        this.#again.push(wish);
      this.#end(one, { kind: 'complete', id: operation.id, parts, answers });
      const violation = this.#workload.completed(operation, request.reply, this.#steps.length, this.#ms);
      if (violation) throw new Error(`${violation.message} Of a right service.`);
    }
  }

  #answer(call: Call): Reply {
    const now = { nowMs: () => this.#ms, databaseMs: () => this.#ms };
    const routine = this.#service.handle(call, now);
    for (let step = routine.next(); ; step = routine.next()) if (step.done) return step.value;
  }

  #end(one: { wish: Wish; request: OpenRequest }, step: Untimed): void {
    this.#step(step);
    this.#open.splice(this.#open.indexOf(one), 1);
    const { wish, request } = one;
    wish.open--;
    if (wish.open > 0 || this.#again.includes(wish) || !this.#workload.forgettable(wish.call)) return;
    this.#step({ kind: 'forget', id: request.operation.id, parts: request.parts });
  }

  #step(step: Untimed): void {
    this.#steps.push({ ...step, ms: this.#ms } as HistoryStep);
  }
}

type Untimed = HistoryStep extends infer Step ? (Step extends unknown ? Omit<Step, 'ms'> : never) : never;

/** The first step at which the checker fails, -1 for none, -2 when it could not decide. */
export function checkedHistory({ workload, steps }: RandomHistory, foldEvery: number): number {
  let now = 0;
  const time = { databaseMs: () => now, readings: RIGHT_CLOCK };
  const checker = new HistoryChecker(workload.model, workload.world, { time, foldEvery });
  for (const [index, step] of steps.entries()) {
    now = step.ms;
    const { kind, id, parts } = step;
    if (kind === 'invoke') checker.invoke(id, parts);
    else if (kind === 'unknown') checker.unknown(id, parts);
    else if (kind === 'forget') checker.forget(parts);
    else {
      const wrong =
        kind === 'complete' ? checker.complete(id, parts, step.answers) : checker.expire(id, parts);
      if (wrong) return index;
    }
  }
  return checker.undecided.size > 0 ? -2 : -1;
}
