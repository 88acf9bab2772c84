/**
 * The attack: citizens' requests against a target whose every step is picked by the seed, in virtual
 * time, with faults on the way and every answer checked when it comes.
 */
import {
  CONTRACT_RULES,
  type FaultName,
  GATE_FAULTS,
  type OrderEntry,
  type RunConfig,
  type ServiceRules,
} from '../../server/contract/index.ts';
import { DeliveryInjector, MOST_SENDINGS } from '../faults/deliveries.ts';
import { FaultInjector, type RequestFaults } from '../faults/injector.ts';
import { faultRates } from '../faults/profiles.ts';
import { muteName } from '../faults/seeded-faults.ts';
import type { Workload } from '../scenarios/scenario.ts';
import type { Call, Reply } from '../service/call.ts';
import type { CityClock } from '../sim/clock.ts';
import { Prng } from '../sim/prng.ts';
import { createStrategy } from '../sim/strategies/index.ts';
import { listed } from '../sim/strategies/listed.ts';
import { ordered } from '../sim/strategies/ordered.ts';
import type { Strategy } from '../sim/strategies/strategy.ts';
import type { Breach } from '../targets/http/api.ts';
import type { Target, Task } from '../targets/target.ts';
import { type Asking, askingDirectly } from './asking.ts';
import type { Attempt, Flow } from './attempt.ts';
import type { Counters } from './counters.ts';
import { ErrorWatch, type Tried } from './error-watch.ts';
import { type Failure, unanswering } from './failure.ts';
import { FrozenCalls } from './frozen-calls.ts';
import { type Guide, requestKey } from './guide.ts';
import { MovingClock } from './moving-clock.ts';
import { PlanCursor } from './plan.ts';
import type { Recorder } from './recorder.ts';
import { rounded } from './rounded.ts';
import { Scheduler } from './scheduler.ts';
import type { RecordedCall, Trace } from './trace.ts';
import { Verdicts } from './verdicts.ts';

/** With all faults healed, no request may take longer than this, in virtual ms. */
const LIVENESS_DEADLINE_MS = 10_000;
/** A citizen whose answer was lost stops waiting this long after the request, in virtual ms. */
const LOST_ANSWER_TIMEOUT_MS = 60;
/** Requests made for one planned operation, at most. */
const MAX_ATTEMPTS = 6;
/** Requests in a row to a service without any fault, of which one at least must get an answer. */
const MAX_ATTEMPTS_WHEN_HEALED = 20;
/** Every other variant of a reduction is scheduled by it: of a few operations a walk reaches what a strategy shuns. */
const WALK = 'random';
/** Planned operations between two audits of the whole city at rest. */
const AUDIT_EVERY = 250;
/** Calls that the target remembers beyond their end: what others do with the same keys must meet them. */
const KEPT_BY_TARGET = 32;

/** Faults between a service and its database. */
const ON_THE_WIRE: ReadonlySet<FaultName> = new Set([
  ...GATE_FAULTS,
  'serialization-failure',
  'pool-exhaustion',
]);

export interface SimulationOptions {
  seed: number;
  config: RunConfig;
  workload: Workload;
  target: Target;
  recorder: Recorder;
  counters: Counters;
  clock: CityClock;
  /** The name under which events tell the object that they are about. */
  objectNoun: string;
  trace: Trace | null;
  /** How citizens ask a service behind an API; left out: directly. */
  asking?: Asking;
  /** What the service promises; left out: the contract. */
  rules?: Readonly<ServiceRules>;
  /** Before the whole city is looked at; left out: at once. */
  rest?: () => Promise<void>;
  /** Holds requests back; left out: nothing does. */
  guide?: Guide | undefined;
  /** Asked in place of what the plan draws; left out: nothing is. */
  frozen?: readonly RecordedCall[] | undefined;
}

export class Simulation {
  readonly verdicts: Verdicts;
  readonly #options: SimulationOptions;
  readonly #workload: Workload;
  readonly #counters: Counters;
  readonly #asking: Asking;
  readonly #faults: FaultInjector;
  readonly #deliveries: DeliveryInjector;
  readonly #movingClock: MovingClock | null;
  readonly #scheduler: Scheduler;
  readonly #plan: PlanCursor;
  /** How long citizens wait between operations and before they repeat one. */
  readonly #pause: Prng;
  readonly #operation: Prng;
  #nextAudit = AUDIT_EVERY;
  #idleLanes: number;
  /** Operations of bursts that are not over. */
  #extras = 0;
  /** Calls that are over, oldest first, for which the target still keeps what only their repeats could use. */
  readonly #over: Call[] = [];
  /** Requests and answers on their way, and tasks inside the target. */
  #underWay = 0;
  /** A crash that is due before the next step, with the virtual ms for which the service is then away. */
  #crashDue: number | null = null;
  #awayUntilMs = 0;
  #refusedUntilMs = Number.NEGATIVE_INFINITY;
  #isAudited = true;
  readonly #frozen: FrozenCalls | null;
  /** The calls that were asked, by planned operation, where somebody wants to know. */
  readonly #calls: Map<number, RecordedCall> | null;
  #notAsAsked = 0;
  /** The last fault between the service and its database since the service was started; null: none. */
  #lastOnWire: FaultName | null = null;

  constructor(options: SimulationOptions) {
    const { seed, config, workload, target, recorder, counters, objectNoun } = options;
    const { reduction } = config;
    this.#options = options;
    this.#workload = workload;
    this.#counters = counters;
    this.#asking = options.asking ?? askingDirectly(workload);
    const errors = new ErrorWatch(options.rules ?? CONTRACT_RULES, reduction?.anyError ?? false);
    const { clock: time } = options;
    const clock = () => this.now;
    this.verdicts = new Verdicts({ workload, recorder, counters, objectNoun, clock, time, errors });
    this.#faults = new FaultInjector(seed, faultRates(config), reduction?.muted, config.gate !== null);
    this.#deliveries = new DeliveryInjector(seed);
    this.#plan = new PlanCursor(config.operations, reduction?.operations ?? null);
    const variant = reduction?.variant ?? 0;
    this.#frozen = options.frozen ? new FrozenCalls(options.frozen) : null;
    const told = options.trace?.isBrief ? null : options.trace;
    this.#calls = told || this.#frozen ? new Map() : null;
    this.#pause = new Prng(seed, 'retry', variant);
    this.#operation = new Prng(seed, 'operation');
    this.#idleLanes = config.concurrency;
    this.#scheduler = new Scheduler({
      target,
      sent: ({ call, actor }) => this.#asking.sent(call, actor),
      strategy: this.#strategy(),
      latency: new Prng(seed, 'latency', variant),
      picks: options.trace?.picks ?? null,
      steps: told?.steps,
      guide: options.guide,
      done: (attempt, task) => {
        if (!this.failure) this.#left(attempt, task);
      },
      halted: () => this.failure !== null,
      note: (attempt, type, data) => this.#noteFromTarget(attempt, type, data),
    });
    this.#movingClock = MovingClock.of({
      ...{ seed, workload, target, clock: time, trace: options.trace, muted: reduction?.muted },
      after: (delayMs, run) => this.#scheduler.after(delayMs, run),
      record: (type, move) => recorder.record(this.now, type, 'city', move),
    });
  }

  #strategy(): Strategy {
    const { seed, config } = this.#options;
    const { order = null, schedule = null, variant = 0 } = config.reduction ?? {};
    if (order) {
      return ordered({
        order: this.#orderOfKept(order),
        keyOf: (candidate) => requestKey(candidate as Attempt),
        onNotAsAsked: (isWaiting) => {
          this.#notAsAsked++;
          const { trace } = this.#options;
          if (!trace) return;
          trace.notAsAsked++;
          if (isWaiting) trace.keptWaiting++;
        },
      });
    }
    if (schedule) return listed(schedule);
    return createStrategy(variant % 2 === 0 ? config.strategy : WALK, new Prng(seed, 'schedule', variant));
  }

  /** What names operations that are never begun is waited for in vain. */
  #orderOfKept(order: readonly OrderEntry[]): readonly OrderEntry[] {
    const kept = new Set(this.#options.config.reduction?.operations);
    return order.filter(({ request }) => kept.has(Number(request.split('.')[0])));
  }

  /** Steps of the reduction's order that another request took. */
  get notAsAsked(): number {
    return this.#notAsAsked;
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#scheduler.now;
  }

  get failure(): Failure | null {
    return this.verdicts.failure;
  }

  /** Operations begun so far, for pacing. */
  get planned(): number {
    return this.#plan.begun;
  }

  /** True once every planned operation has begun, so that it is time to heal. */
  get planUsedUp(): boolean {
    return this.#plan.usedUp;
  }

  /** True when nothing more is going to happen: the plan is used up and the city at rest. */
  get finished(): boolean {
    return this.#plan.usedUp && this.#atRest;
  }

  /** True when the city is at rest and it is time to look at all of it. */
  get auditDue(): boolean {
    return this.#plan.begun >= this.#nextAudit && this.#atRest;
  }

  /** False when the target does not show the whole city. */
  get isAudited(): boolean {
    return this.#isAudited;
  }

  /** No further operation begins. */
  windUp(): void {
    this.#plan.windUp();
  }

  /** No further fault strikes, and what lasts of earlier ones ends. */
  heal(): void {
    this.#faults.heal();
    this.#options.clock.skewMs = 0;
    this.#options.target.limitPool(null);
    this.#options.target.refuseConnections?.(false);
    this.#scheduler.takeWoken();
    this.verdicts.heal();
  }

  /** Sends idle citizens off again, up to the next audit. */
  sendOff(): void {
    const limit = Math.min(this.#plan.limit, this.#nextAudit);
    const lanes = this.#options.config.concurrency;
    while (this.#idleLanes > 0 && this.#plan.begun + (lanes - this.#idleLanes) < limit) {
      this.#idleLanes--;
      this.#pauseThenBegin();
    }
  }

  /** One step of the schedule. */
  step(): void | Promise<void> {
    this.#options.clock.virtualMs = this.now;
    if (this.#options.target.hasEnded?.()) return this.#ended();
    if (this.#crashDue !== null) return this.#crash(this.#crashDue);
    if (this.#movingClock?.isDue) return this.#movingClock.move();
    return this.#scheduler.stuck ? this.#stuck() : this.#scheduler.step();
  }

  /** What requests wait for may be work of the service that outlived its answer. */
  async #stuck(): Promise<void> {
    if (await this.#options.target.goOnByItself?.()) this.#scheduler.takeWoken();
    else this.verdicts.fail(waitingForEachOther(this.#underWay, this.verdicts.lastIndex));
  }

  /** Reads the whole city at rest and holds it against the model and the invariants. */
  async audit(): Promise<void> {
    await this.#options.rest?.();
    const dump = await this.#options.target.inspect();
    this.#nextAudit = this.#plan.begun + AUDIT_EVERY;
    if (dump === null) this.#isAudited = false;
    else this.verdicts.audited(dump);
  }

  get #atRest(): boolean {
    return this.#idleLanes === this.#options.config.concurrency && this.#underWay === 0 && this.#extras === 0;
  }

  #pauseThenBegin(): void {
    this.#scheduler.after(this.#pause.between(0, 4), () => this.#beginOrRest());
  }

  #beginOrRest(): void {
    if (this.#plan.usedUp || this.#plan.begun >= this.#nextAudit) this.#idleLanes++;
    else this.#begin(null);
  }

  /** Begins the next planned operation; `focus` is the object of the burst that it is one of. */
  #begin(focus: string | null): void {
    const n = this.#plan.next();
    const prng = this.#operation.reset(this.#options.seed, 'operation', n);
    const { actor, call } = this.#frozen?.callOf(n, this.#calls) ?? this.#asking.plan(n, prng, focus);
    this.#noteCall(n, actor, call);
    const object = this.#workload.objectOf(call);
    const isDelivery = this.#workload.isDelivery?.(call) ?? false;
    this.#options.trace?.begun.push({ n, actor, object });
    const flow: Flow = {
      n,
      actor,
      call,
      parts: this.#workload.parts(call),
      object,
      extra: focus !== null || isDelivery,
      delivery: isDelivery ? this.#deliveries.of(n, this.#faults.request(n, 0)) : null,
      attempts: 0,
      requests: 0,
      failedWhenHealed: 0,
      open: 0,
      over: false,
    };
    if (focus === null) this.#strikeCity(flow);
    // No citizen waits for what a message of ours is answered.
    if (focus === null && isDelivery) {
      this.#extras++;
      this.#pauseThenBegin();
    }
    this.#movingClock?.began(n);
    this.#attempt(flow, null);
  }

  #noteCall(n: number, actor: string, call: Call): void {
    if (!this.#calls) return;
    const asked = { n, actor, call, answers: {} };
    this.#calls.set(n, asked);
    this.#options.trace?.calls.push(asked);
  }

  #strikeCity(flow: Flow): void {
    const faults = this.#faults.city(flow.n);
    if (faults.clockSkewMs !== null) {
      this.#options.clock.skewMs = faults.clockSkewMs;
      this.#strike('clock-skew', flow, 0, { skewMs: faults.clockSkewMs });
    }
    if (faults.poolExhaustedForMs !== null) this.#exhaustPool(flow, faults.poolExhaustedForMs);
    if (faults.refusedForMs !== null) this.#refuseConnections(flow, faults.refusedForMs);
    if (faults.crashForMs !== null) {
      this.#strike('crash', flow, 0, { awayMs: rounded(faults.crashForMs) });
      this.#crashDue = faults.crashForMs;
    }
    if (faults.burst !== null && flow.object !== null) {
      this.#strike('burst', flow, 0, { citizens: faults.burst });
      // Those that a reduction leaves out of a burst are missing: nobody else takes their place.
      while (this.#plan.isNextUpTo(flow.n + faults.burst)) {
        this.#extras++;
        this.#begin(flow.object);
      }
    }
  }

  #exhaustPool(flow: Flow, durationMs: number): void {
    this.#strike('pool-exhaustion', flow, 0, { forMs: rounded(durationMs) });
    this.#options.target.limitPool(1);
    this.#scheduler.after(durationMs, () => {
      this.#options.target.limitPool(null);
      this.#scheduler.takeWoken();
    });
  }

  #refuseConnections(flow: Flow, durationMs: number): void {
    this.#strike('connection-refused', flow, 0, { forMs: rounded(durationMs) });
    this.#options.target.refuseConnections?.(true);
    const untilMs = this.now + durationMs;
    this.#refusedUntilMs = Math.max(this.#refusedUntilMs, untilMs);
    this.#scheduler.after(durationMs, () => {
      if (this.#refusedUntilMs > untilMs) return;
      this.#options.target.refuseConnections?.(false);
      this.#scheduler.takeWoken();
    });
  }

  async #crash(awayMs: number): Promise<void> {
    this.#crashDue = null;
    this.#awayUntilMs = this.now + awayMs;
    // It has to connect to begin again.
    this.#acceptConnections();
    await this.#scheduler.crash();
    this.#lastOnWire = null;
  }

  /** Where a fault on the wire went before, drivers are known to end their process: then somebody starts it again. */
  async #ended(): Promise<void> {
    const after = this.#lastOnWire;
    this.verdicts.note('the service ended by itself', { after });
    if (after === null) {
      this.verdicts.fail(endedByItself(this.verdicts.lastIndex));
      return;
    }
    await this.#crash(0);
  }

  #acceptConnections(): void {
    this.#refusedUntilMs = Math.min(this.#refusedUntilMs, this.now);
    this.#options.target.refuseConnections?.(false);
  }

  #attempt(flow: Flow, retryOf: number | null): void {
    const number = flow.attempts++;
    const first = number === 0 ? flow.delivery?.first : undefined;
    const faults = first ?? this.#faults.request(flow.n, number);
    if (retryOf !== null) this.#counters.retries++;
    const attempt = this.#invoke(flow, number, faults, retryOf === null ? null : { retryOf });
    this.#counters.inFlight++;
    if (faults.dropRequest) {
      this.#strike('drop-request', flow, number, { op: attempt.id });
      this.#scheduler.after(LOST_ANSWER_TIMEOUT_MS, () => this.#unanswered(attempt, 'no answer'));
      return;
    }
    // Before the request itself: a service that is away refuses that at once, and with it the flow may be over.
    if (faults.duplicateAfterMs !== null) {
      this.#duplicate(attempt, (faults.delayMs ?? 0) + faults.duplicateAfterMs);
    }
    if (faults.delayMs === null) return this.#send(attempt);
    this.#strike('delay', flow, number, { op: attempt.id, delayMs: rounded(faults.delayMs) });
    this.#scheduler.after(faults.delayMs, () => this.#send(attempt));
  }

  /** The service will get the request a second time; until then nothing may be forgotten that it needs. */
  #duplicate({ id, flow, attempt }: Attempt, afterMs: number): void {
    this.#strike('duplicate-request', flow, attempt, { op: id });
    flow.open++;
    this.#underWay++;
    this.#scheduler.after(afterMs, () => {
      flow.open--;
      this.#underWay--;
      this.#send(this.#invoke(flow, attempt, null, { duplicateOf: id }));
    });
  }

  #invoke(
    flow: Flow,
    number: number,
    faults: RequestFaults | null,
    link: Record<string, number> | null,
  ): Attempt {
    const { actor, object } = flow;
    const nth = ++flow.requests;
    const call = flow.delivery ? flow.call : this.#asking.request(flow.call, nth);
    const parts = call === flow.call ? flow.parts : this.#workload.parts(call);
    const operation = this.verdicts.announced(actor, call, link);
    const { id, invokedIndex, invokedMs } = operation;
    const attempt: Attempt = {
      id,
      number: id,
      actor,
      call,
      invokedIndex,
      invokedMs,
      object,
      flow,
      parts,
      faults,
      attempt: number,
      steps: 0,
      tried: null,
    };
    flow.open++;
    this.#underWay++;
    this.verdicts.invoked(attempt, parts);
    return attempt;
  }

  /** The request reaches the service, or finds it away. */
  #send(attempt: Attempt): void {
    if (this.now < this.#awayUntilMs) this.#unanswered(attempt, 'connection refused');
    else this.#enter(attempt);
  }

  #enter(attempt: Attempt): void {
    const { flow, call, faults, attempt: number } = attempt;
    const isOwn = flow.delivery === null && this.#asking.isOwn(call);
    attempt.tried = this.verdicts.errors.tried({
      operation: call.operation,
      request: isOwn ? null : flow.n,
      first: isOwn || (faults !== null && number === 0),
    });
    this.#scheduler.enter(attempt);
  }

  #strike(name: FaultName, flow: Flow, attempt: number, data: Record<string, unknown>): void {
    if (ON_THE_WIRE.has(name)) this.#lastOnWire = name;
    this.#options.trace?.struck.push(muteName(flow.n, attempt, name));
    this.verdicts.strike(name, flow.call, data);
  }

  #noteFromTarget(attempt: Attempt, type: string, data: Record<string, unknown>): void {
    const { name } = data;
    if (type === 'fault') this.#strike(name as FaultName, attempt.flow, attempt.attempt, { op: attempt.id });
    else this.#options.recorder.record(this.now, type, 'city', data);
  }

  /** The target is through with a request. */
  #left(attempt: Attempt, task: Task): void {
    const reply = task.reply as Reply | Breach;
    const { faults, flow } = attempt;
    if (reply.outcome === 'breach') {
      this.#settled(attempt);
      this.verdicts.breached(attempt, reply);
      return;
    }
    const asked = this.#calls?.get(flow.n);
    if (asked) asked.answers[requestKey(attempt)] = reply;
    if (reply.outcome !== 'failed') this.verdicts.errors.answered(attempt.tried as Tried, reply.outcome);
    if (reply.outcome === 'failed') {
      this.#unanswered(attempt, reply.error, task);
    } else if (faults === null) {
      // The answer to a duplicate goes to nobody, but on the wire it can be seen, so it has to be right.
      this.#answered(attempt, reply);
    } else if (faults.dropResponse) {
      this.#strike('drop-response', flow, attempt.attempt, { op: attempt.id });
      const leftMs = attempt.invokedMs + LOST_ANSWER_TIMEOUT_MS - this.now;
      this.#scheduler.after(Math.max(1, leftMs), () => this.#unanswered(attempt, 'no answer'));
    } else if (faults.reorderMs !== null) {
      this.#strike('reorder', flow, attempt.attempt, { op: attempt.id, delayMs: rounded(faults.reorderMs) });
      this.#scheduler.after(faults.reorderMs, () => this.#answered(attempt, reply));
    } else {
      this.#answered(attempt, reply);
    }
  }

  /**
   * Nobody waits for the answer any more, and the service is through with the request; `failed` when that ended in
   * the service itself, with an internal error.
   */
  #unanswered(attempt: Attempt, cause: string, failed: Task | null = null): void {
    this.#settled(attempt);
    const { flow, faults, tried } = attempt;
    if (!this.verdicts.unanswered(attempt, attempt.parts, cause, failed?.leftOpen)) return;
    if (failed && tried) {
      const found = { error: cause, explained: failed.disturbed || this.#isExplained(attempt) };
      if (!this.verdicts.failedInside(attempt, tried, found)) return;
    }
    if (faults === null) return this.#forgetIfOver(flow);
    this.#counters.inFlight--;
    if (!this.#isRepeated(flow)) return this.#through(flow);
    const { healedAtMs, lastIndex } = this.verdicts;
    if (healedAtMs === null) {
      if (flow.attempts >= (flow.delivery ? MOST_SENDINGS : MAX_ATTEMPTS)) return this.#through(flow);
    } else if (attempt.invokedMs >= healedAtMs && ++flow.failedWhenHealed >= MAX_ATTEMPTS_WHEN_HEALED) {
      this.verdicts.fail(unanswerable(attempt, flow.failedWhenHealed, cause, lastIndex));
      return;
    }
    this.#underWay++;
    this.#scheduler.after(this.#pause.between(1, 20), () => {
      this.#underWay--;
      this.#attempt(flow, attempt.id);
    });
  }

  #answered(attempt: Attempt, reply: Reply & { outcome: 'ok' | 'refused' }): void {
    this.#settled(attempt);
    if (attempt.faults !== null) this.#counters.inFlight--;
    if (!this.verdicts.completed(attempt, attempt.parts, reply) || this.#isTooLate(attempt)) return;
    const { flow } = attempt;
    if (this.#forgetsAnswered(flow)) this.verdicts.checker.forget(attempt.parts);
    if (attempt.faults === null) this.#forgetIfOver(flow);
    else if (!this.#sendsAgain(attempt)) this.#through(flow);
  }

  /** A message that was answered is now and then sent again. */
  #sendsAgain({ id, flow }: Attempt): boolean {
    const afterMs = flow.delivery?.againAfterMs ?? null;
    if (flow.delivery === null || afterMs === null) return false;
    flow.delivery = { ...flow.delivery, againAfterMs: null };
    this.#strike('duplicate-request', flow, 0, { op: id });
    this.#underWay++;
    this.#scheduler.after(afterMs, () => {
      this.#underWay--;
      this.#attempt(flow, id);
    });
    return true;
  }

  /** True when a request that got no answer is made again. */
  #isRepeated({ delivery, call }: Flow): boolean {
    return delivery ? !delivery.isLost : this.#asking.repeats(call);
  }

  #forgetsAnswered({ delivery }: Flow): boolean {
    return this.#asking.forgetsAnswered && delivery === null;
  }

  /** The database refused connections while it was under way, or a fault on the wire ended the service. */
  #isExplained({ invokedMs }: Attempt): boolean {
    const hasEnded = this.#options.target.hasEnded?.() === true;
    return invokedMs <= this.#refusedUntilMs || (hasEnded && this.#lastOnWire !== null);
  }

  #isTooLate(attempt: Attempt): boolean {
    const { healedAtMs, lastIndex } = this.verdicts;
    if (healedAtMs === null) return false;
    const waitedMs = this.now - Math.max(attempt.invokedMs, healedAtMs);
    if (waitedMs <= LIVENESS_DEADLINE_MS) return false;
    this.verdicts.fail(late(attempt, waitedMs, lastIndex));
    return true;
  }

  #settled(attempt: Attempt): void {
    attempt.flow.open--;
    this.#underWay--;
  }

  /** The citizen is through with an operation, and begins another after a pause. */
  #through(flow: Flow): void {
    flow.over = true;
    this.#forgetIfOver(flow);
    if (flow.extra) this.#extras--;
    else this.#pauseThenBegin();
  }

  /** Once a call and its repeats are over, what only they could use may go. */
  #forgetIfOver(flow: Flow): void {
    if (!flow.over || flow.open > 0 || !this.#workload.forgettable(flow.call)) return;
    if (!this.#forgetsAnswered(flow)) this.verdicts.checker.forget(flow.parts);
    this.#over.push(flow.call);
    if (this.#over.length > KEPT_BY_TARGET) this.#options.target.forget?.(this.#over.shift());
  }
}

/** An answer came at last, so long after the healing. */
function late(operation: Attempt, waitedMs: number, eventIndex: number): Failure {
  const waited = `${Math.round(waitedMs)} virtual ms`;
  return unanswering({
    message: `With all faults healed, ${operation.call.operation} by ${operation.actor} took ${waited}.`,
    actual: `an answer after ${waited}`,
    expected: `an answer within ${LIVENESS_DEADLINE_MS} virtual ms`,
    object: operation.object,
    operation,
    eventIndex,
  });
}

/** With all faults healed, not one of so many requests for one operation got an answer. */
function unanswerable(operation: Attempt, requests: number, cause: string, eventIndex: number): Failure {
  return unanswering({
    message: `With all faults healed, ${operation.call.operation} by ${operation.actor} was asked ${requests} times and never answered: ${cause}.`,
    actual: `no answer: ${cause}`,
    expected: 'an answer',
    object: operation.object,
    operation,
    eventIndex,
  });
}

/** Nothing that the run did explains it. */
function endedByItself(eventIndex: number): Failure {
  const message = 'The service ended by itself, and nothing that the run did explains it.';
  const expected = 'a service that stays up';
  return unanswering({ invariant: 'service-stays-up', message, actual: message, expected, eventIndex });
}

/** Requests wait and nothing can ever wake them. */
function waitingForEachOther(requests: number, eventIndex: number): Failure {
  return unanswering({
    message: `${requests} requests wait for each other and none can go on.`,
    actual: `${requests} requests without an answer`,
    expected: `an answer within ${LIVENESS_DEADLINE_MS} virtual ms`,
    eventIndex,
  });
}
