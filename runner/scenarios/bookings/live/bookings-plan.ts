/** What the citizens of a live city of bookings do next. The seed decides, together with what they know by then. */
import type { AnswerFacts, LivePlan, LivePlanOptions } from '../../../harness/live/live-plan.ts';
import { chooseObject, choosePattern, type Place, phaseOf } from '../../../harness/live/phases.ts';
import type { Reply } from '../../../service/call.ts';
import { Prng } from '../../../sim/prng.ts';
import type { Violation } from '../../workload.ts';
import { type BookingCall, type BookingWorld, numbered } from '../calls.ts';
import { hasIds } from '../rules.ts';
import { CityKnowledge } from './city-knowledge.ts';
import { IdOwners } from './id-owners.ts';
import { MAKERS, MIXES, suits } from './mixes.ts';
import { bustle, single } from './patterns/looks.ts';
import { settle } from './patterns/repeats.ts';
import { cancelling, type Group, list, type Planned, read, steps, switched, together } from './planned.ts';
import { Scene } from './scene.ts';

/** Old requests of a slot that come again after the service was started again. */
const REPEATED_AFTER_RESTART = 3;
/** This share of the groups goes to any slot, where an API has no cancel. */
const FULL_SLOTS_SHARE = 0.1;
/** Slots that are booked once more at the end, at most. */
const MOST_PROBES = 24;

export class BookingsPlan implements LivePlan<BookingCall> {
  readonly #options: LivePlanOptions<BookingCall>;
  readonly #knowledge: CityKnowledge;
  readonly #owners = new IdOwners();
  readonly #citizens: number;
  #elderSlot: string | null = null;
  #hadHappened = 0;
  #repeatsOfCancelled = 0;

  constructor(options: LivePlanOptions<BookingCall>) {
    this.#options = options;
    const world = options.workload.world as unknown as BookingWorld;
    this.#citizens = world.citizens;
    this.#knowledge = new CityKnowledge(world, options.rules);
  }

  placeOf(g: number): Place {
    return phaseOf(g, this.#options.config.operations, this.#options.kills);
  }

  group(g: number): Group {
    const { seed, burstRate, rules } = this.#options;
    const prng = new Prng(seed, 'operation', g);
    const place = this.placeOf(g);
    const objects = this.#knowledge.slots;
    const isGivenUp = this.#passedOver(prng);
    const scene = this.#scene(g, prng, chooseObject(prng, place, { seed, objects, isGivenUp }));
    // Without keys nothing that is asked again settles what was lost.
    if (rules.keys && this.#knowledge.isUncertain(scene.slot) && prng.chance(0.8)) {
      return settle(scene) ?? single(scene);
    }
    const { phase } = place;
    const pattern = choosePattern(prng, MIXES[phase.name], (name) => suits(name, this.#options), 'single');
    const isBurst = pattern === 'single' && prng.chance(burstRate * phase.intensity * 4);
    return MAKERS[isBurst ? 'burst' : pattern](scene);
  }

  /** Without a cancel a slot that is full has no more races for seats: most groups go where there are some. */
  #passedOver(prng: Prng): (slot: string) => boolean {
    const { offers, isGivenUp } = this.#options;
    if (offers('cancel') || prng.chance(FULL_SLOTS_SHARE)) return isGivenUp;
    return (slot) => isGivenUp(slot) || this.#knowledge.isSoldOut(slot);
  }

  notTested(): string[] {
    const { slots } = this.#knowledge;
    if (this.#options.offers('cancel') || !slots.every((slot) => this.#knowledge.isSoldOut(slot))) return [];
    return [
      `races for seats once all ${slots.length} slots were full (without a cancel none is freed: give more with --slots)`,
    ];
  }

  /** After a restart: is everything there, are old requests still known, is every seat counted? */
  afterRestart(g: number, slot: string): Group | null {
    const scene = this.#scene(g, new Prng(this.#options.seed, 'operation', g), slot);
    const repeats = this.#knowledge
      .kept(slot)
      .slice(-REPEATED_AFTER_RESTART)
      .map((call) => ({ actor: call.citizen, call, key: 'repeat' as const }));
    return steps(
      () => together(read(slot), list()),
      () => together(...repeats),
      () => scene.fill(),
    );
  }

  quietLooks(slots: readonly string[]): Planned[] {
    return [
      ...slots.flatMap((slot) => this.#veteran(slot, 'repeat')),
      ...slots.map((slot) => read(slot)),
      list(),
    ];
  }

  elders(): Planned[] {
    const { slots } = this.#knowledge;
    return slots.flatMap((slot) => [
      ...this.#veteran(slot, 'repeat'),
      ...this.#knowledge.kept(slot).map((call): Planned => ({ actor: call.citizen, call, key: 'repeat' })),
    ]);
  }

  elder(g: number): Group | null {
    const scene = this.#roomy(g);
    this.#elderSlot = scene.slot;
    return steps(
      () =>
        together(scene.isOpen ? null : switched(scene.slot, true), scene.free > 0 ? null : scene.cancel()),
      () => together({ ...scene.book(), key: 'keep' }),
    );
  }

  bustle(g: number): Group | null {
    const scene = this.#roomy(g);
    const held = this.#knowledge.held(scene.slot).slice(0, scene.concurrency);
    return steps(
      () => together(scene.isOpen ? null : switched(scene.slot, true)),
      () => together(...(scene.free > 0 ? [] : held.map((one) => cancelling(scene.slot, one)))),
      () => bustle(scene),
    );
  }

  /** At a slot where there is room, or the most can be made; not at that of the elder. */
  #roomy(g: number): Scene {
    const { isGivenUp, seed } = this.#options;
    const { slots } = this.#knowledge;
    const others = slots.filter((slot) => slot !== this.#elderSlot && !isGivenUp(slot));
    const roomOf = (slot: string) =>
      this.#knowledge.isCertain(slot) ? Number.MAX_VALUE : this.#knowledge.held(slot).length;
    const [slot = slots[0] as string] = others.toSorted((one, other) => roomOf(other) - roomOf(one));
    return this.#scene(g, new Prng(seed, 'operation', g), slot);
  }

  finalWaves(touched: readonly string[]): Planned[][] {
    const slots = this.#knowledge.slots.filter((slot) => !this.#options.isGivenUp(slot));
    const veterans = slots.flatMap((slot) => this.#veteran(slot, 'release'));
    return [this.#probes(touched), veterans, [list()], slots.map((slot) => read(slot)), [list()]];
  }

  isLook({ operation }: BookingCall): boolean {
    return operation === 'read' || operation === 'list';
  }

  repeatsLost(call: BookingCall): boolean {
    const { keys, cancelsBy } = this.#options.rules;
    if (call.operation === 'book') return keys;
    // A second cancel by name would be of whatever booking there is then.
    return call.operation === 'cancel' ? cancelsBy === 'booking' : !this.isLook(call);
  }

  lookAfter(call: BookingCall, actor: string): Planned | null {
    if (call.operation === 'list' || call.operation === 'read') return null;
    return this.#options.offers('read') ? read(call.slot, actor) : list(actor);
  }

  anew(call: BookingCall, nth: number): BookingCall {
    return call.operation === 'book' ? { ...call, key: `${call.key}#${nth}` } : call;
  }

  mayLose(call: BookingCall): boolean {
    return this.#knowledge.mayLose(call);
  }

  losing(call: BookingCall, change: 1 | -1): void {
    this.#knowledge.losing(call, change);
  }

  isUncertain(call: BookingCall): boolean {
    return this.#knowledge.isUncertain(call.operation === 'list' ? null : call.slot);
  }

  begun({ call, key }: Planned): void {
    if (call.operation !== 'book') return;
    if (key === 'keep' || key === 'maybe') this.#knowledge.keep(call, key === 'keep');
    if (key === 'release') this.#knowledge.release(call);
  }

  mayRepeat(call: BookingCall): boolean {
    return call.operation === 'book' && this.#knowledge.mayRepeat(call);
  }

  lost(call: BookingCall): void {
    this.#knowledge.lost(call);
  }

  answered(call: BookingCall, reply: Reply, { isRetry, isRepeat, status }: AnswerFacts): void {
    const hadHappened =
      call.operation === 'book' ? status === 200 : call.operation === 'cancel' && reply.outcome === 'refused';
    if (isRetry && hadHappened) this.#hadHappened++;
    if (isRepeat && reply.outcome === 'ok' && this.#knowledge.isOver(String(reply.value['booking']))) {
      this.#repeatsOfCancelled++;
    }
    this.#knowledge.answered(call, reply);
  }

  broken(call: BookingCall, reply: Reply): Violation | null {
    if (call.operation !== 'book' || reply.outcome !== 'ok') return null;
    if (!hasIds(this.#options.rules) || reply.value['booking'] === undefined) return null;
    return this.#owners.given(String(reply.value['booking']), call);
  }

  sometimes(): Record<string, number> {
    const { keys } = this.#options.rules;
    return {
      ...(keys ? { 'an answer was lost and the request had happened': this.#hadHappened } : {}),
      ...(keys
        ? { 'an old request came again after its booking was cancelled': this.#repeatsOfCancelled }
        : {}),
    };
  }

  /** One more booking in each slot that was used: is it decided as it should be? */
  #probes(touched: readonly string[]): Planned[] {
    const prng = new Prng(this.#options.seed, 'chaos', -1);
    return touched.slice(0, MOST_PROBES).map((slot, i): Planned => {
      const citizen = numbered('citizen', 1 + prng.below(this.#citizens));
      return { actor: citizen, call: { operation: 'book', slot, citizen, key: `probe-${i}` } };
    });
  }

  #veteran(slot: string, key: 'repeat' | 'release'): Planned[] {
    const call = this.#knowledge.veteran(slot);
    return call ? [{ actor: call.citizen, call, key }] : [];
  }

  #scene(n: number, prng: Prng, slot: string): Scene {
    const { rules, offers, isGivenUp, config } = this.#options;
    const { concurrency } = config;
    const knowledge = this.#knowledge;
    return new Scene({
      n,
      prng,
      slot,
      knowledge,
      rules,
      offers,
      isGivenUp,
      concurrency,
      citizens: this.#citizens,
    });
  }
}
