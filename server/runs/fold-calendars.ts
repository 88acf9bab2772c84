/** Folds a history into the calendars of its resources: the ranges that were acknowledged, as `stays` has them. */
import type { Calendars, JsonObject } from '../contract/index.ts';
import { instantOf, type Range } from '../contract/zone.ts';
import { objectsIn, textsIn } from './foreign-data.ts';
import { type Completion, UnderWay } from './under-way.ts';

/** A day, or a time of the wall clock. */
const WALL_TEXT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/;

interface Placed extends Range {
  resource: string;
  unit: number;
  citizen: string;
  /** The event from which on this is known. */
  since: number;
}

interface Sizes {
  units: number;
  buffer: number;
}

export class CalendarsFold {
  readonly #zone: string;
  readonly #resources: ReadonlyMap<string, Sizes>;
  #stays = new Map<string, Placed>();
  /** The events that said so. */
  #cancelled = new Map<string, number>();
  #underWay = new UnderWay();
  #asked: Range | null = null;

  private constructor(zone: string, resources: ReadonlyMap<string, Sizes>) {
    this.#zone = zone;
    this.#resources = resources;
  }

  /** Null: the world has no resources in a zone. */
  static of({ zone, resources }: JsonObject): CalendarsFold | null {
    if (typeof zone !== 'string' || !isZone(zone)) return null;
    const known = objectsIn(resources).flatMap(({ id, units, buffer }): [string, Sizes][] =>
      typeof id === 'string' && Number.isInteger(units)
        ? [[id, { units: units as number, buffer: Number.isInteger(buffer) ? (buffer as number) : 0 }]]
        : [],
    );
    return known.length === 0 ? null : new CalendarsFold(zone, new Map(known));
  }

  /** How much it remembers, for bounds. */
  get weight(): number {
    return this.#stays.size + this.#cancelled.size + this.#underWay.size + this.#resources.size;
  }

  invoke(data: JsonObject, index: number): void {
    for (const span of [data, ...objectsIn(data['items'])])
      this.#widen(this.#instant(span['from']), this.#instant(span['to']));
    const named = textsIn([
      data['resource'],
      data['target'],
      ...objectsIn(data['items']).map(({ resource }) => resource),
    ]);
    this.#underWay.begin(
      data,
      index,
      [...new Set(named)].filter((name) => this.#resources.has(name)),
    );
  }

  complete({ index, actor, operation, phase, data }: Completion): void {
    const begun = this.#underWay.settle(data, phase === 'ok');
    if (begun === undefined) return;
    const { call, at } = begun;
    if (phase === 'refused') {
      if (data['reason'] === 'no-such-booking') this.#missed(call, at);
      return;
    }
    const who = { citizen: actor, since: index };
    switch (operation) {
      case 'book':
        this.#make(call, data['unit'], who);
        break;
      case 'series':
        for (const [i, item] of objectsIn(call['items']).entries())
          this.#make(item, Array.isArray(data['units']) ? data['units'][i] : null, who);
        break;
      case 'move':
        this.#put(call['booking'], call['target'], { ...call, unit: data['unit'] }, who);
        break;
      case 'extend':
      case 'shorten':
        this.#resize(call, index);
        break;
      case 'cancel':
        this.#cancel(call['booking'], index);
        break;
      case 'read':
        this.#read(call['resource'], data['bookings'], at);
    }
  }

  state(): Calendars {
    const changing = new Set(this.#underWay.calls().flatMap(({ booking }) => textsIn([booking])));
    const counts = this.#underWay.counts();
    const bookings = Map.groupBy(this.#stays, ([, { resource }]) => resource);
    const resources = [...this.#resources].map(([id, { units, buffer }]) => ({
      id,
      units,
      buffer,
      bookings: (bookings.get(id) ?? []).map(([booking, { citizen, unit, from, to }]) => ({
        id: booking,
        citizen,
        unit,
        from,
        to,
        uncertain: changing.has(booking),
      })),
      uncertain: counts.get(id) ?? 0,
    }));
    return { zone: this.#zone, asked: this.#asked, resources };
  }

  /** One that goes on by itself from here. */
  copy(): CalendarsFold {
    const copy = new CalendarsFold(this.#zone, this.#resources);
    copy.#stays = new Map(this.#stays);
    copy.#cancelled = new Map(this.#cancelled);
    copy.#underWay = this.#underWay.copy();
    copy.#asked = this.#asked;
    return copy;
  }

  /** A repeated acknowledgement adds nothing, and neither does one that came after the cancellation. */
  #make(asked: JsonObject, unit: unknown, who: Pick<Placed, 'citizen' | 'since'>): void {
    const { booking, resource } = asked;
    if (typeof booking !== 'string' || this.#cancelled.has(booking) || this.#stays.has(booking)) return;
    this.#put(booking, resource, { ...asked, unit }, who);
  }

  #put(booking: unknown, resource: unknown, at: JsonObject, who: Pick<Placed, 'citizen' | 'since'>): void {
    const [from, to] = [this.#instant(at['from']), this.#instant(at['to'])];
    const { unit } = at;
    if (typeof booking !== 'string' || typeof resource !== 'string' || !this.#resources.has(resource)) return;
    if (from === null || to === null || !Number.isInteger(unit)) return;
    const citizen = this.#stays.get(booking)?.citizen ?? who.citizen;
    this.#stays.set(booking, { resource, unit: unit as number, from, to, citizen, since: who.since });
  }

  #resize({ booking, to }: JsonObject, index: number): void {
    const stay = typeof booking === 'string' ? this.#stays.get(booking) : undefined;
    const end = this.#instant(to);
    if (stay !== undefined && end !== null)
      this.#stays.set(booking as string, { ...stay, to: end, since: index });
  }

  /** A change that got no answer had ended it, or had moved it away. */
  #missed({ booking, resource }: JsonObject, begunAt: number): void {
    const stay = typeof booking === 'string' ? this.#stays.get(booking) : undefined;
    if (stay !== undefined && stay.resource === resource && stay.since < begunAt)
      this.#stays.delete(booking as string);
  }

  #cancel(booking: unknown, index: number): void {
    if (typeof booking !== 'string') return;
    this.#cancelled.set(booking, index);
    this.#stays.delete(booking);
  }

  /** What was seen is believed of all that was not acknowledged after somebody began to look. */
  #read(resource: unknown, bookings: unknown, begunAt: number): void {
    if (!Array.isArray(bookings)) return;
    const seen = new Map(objectsIn(bookings).map((booking) => [booking['id'], booking]));
    for (const [id, stay] of this.#stays)
      if (stay.resource === resource && stay.since < begunAt && !seen.has(id)) this.#stays.delete(id);
    for (const [id, booking] of seen) {
      const since = this.#stays.get(String(id))?.since ?? this.#cancelled.get(String(id)) ?? -1;
      if (since < begunAt) this.#put(id, resource, booking, { citizen: '', since: begunAt });
    }
  }

  #widen(from: number | null, to: number | null): void {
    if (to === null) return;
    const { from: earliest, to: latest } = this.#asked ?? { from: to, to };
    this.#asked = { from: Math.min(earliest, from ?? to), to: Math.max(latest, to) };
  }

  #instant(value: unknown): number | null {
    if (Number.isInteger(value)) return value as number;
    if (typeof value !== 'string' || !WALL_TEXT.test(value) || Number.isNaN(Date.parse(value))) return null;
    return instantOf(this.#zone, value);
  }
}

function isZone(zone: string): boolean {
  try {
    instantOf(zone, '2026-01-01');
    return true;
  } catch {
    return false;
  }
}
