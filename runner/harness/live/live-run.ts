/**
 * The attack on a live service: requests in real time over real connections, with faults on the wire, every
 * answer checked when it comes. The seed decides the plan; the interleaving is the world's.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunConfig } from '../../../server/contract/index.ts';
import { faultRates } from '../../faults/profiles.ts';
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import type { ModelPart, Operation, Play, Reply } from '../../scenarios/scenario.ts';
import { Prng } from '../../sim/prng.ts';
import { replyOf, requestOf } from '../../targets/http/contract.ts';
import { NO_FAULTS, type WireFaultPlan, type WireFaults } from '../../targets/http/faults.ts';
import type { Exchange, Wire } from '../../targets/http/wire.ts';
import { CityKnowledge } from './city-knowledge.ts';
import type { Disturbance } from './disturbance.ts';
import { KeyMemory } from './key-memory.ts';
import { Lanes } from './lanes.ts';
import { CityPlan, type Group, list, type Planned, read } from './plan.ts';
import type { Verdicts } from './verdicts.ts';

/** A citizen waits so long for an answer during the attack, in ms. */
const ATTACK_DEADLINE_MS = 5_000;
/** With all faults healed every request is answered within this, in ms. */
export const LIVENESS_DEADLINE_MS = 10_000;
/** Repeats of a request whose answer stays away. */
const MAX_ATTEMPTS = 6;
/** This share of the lost requests is not repeated: nobody ever learns what became of them. */
const GIVES_UP_SHARE = 0.08;
/** A citizen who finds nobody at home comes back so much later, in ms. */
const NOBODY_HOME_MS = 50;
/** A request that is to be overtaken waits no longer than this for others, in ms. */
const OVERTAKEN_WITHIN_MS = 20;
/** Slots that are read when the city is quiet, at most. */
const QUIET_READS = 24;

/** One planned request with all its attempts. */
export interface Flow {
  readonly n: number;
  readonly actor: string;
  readonly call: BookingCall;
  readonly parts: readonly ModelPart[];
  readonly intensity: number;
  readonly begunMs: number;
  attempts: number;
  /** Why the last attempt had no answer. */
  lastCause: string;
}

export interface LiveRunOptions {
  seed: number;
  config: RunConfig;
  play: Play<BookingCall>;
  wire: Wire;
  faults: WireFaultPlan;
  verdicts: Verdicts;
  disturbance: Disturbance;
  /** True once the run is to end without a verdict. */
  isStopped: () => boolean;
}

export class LiveRun {
  readonly #options: LiveRunOptions;
  readonly #verdicts: Verdicts;
  readonly #knowledge: CityKnowledge;
  readonly #plan: CityPlan;
  readonly #keys: KeyMemory;
  readonly #lanes: Lanes;
  readonly #queue: Group[] = [];
  readonly #touched = new Set<string>();
  /** Requests held back until others have left. */
  #heldBack: { count: number; go: () => void }[] = [];
  #planned = 0;
  #limit: number;
  #timeouts = 0;
  readonly sometimes = {
    'an old request came again after its booking was cancelled': 0,
    'an answer was lost and the request had happened': 0,
    'requests overlapped on one slot': 0,
  };
  readonly #underWay = new Map<string, number>();

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.#verdicts = options.verdicts;
    const { seed, config, play } = options;
    this.#knowledge = new CityKnowledge(play.world as BookingWorld);
    this.#plan = new CityPlan(seed, config, this.#knowledge, faultRates(config).burst ?? 0, (slot) =>
      this.#verdicts.isGivenUp(slot),
    );
    this.#keys = new KeyMemory(
      (parts) => this.#verdicts.history.forget(parts),
      (call) => this.#knowledge.mayRepeat(call),
    );
    this.#lanes = new Lanes(config.concurrency);
    this.#limit = config.operations;
    options.verdicts.onFailure(() => this.wake());
    options.disturbance.onUp(() => this.wake());
  }

  /** Operations planned so far. */
  get planned(): number {
    return this.#planned;
  }

  /** Makes the attack look at once whether it is over. */
  wake(): void {
    this.#lanes.wake();
    for (const held of this.#heldBack.splice(0)) held.go();
  }

  /** Begins operations until the plan is used up, the time is over, or the run has its verdict. */
  async attack(): Promise<void> {
    const { config, disturbance } = this.#options;
    let place = this.#plan.placeOf(0);
    this.#beginPhase(place.phase.name);
    disturbance.plan(place, this.#planned);
    while (this.#planned < this.#limit && !this.#isOver()) {
      if (this.#planned >= place.ends) {
        await this.#quietReads();
        place = this.#plan.placeOf(this.#planned);
        this.#beginPhase(place.phase.name);
        disturbance.plan(place, this.#planned);
      }
      const group = this.#queue.shift() ?? this.#plan.group(this.#planned);
      await this.#begin(group, place.phase.intensity);
      disturbance.strikeIfDue(this.#planned);
      const pressure = this.#verdicts.recorder.takePressure();
      if (pressure) await pressure;
      if (config.rate !== null) await this.#pace(config.rate);
      const isLate = config.durationSeconds !== null && this.#verdicts.now >= config.durationSeconds * 1_000;
      // Many requests without an answer: whether that is the service's fault shows only without faults.
      if (isLate || this.#timeouts >= 2 * config.concurrency) this.#limit = this.#planned;
    }
    await this.#lanes.rest(() => this.#isOver());
  }

  /** No fault strikes any more; the city is looked at as a whole, and every request has to be answered. */
  async settle(): Promise<void> {
    const { verdicts, disturbance, faults } = this.#options;
    await disturbance.heal();
    if (this.#isOver()) return;
    faults.heal();
    verdicts.heal();
    this.#queue.length = 0;
    const slots = this.#knowledge.slots.filter((slot) => !this.#verdicts.isGivenUp(slot));
    const prober = new Prng(this.#options.seed, 'chaos', -1);
    const probes = [...this.#touched].slice(0, QUIET_READS).map((slot, i): Planned => {
      const citizen = `citizen-${String(1 + prober.below(this.#options.config.citizens)).padStart(3, '0')}`;
      return { actor: citizen, call: { operation: 'book', slot, citizen, key: `probe-${i}` } };
    });
    for (const wave of [probes, [list()], slots.map((slot) => read(slot)), [list()]]) {
      for (const planned of wave) {
        await this.#lanes.room(1, () => this.#isOver());
        if (this.#isOver()) return;
        this.#lanes.take(1);
        void this.#follow(this.#flow(planned, 0), planned).finally(() => this.#lanes.free());
      }
      await this.#lanes.rest(() => this.#isOver());
    }
  }

  #isOver(): boolean {
    return this.#verdicts.failure !== null || this.#options.isStopped();
  }

  #beginPhase(name: string): void {
    this.#verdicts.note('phase', { phase: name, operation: this.#planned });
  }

  async #pace(rate: number): Promise<void> {
    while (!this.#isOver()) {
      const aheadMs = (this.#planned / rate) * 1_000 - this.#verdicts.now;
      if (aheadMs < 1) return;
      await delay(Math.min(aheadMs, 50));
    }
  }

  /** Sends a group off at one instant, as soon as there is room for all of it. */
  async #begin(group: Group, intensity: number): Promise<void> {
    const { concurrency } = this.#options.config;
    const { requests } = group;
    const over: Promise<Reply | null>[] = [];
    for (let from = 0; from < requests.length; from += concurrency) {
      const wave = requests.slice(from, from + concurrency);
      await this.#options.disturbance.up();
      await this.#lanes.room(wave.length, () => this.#isOver());
      if (this.#isOver()) return;
      // Asked only now: while this group waited for room, a key may have been forgotten.
      const allowed = wave.filter((planned) => this.#isAllowed(planned));
      this.#lanes.take(allowed.length);
      for (const planned of allowed) {
        const flow = this.#flow(planned, intensity);
        over.push(this.#follow(flow, planned).finally(() => this.#lanes.free()));
      }
    }
    void Promise.all(over).then((replies) => {
      const next = group.next?.(replies);
      if (next) this.#queue.push(next);
    });
  }

  /** A key that is forgotten is not used again: what the service should answer is no longer known. */
  #isAllowed({ call, key }: Planned): boolean {
    if (call.operation !== 'book') return true;
    return (key !== 'repeat' && key !== 'release') || this.#keys.knows(call);
  }

  #flow({ actor, call, key }: Planned, intensity: number): Flow {
    const n = this.#planned++;
    const parts = this.#options.play.parts(call).filter(({ object }) => !this.#verdicts.isGivenUp(object));
    if (call.operation === 'book') {
      this.#keys.used(call, parts);
      if (key === 'keep' || key === 'maybe') this.#knowledge.keep(call, key === 'keep');
      if (key === 'release') this.#knowledge.release(call);
    }
    if (call.operation !== 'list' && parts.length > 0) this.#touched.add(call.slot);
    return { n, actor, call, parts, intensity, begunMs: this.#verdicts.now, attempts: 0, lastCause: '' };
  }

  /** One planned request to its end, with its repeats; resolves with the answer that the citizen got. */
  async #follow(flow: Flow, planned: Planned): Promise<Reply | null> {
    const prng = new Prng(this.#options.seed, 'retry', flow.n);
    const doubles: Promise<unknown>[] = [];
    let reply: Reply | null = null;
    let last: number | null = null;
    while (!this.#isOver()) {
      const faults = this.#options.faults.draw(flow.n, flow.attempts++, flow.intensity);
      const link = last === null ? repeatLink(planned) : { retryOf: last };
      const attempt = this.#invoke(flow, link);
      last = attempt.id;
      if (faults.duplicateAfterMs !== null) doubles.push(this.#duplicate(flow, attempt, faults));
      reply = await this.#request(flow, attempt, faults);
      if (reply !== null || this.#isOver() || this.#givesUp(flow, attempt, prng)) break;
      this.#verdicts.counters.retries++;
      await delay(this.#pauseMs(prng));
      await this.#options.disturbance.up();
    }
    if (planned.followedBy && !this.#isOver()) {
      await this.#follow(this.#flow(planned.followedBy, flow.intensity), planned.followedBy);
    }
    await Promise.all(doubles);
    if (planned.key === 'repeat' || planned.key === 'release') this.#noteRepeated(reply);
    if (flow.call.operation === 'book') this.#keys.done(flow.call, this.#planned);
    this.#keys.sweep(this.#planned);
    return reply;
  }

  /** After an answer that stayed away. With all faults healed, a citizen asks until it is the service's fault. */
  #givesUp(flow: Flow, attempt: Operation<BookingCall>, prng: Prng): boolean {
    const { healed, healedMs, now } = this.#verdicts;
    if (healed) {
      const waitedMs = now - Math.max(flow.begunMs, healedMs);
      if (waitedMs < LIVENESS_DEADLINE_MS) return false;
      this.#verdicts.neverAnswered(attempt, flow.lastCause, waitedMs);
      return true;
    }
    if (!this.#options.play.repeats(flow.call) || flow.attempts >= MAX_ATTEMPTS) return true;
    return prng.chance(GIVES_UP_SHARE) && !this.#knowledge.isUncertain(objectOf(flow.call));
  }

  /** Half of the repeats come while the first request may still be under way. */
  #pauseMs(prng: Prng): number {
    if (this.#verdicts.healed) return 50;
    return prng.chance(0.5) ? prng.between(0, 2) : prng.between(2, 30);
  }

  #noteRepeated(reply: Reply | null): void {
    if (reply?.outcome !== 'ok' || !this.#knowledge.isOver(String(reply.value['booking']))) return;
    this.sometimes['an old request came again after its booking was cancelled']++;
  }

  async #duplicate(flow: Flow, attempt: Operation, faults: WireFaults): Promise<void> {
    this.#verdicts.strike('duplicate-request', attempt, {});
    const afterMs = (faults.delayMs ?? 0) + (faults.duplicateAfterMs ?? 0);
    const double = this.#invoke(flow, { duplicateOf: attempt.id });
    if (afterMs > 0) await delay(afterMs);
    await this.#request(flow, double, NO_FAULTS);
  }

  #invoke(flow: Flow, link: Record<string, unknown>): Operation<BookingCall> {
    const object = this.#options.play.objectOf(flow.call);
    if (object !== null) {
      const under = (this.#underWay.get(object) ?? 0) + 1;
      this.#underWay.set(object, under);
      if (under === 2) this.sometimes['requests overlapped on one slot']++;
    }
    return this.#verdicts.invoked(flow.actor, flow.call, flow.parts, link);
  }

  /** One attempt; null when no answer came. */
  async #request(flow: Flow, attempt: Operation<BookingCall>, drawn: WireFaults): Promise<Reply | null> {
    const { call } = flow;
    const loses = drawn.cut !== null && drawn.cut !== 'request';
    const mayLose = loses && this.#knowledge.mayLose(call);
    const faults = loses && !mayLose ? { ...drawn, cut: null } : drawn;
    if (mayLose) this.#knowledge.losing(call, 1);
    this.#announce(attempt, faults);
    if (faults.delayMs !== null) await delay(faults.delayMs);
    if (faults.overtakenBy !== null) await this.#overtaken(faults.overtakenBy);
    this.#letOvertaken();
    const deadlineMs = this.#verdicts.healed ? LIVENESS_DEADLINE_MS : ATTACK_DEADLINE_MS;
    const exchange = await this.#options.wire.exchange(requestOf(call), { ...faults, deadlineMs });
    this.#left(call);
    if (mayLose) this.#knowledge.losing(call, -1);
    if (this.#isOver()) return null;
    if (exchange.kind === 'none' && !exchange.whole && faults.cut === null) await delay(NOBODY_HOME_MS);
    return this.#answered(flow, attempt, exchange);
  }

  #left(call: BookingCall): void {
    const object = this.#options.play.objectOf(call);
    if (object !== null) this.#underWay.set(object, (this.#underWay.get(object) ?? 1) - 1);
  }

  #announce(attempt: Operation, faults: WireFaults): void {
    const { delayMs, splitMs, overtakenBy, cut, cutAt } = faults;
    if (delayMs !== null) this.#verdicts.strike('delay', attempt, { delayMs: rounded(delayMs) });
    if (splitMs !== null) this.#verdicts.strike('delay', attempt, { betweenHeadAndBodyMs: rounded(splitMs) });
    if (overtakenBy !== null) this.#verdicts.strike('reorder', attempt, { overtakenBy });
    if (cut === 'request') this.#verdicts.strike('drop-request', attempt, { sent: rounded(cutAt) });
    else if (cut !== null)
      this.#verdicts.strike('drop-response', attempt, {
        cut,
        ...(cut === 'sent' ? { afterMs: rounded(cutAt) } : {}),
      });
  }

  /** Resolves once so many requests that were begun later have left. */
  #overtaken(count: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(go, OVERTAKEN_WITHIN_MS);
      this.#heldBack.push({ count, go });
    });
  }

  #letOvertaken(): void {
    const due = this.#heldBack.filter((held) => --held.count <= 0);
    if (due.length === 0) return;
    this.#heldBack = this.#heldBack.filter((held) => held.count > 0);
    // After the request that is leaving now.
    for (const held of due) setImmediate(held.go);
  }

  #answered(flow: Flow, attempt: Operation<BookingCall>, exchange: Exchange): Reply | null {
    const { call, parts } = flow;
    if (exchange.kind === 'none') {
      if (exchange.cause.startsWith('no answer within')) this.#timeouts++;
      return this.#lost(flow, attempt, exchange.cause, exchange.whole);
    }
    const reply = replyOf(call, exchange.status, exchange.body);
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

  #lost(flow: Flow, attempt: Operation<BookingCall>, cause: string, whole: boolean): null {
    const { call, parts } = flow;
    // A read that nobody saw changes nothing, so it may be forgotten like a request that never arrived.
    const canHappen = whole && this.#options.play.repeats(call);
    this.#verdicts.unanswered(attempt, parts, cause, canHappen);
    if (canHappen) this.#knowledge.lost(call);
    flow.lastCause = cause;
    return null;
  }

  /** Waits until nothing is under way and reads what the citizens went for. */
  async #quietReads(): Promise<void> {
    const isOver = () => this.#isOver();
    await this.#lanes.rest(isOver);
    const slots = [...this.#touched].filter((slot) => !this.#verdicts.isGivenUp(slot)).slice(-QUIET_READS);
    this.#touched.clear();
    for (const planned of [...slots.map((slot) => read(slot)), list()]) {
      await this.#options.disturbance.up();
      await this.#lanes.room(1, isOver);
      if (isOver()) return;
      this.#lanes.take(1);
      void this.#follow(this.#flow(planned, 0), planned).finally(() => this.#lanes.free());
    }
    await this.#lanes.rest(isOver);
  }
}

function objectOf(call: BookingCall): string | null {
  return call.operation === 'list' ? null : call.slot;
}

function repeatLink({ key }: Planned): Record<string, unknown> {
  return key === 'repeat' || key === 'release' ? { repeat: true } : {};
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
