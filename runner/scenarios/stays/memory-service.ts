/** The reference house in memory; a known bug replaces single steps. */

import { rangeOf } from '../../../server/contract/zone.ts';
import type { Call, MemoryRoutine, MemoryService, Reply } from '../../public.ts';
import type {
  Calendar,
  House,
  MoveCall,
  Range,
  ResizeCall,
  Resource,
  Span,
  Stay,
  StayCall,
} from './calls.ts';
import { EMPTY, ok, TAKEN, UNKNOWN, type Wanted } from './replies.ts';
import { collides, isEmpty } from './resource.ts';

export interface MemorySteps {
  /** What a request calls from and to. */
  rangeOf(zone: string, span: Span): Range;
  /** True when two bookings of one unit may not stand beside each other. `taken` is there already. */
  collides(taken: Range, wanted: Range, buffer: number): boolean;
  /** Whether a change holds its resources from its first look to its end. */
  locks: boolean;
  /** Whether what was found free is looked at again, and how, when it is taken; null: not. */
  constraint: ((a: Range, b: Range) => boolean) | null;
  /** Whether a booking that moves is away before its new place is looked for. */
  freesFirst: boolean;
  /** Whether what is free is read from a cache, which a change empties when it begins. */
  cachesFree: boolean;
  /** Whether a series is decided before any of it is booked. */
  decidesSeries: boolean;
}

export const rightMemorySteps: MemorySteps = {
  rangeOf: (zone, { from, to }) => rangeOf(zone, from, to),
  collides,
  locks: true,
  constraint: null,
  freesFirst: false,
  cachesFree: false,
  decidesSeries: true,
};

interface Kept extends Stay {
  readonly resource: string;
  readonly active: boolean;
  /** What the request that made it was given. */
  readonly firstUnit: number;
}

/** A scheduling point: another request may run here. */
const POINT = undefined;

export class MemoryHouse implements MemoryService {
  readonly #steps: MemorySteps;
  #zone = '';
  readonly #resources = new Map<string, Resource>();
  readonly #bookings = new Map<string, Kept>();
  /** The active ones of each resource, as searches know them. */
  readonly #cache = new Map<string, readonly Kept[]>();

  constructor(steps: Partial<MemorySteps> = {}) {
    this.#steps = { ...rightMemorySteps, ...steps };
  }

  prepare(world: Readonly<Record<string, unknown>>): void {
    const { zone, resources } = world as House;
    this.#zone = zone;
    this.#resources.clear();
    this.#bookings.clear();
    this.#cache.clear();
    for (const resource of resources) this.#resources.set(resource.id, resource);
  }

  handle(asked: Call): MemoryRoutine {
    const call = asked as StayCall;
    switch (call.operation) {
      case 'book':
        return this.#take([{ ...call, ...this.#rangeOf(call) }], ([unit]) => ok({ unit }));
      case 'series':
        return this.#series(call.items.map((item) => ({ ...item, ...this.#rangeOf(item), unit: null })));
      case 'move':
        return this.#move(call, this.#rangeOf(call));
      case 'extend':
      case 'shorten':
        return this.#resize(call);
      case 'cancel':
        return this.#cancel(call.booking, call.resource);
      case 'search':
        return this.#search(call.resource, this.#rangeOf(call));
      case 'read':
        return this.#read(call.resource);
    }
  }

  inspect(): Calendar[] {
    return [...this.#resources.keys()].map((id) => this.#calendar(id));
  }

  /** Nobody repeats this request any more: what ended is remembered no longer. */
  forget(what: unknown): void {
    const call = what as StayCall;
    const ids =
      call.operation === 'series' ? call.items.map(({ booking }) => booking) : [String(call['booking'])];
    for (const id of ids) if (!this.#bookings.get(id)?.active) this.#bookings.delete(id);
  }

  *#take(wanted: readonly Wanted[], answer: (units: readonly number[]) => Reply): MemoryRoutine {
    yield* this.#lock(wanted.map(({ resource }) => resource));
    return yield* this.#takeLocked(wanted, answer);
  }

  *#takeLocked(wanted: readonly Wanted[], answer: (units: readonly number[]) => Reply): MemoryRoutine {
    const made = wanted.map(({ booking }) => this.#bookings.get(booking)?.firstUnit);
    if (made.every((unit) => unit !== undefined)) return answer(made);
    if (wanted.some(isEmpty)) return EMPTY;
    const stays: Kept[] = [];
    for (const { booking: id, resource, unit: asked, from, to } of wanted) {
      const unit = this.#freeUnits(resource, { from, to }, stays).find(
        (free) => asked === null || free === asked,
      );
      if (unit === undefined) return TAKEN;
      stays.push({ id, resource, unit, from, to, active: true, firstUnit: unit });
    }
    yield POINT;
    if (!this.#keep(stays)) return TAKEN;
    return answer(stays.map(({ unit }) => unit));
  }

  *#series(wanted: readonly Wanted[]): MemoryRoutine {
    const answer = (units: readonly number[]) => ok({ units });
    if (this.#steps.decidesSeries) return yield* this.#take(wanted, answer);
    yield* this.#lock(wanted.map(({ resource }) => resource));
    const units: number[] = [];
    for (const one of wanted) {
      const reply = yield* this.#takeLocked([one], ([unit]) => ok({ unit }));
      if (reply.outcome !== 'ok') return reply;
      units.push(Number(reply.value['unit']));
    }
    return answer(units);
  }

  *#move({ booking, resource, target }: MoveCall, range: Range): MemoryRoutine {
    yield* this.#lock([resource, target]);
    if (isEmpty(range)) return EMPTY;
    const stay = this.#stay(booking, resource);
    if (!stay) return UNKNOWN;
    if (this.#steps.freesFirst) {
      this.#bookings.set(booking, { ...stay, active: false });
      yield POINT;
    }
    const [unit] = this.#freeUnits(target, range, [], booking);
    if (unit === undefined) {
      if (this.#steps.freesFirst) this.#bookings.set(booking, stay);
      return TAKEN;
    }
    yield POINT;
    const isKept = this.#keep([{ ...stay, ...range, resource: target, unit }]);
    return isKept ? ok({ unit }) : TAKEN;
  }

  *#resize({ booking, resource, to: end }: ResizeCall): MemoryRoutine {
    yield* this.#lock([resource]);
    const stay = this.#stay(booking, resource);
    if (!stay) return UNKNOWN;
    const { to } = this.#rangeOf({ from: end, to: end });
    if (to <= stay.from) return EMPTY;
    const isFree = this.#freeUnits(resource, { from: stay.from, to }, [], booking).includes(stay.unit);
    if (!isFree) return TAKEN;
    yield POINT;
    return this.#keep([{ ...stay, to }]) ? ok({}) : TAKEN;
  }

  *#cancel(booking: string, resource: string): MemoryRoutine {
    yield* this.#lock([resource]);
    const stay = this.#stay(booking, resource);
    if (!stay) return UNKNOWN;
    this.#bookings.set(booking, { ...stay, active: false });
    return ok({});
  }

  *#search(resource: string, range: Range): MemoryRoutine {
    yield POINT;
    if (isEmpty(range)) return EMPTY;
    if (!this.#steps.cachesFree) return ok({ units: this.#freeUnits(resource, range, []) });
    let known = this.#cache.get(resource);
    if (!known) {
      known = this.#active(resource);
      yield POINT;
      this.#cache.set(resource, known);
    }
    return ok({ units: this.#freeAmong(known, resource, range) });
  }

  *#read(resource: string): MemoryRoutine {
    yield POINT;
    const { bookings, units, buffer } = this.#calendar(resource);
    return ok({ units, buffer, bookings });
  }

  *#lock(resources: readonly string[]): Generator<{ lock: string } | undefined, void, void> {
    for (const resource of resources) this.#cache.delete(resource);
    // Always in the same order, so that two requests never wait for each other.
    if (this.#steps.locks) for (const lock of [...new Set(resources)].sort()) yield { lock };
    else yield POINT;
  }

  /** Stores them, if the constraint allows it. */
  #keep(stays: readonly Kept[]): boolean {
    const { constraint } = this.#steps;
    const isAllowed = stays.every((stay) =>
      this.#active(stay.resource).every(
        (other) => other.id === stay.id || other.unit !== stay.unit || !constraint?.(other, stay),
      ),
    );
    if (isAllowed) for (const stay of stays) this.#bookings.set(stay.id, stay);
    return isAllowed;
  }

  #rangeOf(span: Span): Range {
    return this.#steps.rangeOf(this.#zone, span);
  }

  #stay(id: string, resource: string): Kept | undefined {
    const stay = this.#bookings.get(id);
    return stay?.active && stay.resource === resource ? stay : undefined;
  }

  #active(resource: string): Kept[] {
    return [...this.#bookings.values()].filter((stay) => stay.active && stay.resource === resource);
  }

  /** Beside what is booked and `more`, without `except`. */
  #freeUnits(resource: string, range: Range, more: readonly Kept[], except = ''): number[] {
    const others = [...this.#active(resource), ...more.filter((stay) => stay.resource === resource)];
    return this.#freeAmong(
      others.filter(({ id }) => id !== except),
      resource,
      range,
    );
  }

  #freeAmong(stays: readonly Kept[], resource: string, range: Range): number[] {
    const { units, buffer } = this.#resources.get(resource) as Resource;
    return Array.from({ length: units }, (_, i) => i + 1).filter((unit) =>
      stays.every((stay) => stay.unit !== unit || !this.#steps.collides(stay, range, buffer)),
    );
  }

  #calendar(id: string): Calendar {
    const bookings = this.#active(id)
      .map(({ id: booking, unit, from, to }) => ({ id: booking, unit, from, to }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return { ...(this.#resources.get(id) as Resource), bookings };
  }
}
