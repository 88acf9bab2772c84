/** The workload of `stays`: what the citizens do next, what they know, and what that knowledge forbids. */
import { rangeText } from '../../../server/contract/index.ts';
import { instantOf } from '../../../server/contract/zone.ts';
import type {
  JsonObject,
  ModelPart,
  Operation,
  Prng,
  Reply,
  RunConfig,
  SequentialModel,
  ServiceRules,
  Violation,
  Workload,
} from '../../public.ts';
import { setNewest } from '../../sim/newest-map.ts';
import type { Calendar, House, Range, Resource, SeriesItem, Span, StayCall } from './calls.ts';
import {
  checkCalendar,
  checkFree,
  checkKnown,
  checkPlaces,
  checkSeries,
  checkTaken,
  vanished,
} from './invariants.ts';
import { type Change, type KnownStay, KnownStays } from './known-stays.ts';
import { stayModel } from './model.ts';
import { type Own, OwnStays } from './own-stays.ts';
import { answersOf, calendarIn, numbersIn, partsOf } from './parts.ts';
import { callFor, drawWish } from './plan.ts';
import type { ResourceState } from './resource.ts';
import { drawSeason, type Season, wholeSeason } from './season.ts';

/** Units of a resource where no service says how many it may have; and how many more than the fewest it has at most. */
const ANY_UNITS = { least: 1, most: 3 };
const FURTHER_UNITS = 2;
/** Series that are looked for in audits. */
const REMEMBERED = 256;

export class HouseWorkload implements Workload<StayCall> {
  readonly world: JsonObject & House;
  readonly objects: readonly string[];
  readonly model: SequentialModel<unknown, unknown, unknown>;
  readonly #season: Season;
  readonly #citizens: number;
  readonly #instants = new Map<string, number>();
  readonly #own = new OwnStays((text) => this.#instantOf(text));
  readonly #known = new KnownStays();
  /** What each series is of; null once it was acknowledged, and each of its bookings may be changed. */
  readonly #series = new Map<string, readonly SeriesItem[] | null>();
  readonly #counts = { booked: 0, series: 0, moved: 0, cancelled: 0, taken: 0 };
  readonly #underWay = new Map<string, number>();
  /** Where a change that is not repeated got no answer: whoever asked for it looks whether it was done. */
  readonly #doubted = new Set<string>();
  readonly #sometimes = {
    'a time was taken': 0,
    'two changes of a resource overlapped': 0,
    'a booking moved to another resource': 0,
    'a series was refused': 0,
  };

  constructor(config: RunConfig, prng: Prng, rules?: Readonly<Pick<ServiceRules, 'capacity' | 'buffer'>>) {
    this.#season = drawSeason(prng);
    this.model = stayModel(this.#season.zone) as unknown as SequentialModel<unknown, unknown, unknown>;
    const { least, most } = rules?.capacity ?? ANY_UNITS;
    const further = Math.min(most - least, FURTHER_UNITS);
    const resources = Array.from({ length: Math.max(2, config.slots) }, (_, i): Resource => {
      const units = least + prng.below(further + 1);
      const buffer = prng.pick([0, 0, 30]);
      const id = `room-${String(i + 1).padStart(3, '0')}`;
      return { id, units, buffer: rules?.buffer === false ? 0 : buffer };
    });
    this.world = { zone: this.#season.zone, firstDay: this.#season.firstDay, resources };
    this.objects = resources.map(({ id }) => id);
    this.#citizens = config.citizens;
  }

  plan(n: number, prng: Prng, focus: string | null): { actor: string; call: StayCall } {
    const actor = `citizen-${String(prng.below(this.#citizens) + 1).padStart(3, '0')}`;
    const { objects: resources } = this;
    const wish = drawWish(n, prng, { focus, resources, season: this.#season });
    const [doubted] = this.#doubted;
    if (doubted !== undefined && focus === null) {
      this.#doubted.delete(doubted);
      return { actor, call: { operation: 'read', resource: doubted } };
    }
    return { actor, call: callFor(wish, n, prng, { resources, own: this.#own }) };
  }

  repeats(call: StayCall): boolean {
    return call.operation === 'book' || call.operation === 'series';
  }

  changes({ operation }: StayCall): boolean {
    return operation !== 'read' && operation !== 'search';
  }

  /** A booking of its own, by another name. */
  anew(call: StayCall, nth: number): StayCall {
    const named = (name: string) => `${name}~${nth}`;
    if (call.operation === 'book') return { ...call, booking: named(call.booking) };
    if (call.operation !== 'series') return call;
    const items = call.items.map((item) => ({ ...item, booking: named(item.booking) }));
    return { ...call, series: named(call.series), items };
  }

  objectOf(call: StayCall): string | null {
    return call.operation === 'series' ? null : call.resource;
  }

  parts(call: StayCall): readonly ModelPart[] {
    return partsOf(call, (text) => this.#instantOf(text));
  }

  answers(call: StayCall, parts: readonly ModelPart[], reply: Reply): readonly unknown[] {
    return answersOf(call, parts, reply);
  }

  invoked({ call }: Operation<StayCall>): void {
    if (call.operation === 'series' && !this.#series.has(call.series))
      setNewest(this.#series, call.series, call.items, REMEMBERED);
    if (call.operation === 'book') this.#known.asked(call.booking);
    else if (call.operation === 'series') for (const { booking } of call.items) this.#known.asked(booking);
    else if (isChange(call)) this.#known.changing(call);
    for (const resource of changedBy(call)) {
      const count = this.#underWay.get(resource) ?? 0;
      if (count > 0) this.#sometimes['two changes of a resource overlapped']++;
      this.#underWay.set(resource, count + 1);
    }
  }

  completed(
    { call, invokedIndex }: Operation<StayCall>,
    reply: Reply,
    completedIndex: number,
  ): Violation | null {
    this.#end(call);
    if (reply.outcome === 'failed') return null;
    if (reply.outcome === 'refused') return this.#refused(call, reply.reason);
    if (call.operation === 'read') return this.#shown(calendarIn(call.resource, reply.value), invokedIndex);
    if (call.operation === 'search') {
      const unchanged = this.#known.unchanged(call.resource, invokedIndex);
      const units = numbersIn(reply.value['units']);
      return checkFree(this.#resource(call.resource), this.#rangeOf(call), units, unchanged, this.#timeOf);
    }
    this.#learn(call);
    for (const stay of this.#acknowledged(call, reply.value, completedIndex)) {
      const unchanged = this.#known.unchanged(stay.resource, Number.POSITIVE_INFINITY);
      const violation = checkTaken(this.#resource(stay.resource), stay, unchanged);
      if (violation) return violation;
    }
    return null;
  }

  #refused(call: StayCall, reason: string): Violation | null {
    if (reason === 'taken') {
      this.#counts.taken++;
      this.#sometimes['a time was taken']++;
    }
    if (call.operation === 'series') this.#sometimes['a series was refused']++;
    if (!isChange(call)) return null;
    const before = this.#known.before(call);
    if (before && reason === 'no-such-booking') return vanished(before);
    this.#known.changed(call, (stay) => stay);
    return null;
  }

  #shown(calendar: Calendar, invokedIndex: number): Violation | null {
    const unchanged = this.#known.unchanged(calendar.id, invokedIndex);
    const changing = this.#known.changingHere(calendar.id, invokedIndex);
    return (
      checkCalendar(calendar) ??
      checkKnown(calendar, { unchanged, changing }, this.#timeOf) ??
      this.#partialSeries(calendar)
    );
  }

  /** A series that nobody could change yet and of which the resource shows only some. */
  #partialSeries(calendar: Calendar): Violation | null {
    for (const { id } of calendar.bookings) {
      const series = id.slice(0, Math.max(0, id.indexOf('.')));
      const items = this.#series.get(series)?.filter(({ resource }) => resource === calendar.id);
      const partial = items && checkSeries(series, items, [calendar]);
      if (partial) return partial;
    }
    return null;
  }

  /** The bookings that are certain to be like this now that the call was acknowledged. */
  #acknowledged(call: StayCall, value: JsonObject, sinceIndex: number): KnownStay[] {
    const certain = (stays: readonly (KnownStay | null)[]) => stays.filter((stay) => stay !== null);
    switch (call.operation) {
      case 'book':
        return certain([this.#made({ ...call, unit: Number(value['unit']) }, sinceIndex)]);
      case 'series': {
        const units = numbersIn(value['units']);
        return certain(
          call.items.map((item, i) => this.#made({ ...item, unit: units[i] as number }, sinceIndex)),
        );
      }
      case 'move': {
        const unit = Number(value['unit']);
        const now = { ...this.#rangeOf(call), unit, resource: call.target, sinceIndex };
        return certain([this.#known.changed(call, (before) => ({ ...before, ...now }))]);
      }
      case 'extend':
      case 'shorten': {
        const to = this.#instantOf(call.to);
        return certain([this.#known.changed(call, (before) => ({ ...before, to, sinceIndex }))]);
      }
      case 'cancel':
        this.#known.lose(call);
    }
    return [];
  }

  #made(given: Own & { readonly unit: number }, sinceIndex: number): KnownStay | null {
    const { booking: id, resource, unit } = given;
    return this.#known.made({ id, resource, unit, ...this.#rangeOf(given), sinceIndex });
  }

  unanswered({ call }: Operation<StayCall>): void {
    this.#end(call);
    if (isChange(call)) this.#known.lose(call);
    // Who asked for a booking asks again, and learns of it by that.
    if (call.operation === 'book' || call.operation === 'series' || call.operation === 'search') return;
    this.#doubted.add(call.resource);
  }

  forgettable(call: StayCall): boolean {
    return this.repeats(call);
  }

  audit(dump: unknown) {
    const calendars = (dump as readonly (JsonObject & Calendar)[]).map((one) => calendarIn(one.id, one));
    return {
      violation: this.#violationIn(calendars),
      reads: calendars.map((calendar) => ({
        object: calendar.id,
        call: { operation: 'read' },
        answer: { outcome: 'ok', calendar },
      })),
    };
  }

  show(object: string, state: unknown): Calendar {
    const { units, buffer, stays } = state as ResourceState;
    return { id: object, units, buffer, bookings: stays };
  }

  readable(value: unknown): unknown {
    return withTimes(this.#season.zone, value);
  }

  metrics(): Record<string, number> {
    const units = this.world.resources.reduce((sum, resource) => sum + resource.units, 0);
    const all = units * this.#own.lengthOf(wholeSeason(this.#season));
    return {
      occupancy: Math.round((100 * this.#own.takenMinutes) / all),
      ...this.#counts,
      standing: this.#own.size,
    };
  }

  sometimes(): Record<string, number> {
    return { ...this.#sometimes };
  }

  #violationIn(calendars: readonly Calendar[]): Violation | null {
    for (const calendar of calendars) {
      const violation = checkCalendar(calendar);
      if (violation) return violation;
    }
    const violation = checkPlaces(calendars);
    if (violation) return violation;
    for (const [series, items] of this.#series) {
      const partial = items && checkSeries(series, items, calendars);
      if (partial) return partial;
    }
    return null;
  }

  #instantOf(text: string): number {
    let instant = this.#instants.get(text);
    if (instant === undefined) {
      instant = instantOf(this.#season.zone, text);
      this.#instants.set(text, instant);
    }
    return instant;
  }

  readonly #timeOf = (range: Range): string => rangeText(this.#season.zone, range);

  #rangeOf({ from, to }: Span): Range {
    return { from: this.#instantOf(from), to: this.#instantOf(to) };
  }

  #resource(id: string): Resource {
    return this.world.resources.find((one) => one.id === id) as Resource;
  }

  #learn(call: StayCall): void {
    this.#own.learn(call);
    if (call.operation === 'book') this.#counts.booked++;
    else if (call.operation === 'cancel') this.#counts.cancelled++;
    else if (call.operation === 'move') {
      this.#counts.moved++;
      if (call.target !== call.resource) this.#sometimes['a booking moved to another resource']++;
    } else if (call.operation === 'series') {
      this.#counts.series++;
      setNewest(this.#series, call.series, null, REMEMBERED);
    }
  }

  #end(call: StayCall): void {
    for (const resource of changedBy(call)) {
      this.#underWay.set(resource, (this.#underWay.get(resource) ?? 1) - 1);
    }
  }
}

function isChange(call: StayCall): call is Change {
  const { operation } = call;
  return operation === 'move' || operation === 'extend' || operation === 'shorten' || operation === 'cancel';
}

function changedBy(call: StayCall): readonly string[] {
  if (call.operation === 'read' || call.operation === 'search') return [];
  if (call.operation === 'series') return call.items.map(({ resource }) => resource);
  return call.operation === 'move' ? [call.resource, call.target] : [call.resource];
}

/** Every range in it as its time on the clocks of the zone. */
function withTimes(zone: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withTimes(zone, one));
  if (typeof value !== 'object' || value === null) return value;
  const { from, to, ...others } = value as Record<string, unknown>;
  if (typeof from === 'number' && typeof to === 'number')
    return { ...others, time: rangeText(zone, { from, to }) };
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withTimes(zone, one)]));
}
