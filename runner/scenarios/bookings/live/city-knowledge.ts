/** What the citizens of a live city know: what they hold, which requests were never settled, which keys they still have. */
import type { ServiceRules } from '../../../../server/contract/index.ts';
import type { Reply } from '../../../service/call.ts';
import type { BookCall, BookingCall, BookingWorld, CancelCall } from '../calls.ts';
import { hasIds } from '../rules.ts';

/**
 * Requests of a slot that may still take effect at any instant, at most, before the citizens see to it that
 * no more are lost there: each one doubles what can have happened.
 */
const MOST_UNSETTLED = 2;
/** Old requests of a slot that are kept to be repeated, at most. The model remembers their keys for so long. */
const MOST_KEPT = 6;
/** Requests that are kept to the end of the run, one of a slot at most: some services forget keys after a while. */
const MOST_VETERANS = 10;
const FOR_WANT_OF_SEATS: readonly string[] = ['full', 'unavailable'];

/** A booking that was acknowledged, and whose cancel nobody has an answer to. */
export interface HeldBooking {
  readonly id: string;
  readonly call: BookCall;
}

interface SlotKnowledge {
  readonly capacity: number;
  open: boolean;
  /** The last booking was refused: somebody has a seat of whom nobody knows. */
  refused: boolean;
  /** A booking was refused for want of a seat. */
  wasFull: boolean;
  held: Map<string, HeldBooking>;
  /** Requests without an answer that were not settled by a later one, by what they are about. */
  unsettled: Map<string, BookingCall>;
  /** Requests under way whose answer is going to be lost. */
  losing: number;
  /** Requests to be repeated later, by key. */
  kept: BookCall[];
  /** A request whose key is asked for again and again, to the end. */
  veteran: BookCall | null;
}

export class CityKnowledge {
  readonly slots: readonly string[];
  readonly #bySlot = new Map<string, SlotKnowledge>();
  /** Bookings that are over: a late repeat may still tell of one. The newest few thousand are enough. */
  readonly #over = new Set<string>();
  readonly #rules: Readonly<ServiceRules>;
  #veterans = 0;

  constructor(world: BookingWorld, rules: Readonly<ServiceRules>) {
    this.#rules = rules;
    this.slots = world.slots.map(({ id }) => id);
    for (const { id, capacity } of world.slots) {
      this.#bySlot.set(id, {
        capacity,
        open: true,
        refused: false,
        wasFull: false,
        held: new Map(),
        unsettled: new Map(),
        losing: 0,
        kept: [],
        veteran: null,
      });
    }
  }

  held(slot: string): readonly HeldBooking[] {
    return [...this.#of(slot).held.values()];
  }

  /** True for a booking that was cancelled, as far as it is remembered. */
  isOver(id: string): boolean {
    return this.#over.has(id);
  }

  isOpen(slot: string): boolean {
    return this.#of(slot).open;
  }

  /** Seats that nobody is known to hold; below 0 when a cancel is known by its effects only. */
  free(slot: string): number {
    const { capacity, held } = this.#of(slot);
    return capacity - held.size;
  }

  /** True when no seat can be had any more of an API that has no cancel. */
  isSoldOut(slot: string): boolean {
    return this.#of(slot).wasFull || this.free(slot) <= 0;
  }

  capacity(slot: string): number {
    return this.#of(slot).capacity;
  }

  /** True for an open slot with a seat left, as far as citizens can know: all that was asked is answered. */
  isCertain(slot: string): boolean {
    const { open, refused, unsettled } = this.#of(slot);
    return open && !refused && this.free(slot) > 0 && unsettled.size === 0;
  }

  /** True while too much about the slot is uncertain for one more answer to be lost. */
  isUncertain(slot: string | null): boolean {
    return slot !== null && this.#of(slot).unsettled.size >= MOST_UNSETTLED;
  }

  /**
   * May the answer to this request be lost on purpose? Not that of a switch: no later answer ever settles
   * whether a lost one is still to come, so the slot would be judged less sharply from then on.
   */
  mayLose(call: BookingCall): boolean {
    if (call.operation === 'read' || call.operation === 'list') return true;
    if (call.operation === 'open' || call.operation === 'close') return false;
    const { unsettled, losing } = this.#of(call.slot);
    return unsettled.size + losing < MOST_UNSETTLED && !unsettled.has(this.#aboutOf(call) as string);
  }

  /** The answer to this request is going to be lost (`1`), or has been (`-1`). */
  losing(call: BookingCall, change: 1 | -1): void {
    if (call.operation !== 'list') this.#of(call.slot).losing += change;
  }

  /** Bookings that were asked for in vain and may still be made; to be asked for again. */
  unsettledBooks(slot: string): BookCall[] {
    return [...this.#of(slot).unsettled.values()].filter((call) => call.operation === 'book');
  }

  /** Keeps a request for a late repeat, unless the slot has enough of them; `surely` for one that will come. */
  keep(call: BookCall, surely: boolean): void {
    const { kept } = this.#of(call.slot);
    if (surely || kept.length < MOST_KEPT) kept.push(call);
  }

  /** True while the key of this request may be used again. */
  mayRepeat(call: BookCall): boolean {
    const { kept, unsettled, veteran } = this.#of(call.slot);
    return kept.includes(call) || veteran === call || unsettled.has(this.#aboutOf(call) as string);
  }

  kept(slot: string): readonly BookCall[] {
    return this.#of(slot).kept;
  }

  /** The request of this slot that is repeated to the end of the run. */
  veteran(slot: string): BookCall | null {
    return this.#of(slot).veteran;
  }

  /** The request is repeated for the last time. */
  release(call: BookCall): void {
    const knowledge = this.#of(call.slot);
    knowledge.kept = knowledge.kept.filter((other) => other !== call);
    if (knowledge.veteran !== call) return;
    knowledge.veteran = null;
    this.#veterans--;
  }

  /** No answer will come to a request that reached the service. */
  lost(call: BookingCall): void {
    const about = this.#aboutOf(call);
    if (about !== null && call.operation !== 'list') this.#of(call.slot).unsettled.set(about, call);
  }

  answered(call: BookingCall, reply: Reply): void {
    if (call.operation === 'list') return;
    const knowledge = this.#of(call.slot);
    switch (call.operation) {
      case 'book':
        knowledge.refused = reply.outcome === 'refused';
        if (reply.outcome === 'refused' && FOR_WANT_OF_SEATS.includes(reply.reason)) knowledge.wasFull = true;
        if (reply.outcome === 'ok') this.#booked(knowledge, call, this.#idOf(call, reply));
        // Without keys it was this very request that was refused, and no other of it is under way.
        else if (!this.#rules.keys) knowledge.unsettled.delete(this.#aboutOf(call) as string);
        break;
      case 'cancel':
        if (call.citizen !== undefined && isForeign(call, knowledge) && this.#rules.ownCancelOnly) break;
        // Done or refused: either way it is over with the booking, and no lost cancel can do more.
        knowledge.held.delete(call.booking);
        knowledge.unsettled.delete(this.#aboutOf(call) as string);
        this.#remember(call.booking);
        break;
      case 'open':
      case 'close':
        knowledge.open = call.operation === 'open';
        break;
      case 'read':
        if (!this.#rules.keys && reply.outcome === 'ok') this.#seen(knowledge, reply.value['bookings']);
        break;
    }
  }

  /** The id by which a citizen knows a booking; its citizen, where the service gives none. */
  #idOf(call: BookCall, reply: Extract<Reply, { outcome: 'ok' }>): string {
    const id = reply.value['booking'];
    return !hasIds(this.#rules) || id === undefined ? `of ${call.citizen}` : String(id);
  }

  /** Without keys a look alone tells a citizen what became of a request without an answer. */
  #seen(knowledge: SlotKnowledge, shown: unknown): void {
    if (!Array.isArray(shown)) return;
    for (const { id, citizen } of shown as { id?: string; citizen?: string }[]) {
      if (citizen === undefined || (id === undefined && hasIds(this.#rules))) continue;
      const own = [...knowledge.unsettled.values()].find(
        (call): call is BookCall => call.operation === 'book' && call.citizen === citizen,
      );
      const known = !hasIds(this.#rules) ? `of ${citizen}` : String(id);
      if (own && !knowledge.held.has(known)) this.#booked(knowledge, own, known);
    }
  }

  #booked(knowledge: SlotKnowledge, call: BookCall, id: string): void {
    knowledge.unsettled.delete(this.#aboutOf(call) as string);
    // A name that is used again, as that of a citizen, is a new booking.
    if (!hasIds(this.#rules)) this.#over.delete(id);
    if (!this.#over.has(id)) knowledge.held.set(id, { id, call });
    if (knowledge.veteran !== null || this.#veterans >= MOST_VETERANS) return;
    knowledge.veteran = call;
    this.#veterans++;
  }

  #remember(id: string): void {
    this.#over.add(id);
    if (this.#over.size > 4_096) this.#over.delete(this.#over.values().next().value as string);
  }

  #of(slot: string): SlotKnowledge {
    const found = this.#bySlot.get(slot);
    if (!found) throw new Error(`The city has no slot ${JSON.stringify(slot)}.`);
    return found;
  }

  /** What a request is about, equal for its repeats; null for one that changes nothing. */
  #aboutOf(call: BookingCall): string | null {
    switch (call.operation) {
      case 'book':
        return `book ${JSON.stringify([call.citizen, call.key])}`;
      case 'cancel':
        return `cancel ${call.booking}`;
      case 'open':
      case 'close':
        // Nothing ever settles a lost switch: it counts for good.
        return call.operation;
      default:
        return null;
    }
  }
}

/** True for the cancel of somebody whose booking it is not. */
function isForeign({ booking, citizen }: CancelCall, { held }: SlotKnowledge): boolean {
  const known = held.get(booking);
  return known !== undefined && known.call.citizen !== citizen;
}
