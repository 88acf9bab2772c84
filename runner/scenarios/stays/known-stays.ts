/**
 * What is certain of the bookings in every possible order of events: where each is that was acknowledged, as long as
 * nobody began to change it, and which of them only changes within their resource are under way for.
 */
import type { CancelCall, MoveCall, ResizeCall, Stay } from './calls.ts';

/** Bookings that are remembered; of older ones nothing is certain. */
const REMEMBERED = 256;

export type Change = MoveCall | ResizeCall | CancelCall;

/** A booking as it was acknowledged. */
export interface KnownStay extends Stay {
  readonly resource: string;
  /** The event at which it was. */
  readonly sinceIndex: number;
}

interface Entry {
  /** Null until it is acknowledged. */
  stay: KnownStay | null;
  /** Changes that began since then. */
  begun: number;
  /** True when one of them may take it from its resource. */
  mayLeave: boolean;
  /** True once it can be anywhere: changes overlapped, got no answer, or came before it was acknowledged. */
  isLost: boolean;
}

export class KnownStays {
  readonly #entries = new Map<string, Entry>();
  /** The number of the newest booking that is not remembered any more: a late repeat of it is none that is new. */
  #forgotten = -1;

  /** Somebody asks for a new booking, or asks again. */
  asked(id: string): void {
    if (this.#entries.has(id) || numberOf(id) <= this.#forgotten) return;
    this.#entries.set(id, { stay: null, begun: 0, mayLeave: false, isLost: false });
    if (this.#entries.size <= REMEMBERED) return;
    const oldest = this.#entries.keys().next().value as string;
    this.#entries.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, numberOf(oldest));
  }

  /** It was acknowledged, perhaps again; null when nothing is certain of it. */
  made(stay: KnownStay): KnownStay | null {
    const entry = this.#entries.get(stay.id);
    if (!entry || entry.isLost || entry.begun > 0) return null;
    entry.stay ??= stay;
    return entry.stay;
  }

  changing(call: Change): void {
    const entry = this.#entries.get(call.booking);
    if (!entry) return;
    entry.begun++;
    entry.mayLeave ||=
      call.operation === 'cancel' || (call.operation === 'move' && call.target !== call.resource);
    entry.isLost ||= entry.begun > 1 || entry.stay?.resource !== call.resource;
  }

  /** The only change since it was acknowledged ended, and left it like this; null when nothing is certain of it. */
  changed({ booking }: Change, now: (before: KnownStay) => KnownStay): KnownStay | null {
    const entry = this.#entries.get(booking);
    if (!entry?.stay || entry.isLost) return null;
    entry.stay = now(entry.stay);
    entry.begun = 0;
    entry.mayLeave = false;
    return entry.stay;
  }

  /** Nothing is certain of it any more. */
  lose({ booking }: Change): void {
    const entry = this.#entries.get(booking);
    if (entry) entry.isLost = true;
  }

  /** Where the booking was when the only change of it began; null when that is not certain. */
  before({ booking }: Change): KnownStay | null {
    const entry = this.#entries.get(booking);
    return entry && !entry.isLost && entry.begun === 1 ? entry.stay : null;
  }

  /** Those that have been as they are here since before this event. */
  unchanged(resource: string, beforeIndex: number): KnownStay[] {
    return this.#at(resource, beforeIndex, ({ begun }) => begun === 0);
  }

  /** Those that have been here since before this event, and get another time or unit here. */
  changingHere(resource: string, beforeIndex: number): KnownStay[] {
    return this.#at(resource, beforeIndex, ({ begun, mayLeave }) => begun > 0 && !mayLeave);
  }

  #at(resource: string, beforeIndex: number, isOf: (entry: Entry) => boolean): KnownStay[] {
    const found: KnownStay[] = [];
    for (const entry of this.#entries.values()) {
      const { stay } = entry;
      if (stay?.resource === resource && stay.sinceIndex < beforeIndex && isOf(entry)) found.push(stay);
    }
    return found;
  }
}

/** Citizens number what they ask for. */
function numberOf(id: string): number {
  return Number(/\d+/.exec(id)?.[0] ?? Number.NaN);
}
