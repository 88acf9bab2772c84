/**
 * The attack: citizens' requests against a target whose every step is picked by the seed, in virtual
 * time, with faults on the way and every answer checked when it comes.
 */
import type { RunConfig } from '../../server/contract/index.ts';
import { HistoryChecker } from '../checkers/history-checker.ts';
import { faultRates } from '../faults/profiles.ts';
import { TransportFaultPlan, type TransportFaults } from '../faults/transport.ts';
import type { Call, ModelPart, Operation, Play, Reply, Violation } from '../scenarios/scenario.ts';
import { Prng } from '../sim/prng.ts';
import { TimerQueue } from '../sim/timer-queue.ts';
import type { Target, Task } from '../targets/target.ts';
import type { Counters } from './counters.ts';
import { IntervalLog } from './interval-log.ts';
import type { Recorder } from './recorder.ts';

/** A citizen whose answer was lost stops waiting this long after the request, in virtual ms. */
const LOST_ANSWER_TIMEOUT_MS = 60;
/** No request may take longer than this, in virtual ms: the liveness deadline. */
const LIVENESS_DEADLINE_MS = 10_000;
/** Repeats of a request whose answer stays away. */
const MAX_ATTEMPTS = 6;
/** Planned operations between two audits of the whole city at rest. */
export const AUDIT_EVERY = 500;

/** Why a run failed, before the bundle is made of it. */
export interface Failure extends Violation {
  kind: 'invariant' | 'linearizability' | 'liveness' | 'audit' | 'threshold';
  operation: Attempt | null;
  /** Index of the completion that broke it. */
  eventIndex: number;
}

/** One planned operation with all its attempts. */
interface Flow {
  readonly n: number;
  readonly actor: string;
  readonly call: Call;
  readonly parts: readonly ModelPart[];
  attempts: number;
  /** Requests of it inside the target. */
  open: number;
  /** True once the citizen is through with it. */
  over: boolean;
}

/** One request: an operation of the history. A duplicate is one whose answer nobody waits for. */
export interface Attempt extends Operation {
  readonly flow: Flow;
  readonly faults: TransportFaults | null;
  readonly duplicate: boolean;
  /** What the citizen knows: still waiting, answered, or no longer waiting. */
  wait: 'waiting' | 'answered' | 'over';
}

export interface SimulationOptions {
  seed: number;
  config: RunConfig;
  play: Play;
  target: Target;
  recorder: Recorder;
  counters: Counters;
}

export class Simulation {
  readonly #options: SimulationOptions;
  readonly #play: Play;
  readonly #target: Target;
  readonly #recorder: Recorder;
  readonly #counters: Counters;
  readonly #checker: HistoryChecker;
  readonly #faults: TransportFaultPlan;
  readonly #timers = new TimerQueue();
  readonly #ready: Task[] = [];
  readonly #schedule: Prng;
  readonly #latency: Prng;
  readonly #pause: Prng;
  readonly #operation: Prng;
  readonly intervals = new IntervalLog();
  #now = 0;
  #planned = 0;
  #limit: number;
  #nextAudit = AUDIT_EVERY;
  #nextOperation = 0;
  #idleLanes = 0;
  /** Tasks inside the target and requests and answers on their way. */
  #underWay = 0;
  #failure: Failure | null = null;
  #healedAtMs: number | null = null;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#play = options.play;
    this.#target = options.target;
    this.#recorder = options.recorder;
    this.#counters = options.counters;
    this.#checker = new HistoryChecker(options.play.model, options.play.world);
    const { seed, config } = options;
    this.#faults = new TransportFaultPlan(seed, faultRates(config));
    this.#schedule = new Prng(seed, 'schedule');
    this.#latency = new Prng(seed, 'latency');
    this.#pause = new Prng(seed, 'retry');
    this.#operation = new Prng(seed, 'operation');
    this.#limit = config.operations;
    this.#idleLanes = config.concurrency;
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Operations planned so far, for pacing. */
  get planned(): number {
    return this.#planned;
  }

  get checker(): HistoryChecker {
    return this.#checker;
  }

  /** True once every planned operation is over and nothing is under way. */
  get atRest(): boolean {
    return this.#idleLanes === this.#options.config.concurrency && this.#underWay === 0;
  }

  /** True when nothing more is going to happen: the plan is used up and the city at rest. */
  get finished(): boolean {
    return this.#planned >= this.#limit && this.atRest;
  }

  /** True once every planned operation has begun, so that it is time to heal. */
  get planUsedUp(): boolean {
    return this.#planned >= this.#limit;
  }

  get healed(): boolean {
    return this.#healedAtMs !== null;
  }

  /** Fails the run for a reason found outside of the simulation. */
  failWith(failure: Failure): void {
    this.#fail(failure);
  }

  /** True when the city is at rest and due for an audit. */
  get auditDue(): boolean {
    return this.atRest && (this.#planned >= this.#nextAudit || this.#planned >= this.#limit);
  }

  /** No further operation begins. */
  windUp(): void {
    this.#limit = Math.min(this.#limit, this.#planned);
  }

  /** No further fault strikes. */
  heal(): void {
    this.#faults.heal();
    this.#healedAtMs = this.#now;
    this.#recorder.record(this.#now, 'heal', 'chaos', {});
  }

  /** Sends idle citizens off again, up to the next audit. */
  sendOff(): void {
    while (this.#idleLanes > 0 && this.#planned + this.#lanesOff() < Math.min(this.#limit, this.#nextAudit)) {
      this.#idleLanes--;
      this.#pauseThenBegin();
    }
  }

  /** One step of the schedule: virtual time moves on, what is due happens, one ready task runs. */
  step(): void | Promise<void> {
    if (this.#ready.length === 0) {
      if (this.#timers.size === 0) return this.#stuck();
      this.#now = Math.max(this.#now, this.#timers.nextMs);
      this.#timers.runDue(this.#now);
      return;
    }
    this.#now += this.#latency.between(0.02, 0.3);
    this.#timers.runDue(this.#now);
    const chosen = this.#schedule.below(this.#ready.length);
    const task = this.#ready[chosen] as Task;
    const stepping = this.#target.step(task);
    if (stepping) return stepping.then(() => this.#stepped(task, chosen));
    this.#stepped(task, chosen);
  }

  /** Reads the whole city at rest and holds it against the model and the invariants. */
  async audit(): Promise<void> {
    const dump = await this.#target.inspect();
    this.#nextAudit = this.#planned + AUDIT_EVERY;
    const index = this.#recorder.record(this.#now, 'note', 'city', {
      what: 'audit',
      objects: this.#play.objects.length,
    });
    const { violation, reads } = this.#play.audit(dump);
    if (violation) return this.#fail({ ...violation, kind: 'audit', operation: null, eventIndex: index });
    for (const { object, call, answer } of reads) {
      const operation = this.#nextOperation++;
      const parts = [{ object, call }];
      this.#checker.invoke(operation, parts);
      const wrong = this.#checker.complete(operation, parts, [answer]);
      if (!wrong) continue;
      this.#fail({
        kind: 'audit',
        invariant: 'city-matches-history',
        message: `At rest, ${object} is not in a state that its history allows.`,
        actual: answer,
        expected: wrong.allowed,
        object,
        operation: null,
        eventIndex: index,
      });
      return;
    }
  }

  #lanesOff(): number {
    return this.#options.config.concurrency - this.#idleLanes;
  }

  #pauseThenBegin(): void {
    this.#timers.add(this.#now + this.#pause.between(0, 4), () => this.#beginOperation());
  }

  #beginOperation(): void {
    if (this.#planned >= this.#limit || this.#planned >= this.#nextAudit) {
      this.#idleLanes++;
      return;
    }
    const n = this.#planned++;
    const { actor, call } = this.#play.plan(n, this.#operation.reset(this.#options.seed, 'operation', n));
    const flow: Flow = { n, actor, call, parts: this.#play.parts(call), attempts: 0, open: 0, over: false };
    this.#attempt(flow, null);
  }

  #attempt(flow: Flow, retryOf: number | null): void {
    const faults = this.#faults.draw(flow.n, flow.attempts);
    flow.attempts++;
    if (retryOf !== null) this.#counters.retries++;
    const attempt = this.#invoke(flow, faults, retryOf === null ? {} : { retryOf });
    this.#counters.inFlight++;
    if (faults.delayMs === null) {
      this.#send(attempt);
    } else {
      this.#strike('delay', attempt, { delayMs: Math.round(faults.delayMs * 1000) / 1000 });
      this.#sendLater(attempt, faults.delayMs);
    }
    if (faults.duplicateAfterMs !== null) {
      this.#strike('duplicate-request', attempt, {});
      const duplicate = this.#invoke(flow, null, { duplicateOf: attempt.id });
      this.#sendLater(duplicate, (faults.delayMs ?? 0) + faults.duplicateAfterMs);
    }
  }

  #invoke(flow: Flow, faults: TransportFaults | null, link: Record<string, number>): Attempt {
    const { actor, call, parts } = flow;
    const id = this.#nextOperation++;
    this.#counters.operations++;
    const { operation, ...args } = call;
    const invokedIndex = this.#recorder.record(this.#now, `${operation}.invoke`, actor, {
      op: id,
      ...args,
      ...link,
    });
    const attempt: Attempt = {
      id,
      actor,
      call,
      invokedIndex,
      invokedMs: this.#now,
      flow,
      faults,
      duplicate: faults === null,
      wait: faults === null ? 'over' : 'waiting',
    };
    flow.open++;
    this.#underWay++;
    this.intervals.invoked(attempt, this.#play.objectOf(call));
    this.#play.invoked(attempt);
    this.#checker.invoke(id, parts);
    return attempt;
  }

  #send(attempt: Attempt): void {
    const task = this.#target.start(attempt.call);
    task.owner = attempt;
    this.#ready.push(task);
  }

  #sendLater(attempt: Attempt, delayMs: number): void {
    this.#timers.add(this.#now + delayMs, () => this.#send(attempt));
  }

  #strike(name: string, attempt: Attempt, data: Record<string, unknown>): void {
    this.#counters.faults++;
    this.#recorder.record(this.#now, 'fault', 'chaos', {
      name,
      op: attempt.id,
      operation: attempt.call.operation,
      slot: this.#play.objectOf(attempt.call),
      ...data,
    });
  }

  #stepped(task: Task, position: number): void {
    if (task.state !== 'ready') this.#ready.splice(position, 1);
    for (const woken of this.#target.takeWoken()) this.#ready.push(woken);
    for (const { type, data } of this.#target.takeNotes())
      this.#recorder.record(this.#now, type, 'city', data);
    if (task.state === 'done') this.#answered(task.owner as Attempt, task.reply as Reply);
  }

  /** The target is done with a request. */
  #answered(attempt: Attempt, reply: Reply): void {
    attempt.flow.open--;
    this.#underWay--;
    if (attempt.duplicate) {
      this.#unknown(attempt, 'duplicate');
      this.#expire(attempt);
    } else if (attempt.faults?.dropResponse) {
      this.#strike('drop-response', attempt, {});
      const lateness = attempt.invokedMs + LOST_ANSWER_TIMEOUT_MS - this.#now;
      this.#underWay++;
      this.#timers.add(this.#now + Math.max(1, lateness), () => this.#lost(attempt, 'no answer'));
    } else if (reply.outcome === 'failed') {
      this.#underWay++;
      this.#lost(attempt, reply.error);
    } else {
      this.#completed(attempt, reply);
    }
    this.#forgetIfOver(attempt.flow);
  }

  /** The citizen stops waiting. The target is through with the request, so it can have no later effect. */
  #lost(attempt: Attempt, cause: string): void {
    this.#underWay--;
    this.#counters.inFlight--;
    this.#unknown(attempt, cause);
    if (this.#expire(attempt)) return;
    const { flow } = attempt;
    if (this.#play.repeats(flow.call) && flow.attempts < MAX_ATTEMPTS) {
      this.#timers.add(this.#now + this.#pause.between(1, 20), () => this.#attempt(flow, attempt.id));
    } else {
      this.#citizenThrough(flow);
    }
  }

  #unknown(attempt: Attempt, cause: string): void {
    attempt.wait = 'over';
    this.#counters.unknown++;
    const index = this.#record(attempt, 'unknown', { cause });
    this.intervals.completed(attempt.id, 'unknown', { cause }, index, this.#now);
    this.#play.unanswered(attempt);
    this.#checker.unknown(attempt.id, attempt.flow.parts);
  }

  #expire(attempt: Attempt): boolean {
    const wrong = this.#checker.expire(attempt.id, attempt.flow.parts);
    if (wrong) this.#failHistory(attempt, wrong.object, wrong.allowed, 'no answer', this.#recorder.next - 1);
    return wrong !== null;
  }

  #completed(attempt: Attempt, reply: Reply & { outcome: 'ok' | 'refused' }): void {
    attempt.wait = 'answered';
    this.#counters.inFlight--;
    this.#counters[reply.outcome]++;
    const latencyMs = this.#now - attempt.invokedMs;
    this.#counters.latency.add(latencyMs);
    const answer = reply.outcome === 'ok' ? reply.value : { reason: reply.reason };
    const index = this.#record(attempt, reply.outcome, {
      latencyMs: Math.round(latencyMs * 1000) / 1000,
      ...answer,
    });
    this.intervals.completed(attempt.id, reply.outcome, answer, index, this.#now);
    if (this.#judge(attempt, reply, answer, index)) return;
    if (
      this.#healedAtMs !== null &&
      this.#now - Math.max(attempt.invokedMs, this.#healedAtMs) > LIVENESS_DEADLINE_MS
    ) {
      return this.#tooLate(attempt, latencyMs, index);
    }
    this.#citizenThrough(attempt.flow);
  }

  #judge(attempt: Attempt, reply: Reply, answer: unknown, index: number): boolean {
    const violation = this.#play.completed(attempt, reply, index);
    if (violation) {
      this.#fail({ ...violation, kind: 'invariant', operation: attempt, eventIndex: index });
      return true;
    }
    const { call, parts } = attempt.flow;
    const wrong = this.#checker.complete(attempt.id, parts, this.#play.answers(call, parts, reply));
    if (wrong) this.#failHistory(attempt, wrong.object, wrong.allowed, answer, index);
    return wrong !== null;
  }

  #record(attempt: Attempt, outcome: string, data: Record<string, unknown>): number {
    const slot = this.#play.objectOf(attempt.call);
    return this.#recorder.record(this.#now, `${attempt.call.operation}.${outcome}`, attempt.actor, {
      op: attempt.id,
      ...(slot === null ? {} : { slot }),
      ...data,
    });
  }

  #citizenThrough(flow: Flow): void {
    flow.over = true;
    this.#forgetIfOver(flow);
    this.#pauseThenBegin();
  }

  /** Once a call and its repeats are over, what only they could use may go. */
  #forgetIfOver(flow: Flow): void {
    if (!flow.over || flow.open > 0 || !this.#play.forgettable(flow.call)) return;
    this.#checker.forget(flow.parts);
    this.#target.forget?.(flow.call);
  }

  #stuck(): void {
    this.#fail({
      kind: 'liveness',
      invariant: 'every-request-is-answered',
      message: `${this.#underWay} requests wait for each other and none can go on.`,
      actual: `${this.#underWay} requests without an answer`,
      expected: `an answer within ${LIVENESS_DEADLINE_MS} virtual ms`,
      object: null,
      operation: null,
      eventIndex: this.#recorder.next - 1,
    });
  }

  #tooLate(attempt: Attempt, latencyMs: number, index: number): void {
    this.#fail({
      kind: 'liveness',
      invariant: 'every-request-is-answered',
      message: `With all faults healed, ${attempt.call.operation} by ${attempt.actor} took ${Math.round(latencyMs)} virtual ms.`,
      actual: `an answer after ${Math.round(latencyMs)} virtual ms`,
      expected: `an answer within ${LIVENESS_DEADLINE_MS} virtual ms`,
      object: this.#play.objectOf(attempt.call),
      operation: attempt,
      eventIndex: index,
    });
  }

  #failHistory(
    attempt: Attempt,
    object: string,
    allowed: readonly string[],
    actual: unknown,
    index: number,
  ): void {
    this.#fail({
      kind: 'linearizability',
      invariant: 'per-slot-history',
      message: `No order of the overlapping operations on ${object} explains what ${attempt.call.operation} by ${attempt.actor} was answered.`,
      actual,
      expected: allowed,
      object,
      operation: attempt,
      eventIndex: index,
    });
  }

  #fail(failure: Failure): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#recorder.record(this.#now, 'violation', 'city', {
      kind: failure.kind,
      invariant: failure.invariant,
      message: failure.message,
      slot: failure.object,
      op: failure.operation?.id ?? null,
      atEvent: failure.eventIndex,
      actual: failure.actual,
      expected: failure.expected,
    });
  }
}
