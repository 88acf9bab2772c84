/**
 * The attack on a live service: requests in real time over real connections, with faults on the wire, every
 * answer checked when it comes. The seed decides the plan; the interleaving is the world's.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { RunConfig } from '../../../server/contract/index.ts';
import { faultRates } from '../../faults/profiles.ts';
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import { numbered } from '../../scenarios/bookings/calls.ts';
import type { Workload } from '../../scenarios/scenario.ts';
import type { Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import type { BookingApi } from '../../targets/http/api.ts';
import type { WireFaultInjector } from '../../targets/http/faults.ts';
import { Barrier, type Wire } from '../../targets/http/wire.ts';
import type { Trace } from '../trace.ts';
import { CityKnowledge } from './city-knowledge.ts';
import { Client, type Flow, objectOf } from './client.ts';
import type { Disturbance } from './disturbance.ts';
import { GroupCursor, numberOf } from './group-cursor.ts';
import { KeyMemory } from './key-memory.ts';
import { Lanes } from './lanes.ts';
import type { LiveVerdicts } from './live-verdicts.ts';
import { CityPlan } from './plan.ts';
import { type Group, list, type Planned, read } from './planned.ts';

/** Slots that are read when the city is quiet, at most. */
const QUIET_READS = 24;
/** Slots that are looked at when the service is back, at most. */
const LOOKED_AT_AFTER_RESTART = 3;
/** This share of the groups leaves at one instant, as exactly as that can be done. */
const TOGETHER_SHARE = 0.7;
/** A reduced run that begins its groups one after the other has this variant. */
export const ONE_BY_ONE = 1;

export interface LiveRunOptions {
  seed: number;
  config: RunConfig;
  workload: Workload<BookingCall>;
  api: BookingApi;
  wire: Wire;
  faults: WireFaultInjector;
  verdicts: LiveVerdicts;
  disturbance: Disturbance;
  /** Operations after which nothing further begins, when that is less than the plan has. */
  mostOperations: number | null;
  /** Filled with what the run did. */
  trace: Trace;
  /** True once the run is to end without a verdict. */
  isStopped: () => boolean;
  /** The API's own code failed; afterwards `isStopped` is true. */
  onBroken: (error: unknown) => void;
}

/** A group under way: its number in the plan, and how far it has come. */
interface Running {
  readonly g: number;
  readonly wave: number;
  readonly intensity: number;
  readonly group: Group;
}

export class LiveRun {
  readonly #options: LiveRunOptions;
  readonly #verdicts: LiveVerdicts;
  readonly #knowledge: CityKnowledge;
  readonly #plan: CityPlan;
  readonly #client: Client;
  readonly #keys: KeyMemory;
  readonly #lanes: Lanes;
  readonly #cursor: GroupCursor;
  readonly #queue: Running[] = [];
  readonly #touched = new Set<string>();
  #planned = 0;
  #limit: number;
  #underWay = 0;
  #isBack = false;
  #repeatsOfCancelled = 0;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    const { seed, config, workload, verdicts, disturbance } = options;
    this.#verdicts = verdicts;
    this.#knowledge = new CityKnowledge(workload.world as BookingWorld);
    this.#plan = new CityPlan({
      ...{ seed, config, knowledge: this.#knowledge },
      burstRate: faultRates(config).burst ?? 0,
      kills: disturbance.kills,
      isGivenUp: (slot) => verdicts.isGivenUp(slot),
    });
    this.#client = new Client({
      ...options,
      knowledge: this.#knowledge,
      isOver: () => this.#isOver(),
      onStruck: (fault) => options.trace.struck.push(fault),
    });
    this.#keys = new KeyMemory(
      (parts) => verdicts.checker.forget(parts),
      (call) => this.#knowledge.mayRepeat(call),
    );
    this.#lanes = new Lanes(config.concurrency);
    this.#cursor = new GroupCursor(config.reduction?.operations ?? null);
    this.#limit = Math.min(config.operations, options.mostOperations ?? config.operations);
    verdicts.onFailure(() => this.wake());
    disturbance.onUp(() => {
      this.#isBack = true;
      this.wake();
    });
  }

  /** Operations planned so far. */
  get planned(): number {
    return this.#planned;
  }

  get sometimes(): Record<string, number> {
    return {
      ...this.#client.sometimes,
      'an old request came again after its booking was cancelled': this.#repeatsOfCancelled,
    };
  }

  /** Makes the attack look at once whether it is over. */
  wake(): void {
    this.#lanes.wake();
    this.#client.wake();
  }

  /** Begins groups until the plan is used up, the time is over, or the run has its verdict. */
  async attack(): Promise<void> {
    const { config, disturbance } = this.#options;
    let place = null;
    for (let g = this.#cursor.next(); g !== null && !this.#isOver(); g = this.#cursor.next()) {
      if (place === null || g >= place.ends) {
        if (place !== null && !this.#cursor.isReduced) await this.#quietReads();
        place = this.#plan.placeOf(g);
        this.#verdicts.note('phase', { phase: place.phase.name, operation: this.#planned });
        disturbance.plan(place, this.#cursor.isReduced ? place.begins : g);
      }
      await this.#begin({ g, wave: 0, intensity: place.phase.intensity, group: this.#plan.group(g) });
      disturbance.strikeIfDue(g);
      await this.#beginQueued();
      if (this.#cursor.isReduced && config.reduction?.variant === ONE_BY_ONE) await this.#drain();
      const pressure = this.#verdicts.recorder.takePressure();
      if (pressure) await pressure;
      if (this.#planned >= this.#limit || this.#isLate()) break;
    }
    await this.#drain();
  }

  /** No fault strikes any more; the city is looked at as a whole, and every request has to be answered. */
  async settle(): Promise<void> {
    const { verdicts, disturbance, faults } = this.#options;
    await disturbance.heal();
    if (this.#isOver()) return;
    faults.heal();
    verdicts.heal();
    const slots = this.#knowledge.slots.filter((slot) => !this.#verdicts.isGivenUp(slot));
    const veterans = slots.flatMap((slot) => this.#veteran(slot, 'release'));
    const waves = [this.#probes(), veterans, [list()], slots.map((slot) => read(slot)), [list()]];
    for (const wave of waves) {
      for (const planned of wave) {
        await this.#lanes.room(1, () => this.#isOver());
        if (this.#isOver()) return;
        this.#send(planned);
      }
      await this.#lanes.rest(() => this.#isOver());
    }
  }

  /** One more booking in each slot that was used: is it decided as it should be? */
  #probes(): Planned[] {
    const { seed, config } = this.#options;
    const prng = new Prng(seed, 'chaos', -1);
    return [...this.#touched].slice(0, QUIET_READS).map((slot, i): Planned => {
      const citizen = numbered('citizen', 1 + prng.below(config.citizens));
      return { actor: citizen, call: { operation: 'book', slot, citizen, key: `probe-${i}` } };
    });
  }

  #isOver(): boolean {
    return this.#verdicts.failure !== null || this.#options.isStopped();
  }

  #isLate(): boolean {
    const { durationSeconds } = this.#options.config;
    return durationSeconds !== null && this.#verdicts.now >= durationSeconds * 1_000;
  }

  /** Begins what has become due meanwhile. */
  async #beginQueued(): Promise<void> {
    for (;;) {
      if (this.#isBack) this.#lookAfterRestart();
      const running = this.#queue.shift();
      if (!running || this.#isOver()) return;
      await this.#begin(running);
    }
  }

  /** Resolves once every group has come to its end. */
  async #drain(): Promise<void> {
    while (!this.#isOver()) {
      await this.#beginQueued();
      // Something may have been queued, or have failed, since that looked: nobody would wake this then.
      if (this.#queue.length > 0 || this.#isOver()) continue;
      if (this.#underWay === 0) return;
      await this.#lanes.change();
    }
    await this.#lanes.rest(() => this.#isOver());
  }

  #lookAfterRestart(): void {
    this.#isBack = false;
    for (const slot of [...this.#touched].slice(-LOOKED_AT_AFTER_RESTART)) {
      const g = this.#cursor.extra();
      if (g !== null && !this.#verdicts.isGivenUp(slot)) {
        this.#queue.push({ g, wave: 0, intensity: 0, group: this.#plan.afterRestart(g, slot) });
      }
    }
  }

  async #pace(): Promise<void> {
    const { rate } = this.#options.config;
    if (rate === null) return;
    while (!this.#isOver()) {
      const aheadMs = (this.#planned / rate) * 1_000 - this.#verdicts.now;
      if (aheadMs < 1) return;
      await delay(Math.min(aheadMs, 50));
    }
  }

  /** Sends a group off at one instant, as soon as there is room for all of it. */
  async #begin(running: Running): Promise<void> {
    const { concurrency } = this.#options.config;
    const { requests } = running.group;
    const over: Promise<Reply | null>[] = [];
    this.#underWay++;
    for (let from = 0; from < requests.length; from += concurrency) {
      await this.#pace();
      await this.#options.disturbance.up();
      await this.#lanes.room(Math.min(concurrency, requests.length - from), () => this.#isOver());
      if (this.#isOver()) break;
      const wave = requests.slice(from, from + concurrency);
      const prng = new Prng(this.#options.seed, 'retry', running.g, running.wave + 1);
      // What is left of a reduced run is there because it has to meet.
      const isTogether = this.#cursor.isReduced || prng.chance(TOGETHER_SHARE);
      const barrier = wave.length > 1 && isTogether ? new Barrier() : null;
      for (const [i, planned] of wave.entries()) {
        const started = this.#start(planned, running, from + i, barrier);
        if (started) over.push(started);
        else over.push(Promise.resolve(null));
      }
      if (barrier) await opened(barrier);
    }
    void Promise.all(over).then((replies) => {
      this.#underWay--;
      const group = this.#isOver() ? null : (running.group.next?.(replies) ?? null);
      if (group) this.#queue.push({ ...running, wave: running.wave + 1, group });
      this.#lanes.wake();
    });
  }

  /** Null for a request that a reduction leaves out, or whose key may not be used any more. */
  #start(
    planned: Planned,
    running: Running,
    i: number,
    barrier: Barrier | null,
  ): Promise<Reply | null> | null {
    if (!this.#cursor.keeps(numberOf(running.g, running.wave, i, 0)) || !this.#isAllowed(planned))
      return null;
    this.#lanes.take(1);
    return this.#chain(planned, running, i, barrier).finally(() => this.#lanes.free());
  }

  /** A request, and what the same citizen asks next; resolves with the answer to the first. */
  async #chain(planned: Planned, { g, wave, intensity }: Running, i: number, barrier: Barrier | null) {
    let first: Reply | null = null;
    let next: Planned | null = planned;
    for (let depth = 0; next && !this.#isOver(); depth++) {
      const n = numberOf(g, wave, i, depth);
      if (!this.#cursor.keeps(n) || !this.#isAllowed(next)) break;
      const flow = this.#flow(next, n, intensity);
      if (next.afterMs) await delay(next.afterMs);
      const reply: Reply | null = await this.#carry(
        flow,
        next,
        depth === 0 && !next.afterMs ? barrier : null,
      );
      if (depth === 0) first = reply;
      next = next.andThen?.(reply) ?? null;
    }
    return first;
  }

  /** Not what the API does not have. A key that is forgotten is not used again: what the service should answer is no longer known. */
  #isAllowed({ call, key }: Planned): boolean {
    if (!this.#options.api.offers(call.operation)) return false;
    if (call.operation !== 'book') return true;
    return (key !== 'repeat' && key !== 'release') || this.#keys.knows(call);
  }

  /** One that is not the plan's own, at once. */
  #send(planned: Planned): void {
    if (!this.#isAllowed(planned)) return;
    this.#lanes.take(1);
    void this.#carry(this.#flow(planned, -1, 0), planned, null).finally(() => this.#lanes.free());
  }

  #flow({ actor, call, key, ...planned }: Planned, n: number, intensity: number): Flow {
    this.#planned++;
    const parts = this.#options.workload
      .parts(call)
      .filter(({ object }) => !this.#verdicts.isGivenUp(object));
    if (call.operation === 'book') {
      this.#keys.used(call, parts);
      if (key === 'keep' || key === 'maybe') this.#knowledge.keep(call, key === 'keep');
      if (key === 'release') this.#knowledge.release(call);
    }
    if (call.operation !== 'list' && parts.length > 0) this.#touched.add(call.slot);
    if (n >= 0) this.#options.trace.begun.push({ n, actor, object: objectOf(call) });
    const link = key === 'repeat' || key === 'release' ? { repeat: true } : {};
    const begunMs = this.#verdicts.now;
    const { hangUpAfterMs = null } = planned;
    const known = { n, actor, call, parts, intensity, link, begunMs, hangUpAfterMs };
    return { ...known, attempts: 0, lastCause: '' };
  }

  async #carry(flow: Flow, planned: Planned, barrier: Barrier | null): Promise<Reply | null> {
    const reply = await this.#client.carry(flow, barrier);
    if (planned.key === 'repeat' || planned.key === 'release') this.#noteRepeated(reply);
    if (flow.call.operation === 'book') this.#keys.done(flow.call, this.#planned);
    this.#keys.sweep(this.#planned);
    return reply;
  }

  #noteRepeated(reply: Reply | null): void {
    if (reply?.outcome !== 'ok' || !this.#knowledge.isOver(String(reply.value['booking']))) return;
    this.#repeatsOfCancelled++;
  }

  #veteran(slot: string, key: 'repeat' | 'release'): Planned[] {
    const call = this.#knowledge.veteran(slot);
    return call ? [{ actor: call.citizen, call, key }] : [];
  }

  /** Waits until nothing is under way and looks at what the citizens went for. */
  async #quietReads(): Promise<void> {
    const isOver = () => this.#isOver();
    await this.#drain();
    const slots = [...this.#touched].filter((slot) => !this.#verdicts.isGivenUp(slot)).slice(-QUIET_READS);
    this.#touched.clear();
    const veterans = slots.flatMap((slot) => this.#veteran(slot, 'repeat'));
    for (const planned of [...veterans, ...slots.map((slot) => read(slot)), list()]) {
      await this.#options.disturbance.up();
      await this.#lanes.room(1, isOver);
      if (isOver()) return;
      this.#send(planned);
    }
    await this.#lanes.rest(isOver);
  }
}

/** Opens the barrier once the requests that were begun in this turn are on their connections. */
async function opened(barrier: Barrier): Promise<void> {
  await nextTurn();
  await nextTurn();
  barrier.open();
}
