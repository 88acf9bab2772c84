/**
 * The client of a live run: carries a planned request to the service and brings its answer. It sends the request with
 * the faults that the seed draws for it, repeats it while its answer stays away, and hands every answer to the verdicts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultName, ServiceRules } from '../../../server/contract/index.ts';
import { muteName } from '../../faults/seeded-faults.ts';
import type { ModelPart, Operation } from '../../scenarios/workload.ts';
import type { Call, Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import { type Breach, type HttpApi, Unanswered } from '../../targets/http/api.ts';
import type { CookieJars } from '../../targets/http/cookies.ts';
import { NO_FAULTS, type WireFaultInjector, type WireFaults } from '../../targets/http/faults.ts';
import type { Barrier, Wire } from '../../targets/http/wire.ts';
import type { Tried } from '../error-watch.ts';
import { rounded } from '../rounded.ts';
import type { Disturbance } from './disturbance.ts';
import type { LivePlan } from './live-plan.ts';
import type { LiveVerdicts } from './live-verdicts.ts';
import { OvertakingLane } from './overtaking-lane.ts';
import { Performance } from './performance.ts';
import { wireLogOf } from './wire-log.ts';

/** A request is answered within this, in ms: whatever the faults do to others, and however busy the city is. */
export const ANSWER_LIMIT_MS = 10_000;
/** Repeats of a request whose answer stays away. */
const MAX_ATTEMPTS = 6;
/** This share of the lost requests is not repeated: nobody ever learns what became of them. */
const GIVES_UP_SHARE = 0.08;
/** A citizen who finds nobody at home comes back so much later, in ms. */
const NOBODY_HOME_MS = 50;

/** One planned request with all its attempts. */
export interface Flow<C extends Call = Call> {
  /** Its number in the plan; -1: it is none of the plan's. */
  readonly n: number;
  readonly actor: string;
  readonly call: C;
  readonly parts: readonly ModelPart[];
  readonly intensity: number;
  /** What is known of it beforehand, for the history. */
  readonly link: Record<string, unknown>;
  /** The plan repeats an old request with it. */
  readonly isRepeat: boolean;
  readonly begunMs: number;
  /** The citizen hangs up on the first attempt so long after it is sent, in ms; null: not on purpose. */
  readonly hangUpAfterMs: number | null;
  attempts: number;
  /** Why the last attempt had no answer. */
  lastCause: string;
}

/** One attempt of a flow. */
interface Attempt<C extends Call> {
  readonly operation: Operation<C>;
  readonly parts: readonly ModelPart[];
  readonly tried: Tried;
}

export interface ClientOptions<C extends Call> {
  seed: number;
  rules: Readonly<ServiceRules>;
  api: HttpApi;
  wire: Wire;
  jars: CookieJars;
  faults: WireFaultInjector;
  verdicts: LiveVerdicts<C>;
  plan: LivePlan<C>;
  disturbance: Disturbance;
  /** The share of a call that concerns objects which are still judged. */
  partsOf: (call: C) => readonly ModelPart[];
  isOver: () => boolean;
  /** What goes over the wire becomes events of the history, too. */
  recordsRequests: boolean;
  /** Told of each fault that struck, as a reduction mutes it. */
  onStruck: (fault: string) => void;
  /** The API's own code failed: nothing more can be sent or understood. Afterwards `isOver` is true. */
  onBroken: (error: unknown) => void;
}

export class Client<C extends Call = Call> {
  readonly #options: ClientOptions<C>;
  readonly #verdicts: LiveVerdicts<C>;
  readonly #plan: LivePlan<C>;
  readonly #overtaking = new OvertakingLane();
  readonly #underWay = new Map<string, number>();
  readonly #namedRaced = new Set<string>();
  #overlaps = 0;

  constructor(options: ClientOptions<C>) {
    this.#options = options;
    this.#verdicts = options.verdicts;
    this.#plan = options.plan;
  }

  /** Requests that overlapped with another on one object. */
  get overlaps(): number {
    return this.#overlaps;
  }

  /** Lets go of whatever is held back. */
  wake(): void {
    this.#overtaking.empty();
  }

  /** Resolves with the answer that the citizen got; null when none came. */
  async carry(flow: Flow<C>, barrier: Barrier | null): Promise<Reply | null> {
    const prng = new Prng(this.#options.seed, 'retry', Math.max(0, flow.n));
    const doubles: Promise<unknown>[] = [];
    let reply: Reply | null = null;
    let last: number | null = null;
    while (!this.#options.isOver()) {
      const faults = this.#drawn(flow);
      const attempt = this.#invoke(flow, last === null ? flow.link : { retryOf: last });
      if (faults.duplicateAfterMs !== null) doubles.push(this.#duplicate(flow, attempt, faults));
      reply = await this.#request(flow, attempt, faults, last === null ? barrier : null);
      last = attempt.operation.id;
      if (reply !== null || this.#options.isOver() || this.#givesUp(flow, attempt, prng)) break;
      this.#verdicts.counters.retries++;
      await delay(this.#pauseMs(prng));
      await this.#options.disturbance.up();
    }
    if (last === null) barrier?.leave();
    await Promise.all(doubles);
    return reply;
  }

  #drawn(flow: Flow<C>): WireFaults {
    const { faults } = this.#options;
    const attempt = flow.attempts++;
    const drawn = faults.draw(flow.n, attempt, flow.intensity);
    if (attempt > 0 || flow.hangUpAfterMs === null) return drawn;
    return faults.hangUp(flow.n, attempt, drawn, flow.hangUpAfterMs);
  }

  /** After an answer that stayed away. With all faults healed, a citizen asks until it is the service's fault. */
  #givesUp(flow: Flow<C>, { operation }: Attempt<C>, prng: Prng): boolean {
    const { healedAtMs, now } = this.#verdicts;
    const repeats = this.#plan.repeatsLost(flow.call);
    if (healedAtMs !== null) {
      const waitedMs = now - Math.max(flow.begunMs, healedAtMs);
      if (waitedMs < ANSWER_LIMIT_MS && (repeats || this.#plan.isLook(flow.call))) return false;
      if (waitedMs >= ANSWER_LIMIT_MS) this.#verdicts.neverAnswered(operation, flow.lastCause, waitedMs);
      return true;
    }
    if (!repeats || flow.attempts >= MAX_ATTEMPTS) return true;
    return prng.chance(GIVES_UP_SHARE) && !this.#plan.isUncertain(flow.call);
  }

  /** Half of the repeats come while the first request may still be under way. */
  #pauseMs(prng: Prng): number {
    if (this.#verdicts.healed) return 50;
    return prng.chance(0.5) ? prng.between(0, 2) : prng.between(2, 30);
  }

  /** Without keys a duplicate is a request of its own. */
  async #duplicate(flow: Flow<C>, { operation }: Attempt<C>, faults: WireFaults): Promise<void> {
    this.#strike(flow, operation, 'duplicate-request', {});
    const afterMs = (faults.delayMs ?? 0) + (faults.duplicateAfterMs ?? 0);
    const double = this.#invoke(flow, { duplicateOf: operation.id });
    if (afterMs > 0) await delay(afterMs);
    await this.#request(flow, double, NO_FAULTS, null);
  }

  #invoke(flow: Flow<C>, link: Record<string, unknown>): Attempt<C> {
    const object = this.#verdicts.workload.objectOf(flow.call);
    if (object !== null) {
      const under = (this.#underWay.get(object) ?? 0) + 1;
      this.#underWay.set(object, under);
      if (under === 2) this.#overlaps++;
    }
    const isAnew = !this.#options.rules.keys && link !== flow.link;
    const call = isAnew
      ? this.#plan.anew(flow.call, flow.attempts + ('duplicateOf' in link ? 1 : 0))
      : flow.call;
    const parts = call === flow.call ? flow.parts : this.#options.partsOf(call);
    const operation = this.#verdicts.sent(flow.actor, call, parts, link);
    const isOwn = !this.#options.rules.keys || this.#plan.isLook(call);
    const tried = this.#verdicts.errors.tried({
      operation: call.operation,
      request: isOwn ? null : JSON.stringify(call),
      first: isOwn || (link === flow.link && !flow.isRepeat),
    });
    return { operation, parts, tried };
  }

  /** One attempt; null when no answer came. */
  async #request(
    flow: Flow<C>,
    attempt: Attempt<C>,
    drawn: WireFaults,
    barrier: Barrier | null,
  ): Promise<Reply | null> {
    const { wire, jars, disturbance, isOver, rules, recordsRequests } = this.#options;
    const { operation } = attempt;
    const { call } = operation;
    // A request that is cut short too: some services take what they have of it for the whole.
    const loses = drawn.cut !== null;
    const mayLose = loses && this.#plan.mayLose(call);
    const faults = loses && !mayLose ? { ...drawn, cut: null } : drawn;
    if (mayLose) this.#plan.losing(call, 1);
    this.#announce(flow, operation, faults);
    const { interruptions } = disturbance;
    const performing = new Performance({
      ...{ wire, jars, faults, barrier, operation: call.operation, isLook: this.#plan.isLook(call) },
      ...{ overtaking: this.#overtaking, deadlineMs: ANSWER_LIMIT_MS, namedRaced: this.#namedRaced },
      log: wireLogOf(this.#verdicts, operation, recordsRequests),
    });
    const outcome = await this.#performed(flow, call, performing);
    performing.over();
    this.#left(call);
    if (mayLose) this.#plan.losing(call, -1);
    if (isOver() || outcome === null) return null;
    if (outcome instanceof Unanswered) {
      const isNobodyHome = !outcome.whole && faults.cut === null;
      if (isNobodyHome) await delay(NOBODY_HOME_MS);
      // The service had it cut to pieces by us, or was killed meanwhile.
      const explained = faults.splitMs !== null || disturbance.explains(interruptions);
      this.#lost(flow, attempt, outcome, { mayHaveHappened: performing.mayHaveHappened, explained });
      if (outcome.isLate && disturbance.interruptions === interruptions) {
        this.#verdicts.neverAnswered(operation, outcome.message, ANSWER_LIMIT_MS);
      }
      return null;
    }
    const explained = disturbance.explains(interruptions);
    const reply = this.#answered(flow, attempt, outcome, { status: performing.status, explained });
    if (!rules.keys && !isOver()) this.#verdicts.checker.forget(attempt.parts);
    return reply;
  }

  /** What the service said, or that it said nothing; null when the API's own code failed, with which the run is over. */
  async #performed(
    flow: Flow<C>,
    call: C,
    { send }: Performance,
  ): Promise<Reply | Breach | Unanswered | null> {
    try {
      return await this.#options.api.perform({ ...call, citizen: flow.actor }, send);
    } catch (error) {
      if (error instanceof Unanswered) return error;
      if (!this.#options.isOver()) this.#options.onBroken(error);
      return null;
    }
  }

  #left(call: C): void {
    const object = this.#verdicts.workload.objectOf(call);
    if (object !== null) this.#underWay.set(object, (this.#underWay.get(object) ?? 1) - 1);
  }

  #announce(flow: Flow<C>, operation: Operation<C>, faults: WireFaults): void {
    const { delayMs, splitMs, splitAt, overtakenBy, cut, cutAt } = faults;
    if (delayMs !== null) this.#strike(flow, operation, 'delay', { delayMs: rounded(delayMs) });
    if (splitMs !== null) {
      const parts = { betweenPiecesMs: rounded(splitMs), bodyInFirst: rounded(splitAt) };
      this.#strike(flow, operation, 'delay', parts);
    }
    if (overtakenBy !== null) this.#strike(flow, operation, 'reorder', { overtakenBy });
    if (cut === 'request') this.#strike(flow, operation, 'drop-request', { sent: rounded(cutAt) });
    else if (cut !== null) {
      const when = cut === 'sent' ? { afterMs: rounded(cutAt) } : {};
      this.#strike(flow, operation, 'drop-response', { cut, ...when });
    }
  }

  #strike(flow: Flow<C>, operation: Operation<C>, name: FaultName, data: Record<string, unknown>): void {
    this.#verdicts.strike(name, flow.call, { op: operation.id, ...data });
    this.#options.onStruck(muteName(flow.n, flow.attempts - 1, name));
  }

  #answered(
    flow: Flow<C>,
    attempt: Attempt<C>,
    reply: Reply | Breach,
    { status, explained }: { status: number | null; explained: boolean },
  ): Reply | null {
    const { operation, parts, tried } = attempt;
    if (reply.outcome === 'breach') {
      this.#verdicts.breached(operation, reply);
      return null;
    }
    if (reply.outcome === 'failed') {
      const error = new Unanswered(reply.error, { status: Math.max(500, status ?? 500) });
      this.#lost(flow, attempt, error, { mayHaveHappened: true, explained });
      return null;
    }
    this.#verdicts.errors.answered(tried, reply.outcome);
    this.#verdicts.completed(operation, parts, reply);
    const isRetry = flow.attempts > 1;
    this.#plan.answered(operation.call, reply, { isRetry, isRepeat: flow.isRepeat, status });
    return reply;
  }

  #lost(
    flow: Flow<C>,
    { operation, parts, tried }: Attempt<C>,
    { message, status }: Unanswered,
    { mayHaveHappened, explained }: { mayHaveHappened: boolean; explained: boolean },
  ): void {
    const { call } = operation;
    // A look that nobody saw changes nothing, so it may be forgotten like a request that never arrived.
    const canHappen = mayHaveHappened && !this.#plan.isLook(call);
    this.#verdicts.unanswered(operation, parts, message, canHappen);
    if (canHappen) this.#plan.lost(call);
    flow.lastCause = message;
    if (status === null || this.#options.isOver()) return;
    this.#verdicts.failedInside(operation, tried, { error: message, status, explained });
  }
}
