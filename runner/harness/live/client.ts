/**
 * The client of a live run: carries a planned request to the service and brings its answer. It sends the request with
 * the faults that the seed draws for it, repeats it while its answer stays away, and hands every answer to the verdicts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultName } from '../../../server/contract/index.ts';
import { muteName } from '../../faults/seeded-faults.ts';
import type { BookingCall } from '../../scenarios/bookings/calls.ts';
import type { ModelPart, Operation, Workload } from '../../scenarios/scenario.ts';
import type { Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import type { BookingApi } from '../../targets/http/api.ts';
import { NO_FAULTS, type WireFaultInjector, type WireFaults } from '../../targets/http/faults.ts';
import type { Barrier, Exchange, Wire } from '../../targets/http/wire.ts';
import { rounded } from '../rounded.ts';
import type { CityKnowledge } from './city-knowledge.ts';
import type { Disturbance } from './disturbance.ts';
import type { LiveVerdicts } from './live-verdicts.ts';
import { OvertakingLane } from './overtaking-lane.ts';

/** A request is answered within this, in ms: whatever the faults do to others, and however busy the city is. */
export const ANSWER_LIMIT_MS = 10_000;
/** Repeats of a request whose answer stays away. */
const MAX_ATTEMPTS = 6;
/** This share of the lost requests is not repeated: nobody ever learns what became of them. */
const GIVES_UP_SHARE = 0.08;
/** A citizen who finds nobody at home comes back so much later, in ms. */
const NOBODY_HOME_MS = 50;

/** One planned request with all its attempts. */
export interface Flow {
  /** Its number in the plan; -1: it is none of the plan's. */
  readonly n: number;
  readonly actor: string;
  readonly call: BookingCall;
  readonly parts: readonly ModelPart[];
  readonly intensity: number;
  /** What is known of it beforehand, for the history. */
  readonly link: Record<string, unknown>;
  readonly begunMs: number;
  /** The citizen hangs up on the first attempt so long after it is sent, in ms; null: not on purpose. */
  readonly hangUpAfterMs: number | null;
  attempts: number;
  /** Why the last attempt had no answer. */
  lastCause: string;
}

export interface ClientOptions {
  seed: number;
  workload: Workload<BookingCall>;
  api: BookingApi;
  wire: Wire;
  faults: WireFaultInjector;
  verdicts: LiveVerdicts;
  knowledge: CityKnowledge;
  disturbance: Disturbance;
  isOver: () => boolean;
  /** Told of each fault that struck, as a reduction mutes it. */
  onStruck: (fault: string) => void;
  /** The API's own code failed: nothing more can be sent or understood. Afterwards `isOver` is true. */
  onBroken: (error: unknown) => void;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #verdicts: LiveVerdicts;
  readonly #knowledge: CityKnowledge;
  readonly #overtaking = new OvertakingLane();
  readonly #underWay = new Map<string, number>();
  readonly sometimes = {
    'an answer was lost and the request had happened': 0,
    'requests overlapped on one slot': 0,
  };

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#verdicts = options.verdicts;
    this.#knowledge = options.knowledge;
  }

  /** Lets go of whatever is held back. */
  wake(): void {
    this.#overtaking.empty();
  }

  /** Resolves with the answer that the citizen got; null when none came. */
  async carry(flow: Flow, barrier: Barrier | null): Promise<Reply | null> {
    const prng = new Prng(this.#options.seed, 'retry', Math.max(0, flow.n));
    const doubles: Promise<unknown>[] = [];
    let reply: Reply | null = null;
    let last: number | null = null;
    while (!this.#options.isOver()) {
      const faults = this.#drawn(flow);
      const attempt = this.#invoke(flow, last === null ? flow.link : { retryOf: last });
      if (faults.duplicateAfterMs !== null) doubles.push(this.#duplicate(flow, attempt, faults));
      reply = await this.#request(flow, attempt, faults, last === null ? barrier : null);
      last = attempt.id;
      if (reply !== null || this.#options.isOver() || this.#givesUp(flow, attempt, prng)) break;
      this.#verdicts.counters.retries++;
      await delay(this.#pauseMs(prng));
      await this.#options.disturbance.up();
    }
    await Promise.all(doubles);
    return reply;
  }

  #drawn(flow: Flow): WireFaults {
    const { faults } = this.#options;
    const attempt = flow.attempts++;
    const drawn = faults.draw(flow.n, attempt, flow.intensity);
    if (attempt > 0 || flow.hangUpAfterMs === null) return drawn;
    return faults.hangUp(flow.n, attempt, drawn, flow.hangUpAfterMs);
  }

  /** After an answer that stayed away. With all faults healed, a citizen asks until it is the service's fault. */
  #givesUp(flow: Flow, attempt: Operation<BookingCall>, prng: Prng): boolean {
    const { healedAtMs, now } = this.#verdicts;
    if (healedAtMs !== null) {
      const waitedMs = now - Math.max(flow.begunMs, healedAtMs);
      if (waitedMs < ANSWER_LIMIT_MS) return false;
      this.#verdicts.neverAnswered(attempt, flow.lastCause, waitedMs);
      return true;
    }
    if (!this.#options.workload.repeats(flow.call) || flow.attempts >= MAX_ATTEMPTS) return true;
    return prng.chance(GIVES_UP_SHARE) && !this.#knowledge.isUncertain(objectOf(flow.call));
  }

  /** Half of the repeats come while the first request may still be under way. */
  #pauseMs(prng: Prng): number {
    if (this.#verdicts.healed) return 50;
    return prng.chance(0.5) ? prng.between(0, 2) : prng.between(2, 30);
  }

  async #duplicate(flow: Flow, attempt: Operation, faults: WireFaults): Promise<void> {
    this.#strike(flow, attempt, 'duplicate-request', {});
    const afterMs = (faults.delayMs ?? 0) + (faults.duplicateAfterMs ?? 0);
    const double = this.#invoke(flow, { duplicateOf: attempt.id });
    if (afterMs > 0) await delay(afterMs);
    await this.#request(flow, double, NO_FAULTS, null);
  }

  #invoke(flow: Flow, link: Record<string, unknown>): Operation<BookingCall> {
    const object = objectOf(flow.call);
    if (object !== null) {
      const under = (this.#underWay.get(object) ?? 0) + 1;
      this.#underWay.set(object, under);
      if (under === 2) this.sometimes['requests overlapped on one slot']++;
    }
    return this.#verdicts.sent(flow.actor, flow.call, flow.parts, link);
  }

  /** One attempt; null when no answer came. */
  async #request(
    flow: Flow,
    attempt: Operation<BookingCall>,
    drawn: WireFaults,
    barrier: Barrier | null,
  ): Promise<Reply | null> {
    const { call } = flow;
    const { wire, api, disturbance, isOver } = this.#options;
    const loses = drawn.cut !== null && drawn.cut !== 'request';
    const mayLose = loses && this.#knowledge.mayLose(call);
    const faults = loses && !mayLose ? { ...drawn, cut: null } : drawn;
    if (mayLose) this.#knowledge.losing(call, 1);
    this.#announce(flow, attempt, faults);
    if (faults.delayMs !== null) await delay(faults.delayMs);
    if (faults.overtakenBy !== null) await this.#overtaking.wait(faults.overtakenBy);
    this.#overtaking.pass();
    const { interruptions } = disturbance;
    const request = this.#unlessBroken(() => api.requestOf(call));
    if (request === null) return null;
    const exchange = await wire.exchange(request, { ...faults, deadlineMs: ANSWER_LIMIT_MS, barrier });
    this.#left(call);
    if (mayLose) this.#knowledge.losing(call, -1);
    if (isOver()) return null;
    if (exchange.kind === 'none' && !exchange.whole && faults.cut === null) await delay(NOBODY_HOME_MS);
    const reply = this.#answered(flow, attempt, exchange);
    if (exchange.kind === 'none' && exchange.isLate && disturbance.interruptions === interruptions) {
      this.#verdicts.neverAnswered(attempt, exchange.cause, ANSWER_LIMIT_MS);
    }
    return reply;
  }

  #left(call: BookingCall): void {
    const object = objectOf(call);
    if (object !== null) this.#underWay.set(object, (this.#underWay.get(object) ?? 1) - 1);
  }

  #announce(flow: Flow, attempt: Operation, faults: WireFaults): void {
    const { delayMs, splitMs, splitAt, overtakenBy, cut, cutAt } = faults;
    if (delayMs !== null) this.#strike(flow, attempt, 'delay', { delayMs: rounded(delayMs) });
    if (splitMs !== null) {
      const parts = { betweenPiecesMs: rounded(splitMs), bodyInFirst: rounded(splitAt) };
      this.#strike(flow, attempt, 'delay', parts);
    }
    if (overtakenBy !== null) this.#strike(flow, attempt, 'reorder', { overtakenBy });
    if (cut === 'request') this.#strike(flow, attempt, 'drop-request', { sent: rounded(cutAt) });
    else if (cut !== null) {
      const when = cut === 'sent' ? { afterMs: rounded(cutAt) } : {};
      this.#strike(flow, attempt, 'drop-response', { cut, ...when });
    }
  }

  #strike(flow: Flow, attempt: Operation, name: FaultName, data: Record<string, unknown>): void {
    this.#verdicts.strike(name, flow.call, { op: attempt.id, ...data });
    this.#options.onStruck(muteName(flow.n, flow.attempts - 1, name));
  }

  #answered(flow: Flow, attempt: Operation<BookingCall>, exchange: Exchange): Reply | null {
    const { call, parts } = flow;
    if (exchange.kind === 'none') return this.#lost(flow, attempt, exchange.cause, exchange.whole);
    const reply = this.#unlessBroken(() => this.#options.api.replyOf(call, exchange));
    if (reply === null) return null;
    if (reply.outcome === 'breach') {
      this.#verdicts.breached(attempt, reply, exchange);
      return null;
    }
    if (reply.outcome === 'failed') return this.#lost(flow, attempt, reply.error, true);
    this.#verdicts.completed(attempt, parts, reply);
    const hadHappened =
      call.operation === 'book'
        ? exchange.status === 200
        : call.operation === 'cancel' && reply.outcome === 'refused';
    if (hadHappened && flow.attempts > 1) this.sometimes['an answer was lost and the request had happened']++;
    this.#knowledge.answered(call, reply);
    return reply;
  }

  /** What the API's code says; null when it fails, with which the run is over. */
  #unlessBroken<T>(ask: () => T): T | null {
    try {
      return ask();
    } catch (error) {
      this.#options.onBroken(error);
      return null;
    }
  }

  #lost(flow: Flow, attempt: Operation<BookingCall>, cause: string, whole: boolean): null {
    const { call, parts } = flow;
    // A read that nobody saw changes nothing, so it may be forgotten like a request that never arrived.
    const canHappen = whole && this.#options.workload.repeats(call);
    this.#verdicts.unanswered(attempt, parts, cause, canHappen);
    if (canHappen) this.#knowledge.lost(call);
    flow.lastCause = cause;
    return null;
  }
}

export function objectOf(call: BookingCall): string | null {
  return call.operation === 'list' ? null : call.slot;
}
