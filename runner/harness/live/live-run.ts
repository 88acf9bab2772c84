/**
 * The attack on a live service: requests in real time over real connections, with faults on the wire, every
 * answer checked when it comes. The seed decides the plan; the interleaving is the world's.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { RunConfig, ServiceRules } from '../../../server/contract/index.ts';
import type { ModelPart, Workload } from '../../scenarios/workload.ts';
import type { Call, Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import type { HttpApi } from '../../targets/http/api.ts';
import type { CookieJars } from '../../targets/http/cookies.ts';
import type { WireFaultInjector } from '../../targets/http/faults.ts';
import { Barrier, type Wire } from '../../targets/http/wire.ts';
import type { Trace } from '../trace.ts';
import { Client, type Flow } from './client.ts';
import type { Disturbance } from './disturbance.ts';
import { GroupCursor, numberOf } from './group-cursor.ts';
import { KeyMemory } from './key-memory.ts';
import { Lanes } from './lanes.ts';
import type { LivePlan } from './live-plan.ts';
import type { LiveTime } from './live-time.ts';
import type { LiveVerdicts } from './live-verdicts.ts';
import { PassingTime } from './passing-time.ts';
import { type Group, inTurn, type Planned } from './planned.ts';

/** Objects that are looked at when the city is quiet, at most. */
const QUIET_LOOKS = 24;
/** Objects that are looked at when the service is back, at most. */
const LOOKED_AT_AFTER_RESTART = 3;
/** This share of the groups leaves at one instant, as exactly as that can be done. */
const TOGETHER_SHARE = 0.7;
/** The last repeats come when this share of a key's promised life is over. */
const LATE_SHARE = 0.95;
/** Longer than this, in ms, a run does not wait for its last requests to grow old. */
const LONGEST_WAIT_MS = 60_000;
/** So much longer than reads may lag a run waits before its last looks, in ms. */
const LAG_MARGIN_MS = 100;
/** Who waits for an instant looks so often whether the run is over, in ms. */
const LOOK_EVERY_MS = 50;
/** A reduced run that begins its groups one after the other has this variant. */
export const ONE_BY_ONE = 1;

export interface LiveRunOptions<C extends Call> {
  seed: number;
  config: RunConfig;
  rules: Readonly<ServiceRules>;
  workload: Workload<C>;
  plan: LivePlan<C>;
  api: HttpApi;
  wire: Wire;
  jars: CookieJars;
  faults: WireFaultInjector;
  verdicts: LiveVerdicts<C>;
  time: LiveTime;
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
interface Running<C extends Call> {
  readonly g: number;
  readonly wave: number;
  readonly intensity: number;
  readonly group: Group<C>;
}

export class LiveRun<C extends Call = Call> {
  readonly #options: LiveRunOptions<C>;
  readonly #verdicts: LiveVerdicts<C>;
  readonly #plan: LivePlan<C>;
  readonly #client: Client<C>;
  readonly #keys: KeyMemory;
  readonly #lanes: Lanes;
  readonly #cursor: GroupCursor;
  readonly #passing: PassingTime;
  readonly #queue: Running<C>[] = [];
  readonly #touched = new Set<string>();
  #planned = 0;
  #limit: number;
  #underWay = 0;
  #isBack = false;
  #attackedMs = 0;

  constructor(options: LiveRunOptions<C>) {
    this.#options = options;
    const { config, verdicts, disturbance, plan, rules } = options;
    this.#verdicts = verdicts;
    this.#plan = plan;
    this.#client = new Client({
      ...options,
      partsOf: (call) => this.#partsOf(call),
      isOver: () => this.#isOver(),
      recordsRequests: config.record === 'requests',
      onStruck: (fault) => options.trace.struck.push(fault),
    });
    this.#keys = new KeyMemory({
      rules,
      now: () => verdicts.now,
      forget: (parts) => verdicts.checker.forget(parts),
      mayRepeat: (call) => plan.mayRepeat(call as C),
    });
    this.#lanes = new Lanes(config.concurrency);
    this.#cursor = new GroupCursor(config.reduction?.operations ?? null);
    this.#passing = new PassingTime({
      ...options,
      muted: config.reduction?.muted,
      rest: (forMs) => this.#restUntil(verdicts.now + forMs),
    });
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

  /** The oldest request that was repeated; null: there was none. */
  get keysRepeated(): { oldestMs: number; oldestKeys: number } | null {
    const { oldestMs, oldestKeys } = this.#keys.repeated;
    return oldestMs === 0 ? null : { oldestMs: Math.round(oldestMs), oldestKeys };
  }

  get notTested(): string[] {
    return this.#plan.notTested?.() ?? [];
  }

  get sometimes(): Record<string, number> {
    return { 'requests overlapped on one object': this.#client.overlaps, ...this.#plan.sometimes() };
  }

  /** Makes the attack look at once whether it is over. */
  wake(): void {
    this.#lanes.wake();
    this.#client.wake();
  }

  /** Begins groups until the plan is used up, the time is over, or the run has its verdict. */
  async attack(): Promise<void> {
    const { config, disturbance } = this.#options;
    this.#attackedMs = this.#verdicts.now;
    let place = null;
    for (let g = this.#cursor.next(); g !== null && !this.#isOver(); g = this.#cursor.next()) {
      if (place === null || g >= place.ends) {
        if (place !== null && !this.#cursor.isReduced) await this.#quietLooks();
        place = this.#plan.placeOf(g);
        this.#verdicts.note('phase', { phase: place.phase.name, operation: this.#planned });
        disturbance.plan(place, this.#cursor.isReduced ? place.begins : g);
      }
      await this.#passing.before(g);
      await this.#begin({ g, wave: 0, intensity: place.phase.intensity, group: this.#plan.group(g) });
      disturbance.strikeIfDue(g);
      await this.#beginQueued();
      if (this.#cursor.isReduced && config.reduction?.variant === ONE_BY_ONE) await this.#drain();
      const pressure = this.#verdicts.recorder.takePressure();
      if (pressure) await pressure;
      if (this.#planned >= this.#limit || this.#isLate()) break;
    }
    await this.#drain();
    if (!this.#cursor.isReduced) await this.#repeatLate();
  }

  /**
   * Where a service promises to know keys for some time, or among so many, requests come again just before that is
   * over. Waits for it, at most a minute.
   */
  async #repeatLate(): Promise<void> {
    const { keys, keyTtl } = this.#options.rules;
    if (!keys || keyTtl === null || this.#isOver()) return;
    const untilMs = this.#verdicts.now + LONGEST_WAIT_MS;
    const isOver = () => this.#isOver() || this.#verdicts.now > untilMs;
    if ('keys' in keyTtl) {
      await this.#run(this.#plan.elder?.(this.#cursor.extra()));
      const newerThan = ({ call }: Planned<C>) => this.#keys.newerThan(call);
      const [elder] = this.#elders().toSorted((one, other) => newerThan(one) - newerThan(other));
      while (elder && !isOver() && this.#keys.newerThan(elder.call) < keyTtl.keys * LATE_SHARE) {
        await this.#run(this.#plan.bustle?.(this.#cursor.extra()));
      }
      if (elder && !this.#isOver()) await this.#sendAll([elder]);
      return;
    }
    if (this.#elders().length === 0) await this.#run(this.#plan.elder?.(this.#cursor.extra()));
    const elders = this.#elders();
    const ageMs = Math.max(0, ...elders.map(({ call }) => this.#keys.ageMs(call)));
    const dueMs = this.#verdicts.now + keyTtl.seconds * 1_000 * LATE_SHARE - ageMs;
    await this.#restUntil(Math.min(dueMs, untilMs));
    await this.#sendAll(elders);
  }

  /** Old requests that the service still has to know. */
  #elders(): Planned<C>[] {
    return (this.#plan.elders?.() ?? []).filter((planned) => this.#isAllowed(planned));
  }

  /** A group to its end; nothing for none. */
  async #run(group: Group<C> | null | undefined): Promise<void> {
    if (!group) return;
    await this.#begin({ g: this.#cursor.extra(), wave: 0, intensity: 0, group });
    await this.#drain();
  }

  /** No fault strikes any more; the city is looked at as a whole, and every request has to be answered. */
  async settle(): Promise<void> {
    const { verdicts, disturbance, faults } = this.#options;
    await disturbance.heal();
    if (this.#isOver()) return;
    faults.heal();
    verdicts.heal();
    for (const wave of this.#plan.finalWaves([...this.#touched])) {
      if (wave.every(({ call }) => this.#plan.isLook(call))) await this.#restUntilReadsAreStrong();
      await this.#passing.pastAll();
      if (!(await this.#sendAll(wave))) return;
    }
    // What those waves made known runs out as well, before all is shown.
    await this.#passing.pastAll();
  }

  /** Where reads may lag behind, the last looks come when none can any more, and are judged as strong ones. */
  async #restUntilReadsAreStrong(): Promise<void> {
    const { rules, workload } = this.#options;
    const lagMs = Math.max(rules.reads.read.staleMs, rules.reads.list.staleMs);
    if (lagMs === 0) return;
    await this.#restUntil(this.#verdicts.now + lagMs + LAG_MARGIN_MS);
    workload.readsMayLag?.(false);
  }

  /** Resolves at this instant of the run, in ms since its start, or when the run is over. */
  async #restUntil(ms: number): Promise<void> {
    while (this.#verdicts.now < ms && !this.#isOver()) {
      await delay(Math.min(LOOK_EVERY_MS, ms - this.#verdicts.now + 1));
    }
  }

  #isOver(): boolean {
    return this.#verdicts.failure !== null || this.#options.isStopped();
  }

  #isLate(): boolean {
    const { durationSeconds } = this.#options.config;
    return durationSeconds !== null && this.#verdicts.now - this.#attackedMs >= durationSeconds * 1_000;
  }

  /** Sends these, as many at once as may be; false when the run was over before all were answered. */
  async #sendAll(requests: readonly Planned<C>[]): Promise<boolean> {
    const isOver = () => this.#isOver();
    for (const planned of requests) {
      await this.#options.disturbance.up();
      await this.#lanes.room(1, isOver);
      if (isOver()) return false;
      this.#send(planned);
    }
    await this.#lanes.rest(isOver);
    return !isOver();
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
    for (const object of [...this.#touched].slice(-LOOKED_AT_AFTER_RESTART)) {
      const g = this.#cursor.extra();
      if (this.#verdicts.isGivenUp(object)) continue;
      const group = this.#plan.afterRestart(g, object);
      if (group) this.#queue.push({ g, wave: 0, intensity: 0, group });
    }
  }

  async #pace(): Promise<void> {
    const { rate } = this.#options.config;
    if (rate === null) return;
    while (!this.#isOver()) {
      const aheadMs = (this.#planned / rate) * 1_000 - (this.#verdicts.now - this.#attackedMs);
      if (aheadMs < 1) return;
      await delay(Math.min(aheadMs, 50));
    }
  }

  /** Sends a group off at one instant, as soon as there is room for all of it. */
  async #begin(running: Running<C>): Promise<void> {
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
      const barrier = this.#barrier(wave, running, from, isTogether);
      for (const [i, planned] of wave.entries()) {
        over.push(this.#start(planned, running, from + i, barrier) ?? Promise.resolve(null));
      }
      // What leaves by itself later is no rival of the next wave.
      await nextTurn();
    }
    void Promise.all(over).then((replies) => {
      this.#underWay--;
      const group = this.#isOver() ? null : (running.group.next?.(replies) ?? null);
      if (group) this.#queue.push({ ...running, wave: running.wave + 1, group });
      this.#lanes.wake();
    });
  }

  /** For those of a wave that leave with others at one instant; null: there are not two of them. */
  #barrier(
    wave: readonly Planned<C>[],
    running: Running<C>,
    from: number,
    isTogether: boolean,
  ): Barrier | null {
    if (!isTogether) return null;
    const rivals = wave.filter((planned, i) => !planned.afterMs && this.#begins(planned, running, from + i));
    return rivals.length > 1 ? new Barrier(rivals.length) : null;
  }

  /** False for a request that a reduction leaves out, or that may not be sent. */
  #begins(planned: Planned<C>, { g, wave }: Running<C>, i: number): boolean {
    return this.#cursor.keeps(numberOf(g, wave, i, 0)) && this.#isAllowed(planned);
  }

  #start(
    planned: Planned<C>,
    running: Running<C>,
    i: number,
    barrier: Barrier | null,
  ): Promise<Reply | null> | null {
    if (!this.#begins(planned, running, i)) {
      if (!this.#isAllowed(planned)) this.#letGo(planned);
      return null;
    }
    this.#lanes.take(1);
    return this.#chain(planned, running, i, barrier).finally(() => this.#lanes.free());
  }

  /** A request, and what the same citizen asks next; resolves with the answer to the first. */
  async #chain(planned: Planned<C>, { g, wave, intensity }: Running<C>, i: number, barrier: Barrier | null) {
    let first: Reply | null = null;
    let next: Planned<C> | null = planned;
    for (let depth = 0; next && !this.#isOver(); depth++) {
      const n = numberOf(g, wave, i, depth);
      if (!this.#cursor.keeps(n)) break;
      if (!this.#isAllowed(next)) {
        this.#letGo(next);
        break;
      }
      const flow = this.#flow(next, n, intensity);
      if (next.afterMs) await delay(next.afterMs);
      const reply: Reply | null = await this.#carry(flow, depth === 0 && !next.afterMs ? barrier : null);
      if (depth === 0) first = reply;
      next = this.#following(next, reply);
    }
    return first;
  }

  /** What the citizen asks next. Where nothing can be asked again, a look comes first after a lost answer. */
  #following({ call, actor, andThen }: Planned<C>, reply: Reply | null): Planned<C> | null {
    const next = andThen?.(reply) ?? null;
    if (reply !== null || this.#plan.isLook(call) || this.#plan.repeatsLost(call)) return next;
    const look = this.#plan.lookAfter(call, actor);
    if (look === null) return next;
    return next === null ? look : inTurn(look, next);
  }

  /**
   * Not what the API does not have, nor what one of several objects that are left alone decides, and no repeat that the
   * service, or this run, may not know any more.
   */
  #isAllowed({ call, key }: Planned<C>): boolean {
    if (!this.#options.api.offers(call.operation)) return false;
    const parts = this.#options.workload.parts(call);
    if (parts.some(({ object, tied }) => tied && this.#verdicts.isGivenUp(object))) return false;
    if (key !== 'repeat' && key !== 'release') return true;
    return this.#options.rules.keys && this.#keys.knows(call);
  }

  /** What the service need not know any more makes room for others. */
  #letGo(planned: Planned<C>): void {
    const { key } = planned;
    if (key === 'repeat' || key === 'release') this.#plan.begun({ ...planned, key: 'release' });
  }

  /** One that is not the plan's own, at once. */
  #send(planned: Planned<C>): void {
    if (!this.#isAllowed(planned)) return this.#letGo(planned);
    this.#lanes.take(1);
    void this.#carry(this.#flow(planned, -1, 0), null).finally(() => this.#lanes.free());
  }

  #partsOf(call: C): readonly ModelPart[] {
    return this.#options.workload.parts(call).filter(({ object }) => !this.#verdicts.isGivenUp(object));
  }

  #flow(planned: Planned<C>, n: number, intensity: number): Flow<C> {
    const { actor, call, key, hangUpAfterMs = null } = planned;
    this.#planned++;
    const parts = this.#partsOf(call);
    if (this.#options.workload.forgettable(call)) this.#keys.used(call, parts);
    this.#plan.begun(planned);
    const object = this.#options.workload.objectOf(call);
    if (object !== null && parts.length > 0) this.#touched.add(object);
    if (n >= 0) this.#options.trace.begun.push({ n, actor, object });
    const isRepeat = key === 'repeat' || key === 'release';
    const known = { n, actor, call, parts, intensity, link: isRepeat ? { repeat: true } : {}, isRepeat };
    return { ...known, begunMs: this.#verdicts.now, hangUpAfterMs, attempts: 0, lastCause: '' };
  }

  async #carry(flow: Flow<C>, barrier: Barrier | null): Promise<Reply | null> {
    const reply = await this.#client.carry(flow, barrier);
    if (this.#options.workload.forgettable(flow.call)) this.#keys.done(flow.call, this.#planned);
    this.#keys.sweep(this.#planned);
    return reply;
  }

  /** Waits until nothing is under way and looks at what the citizens went for. */
  async #quietLooks(): Promise<void> {
    await this.#drain();
    const objects = [...this.#touched]
      .filter((object) => !this.#verdicts.isGivenUp(object))
      .slice(-QUIET_LOOKS);
    this.#touched.clear();
    await this.#sendAll(this.#plan.quietLooks(objects));
  }
}
