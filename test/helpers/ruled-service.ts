/** A booking service in memory that keeps given rules, one call at a time; or breaks one of them in a known way. */
import type { BookingCall, SlotSeed } from '../../runner/scenarios/bookings/calls.ts';
import type { Reply } from '../../runner/service/call.ts';
import type { Prng } from '../../runner/sim/prng.ts';
import type { JsonObject, ServiceRules } from '../../server/contract/index.ts';

/** What a service does wrong. */
export type Fault =
  | 'overbooks'
  | 'books-a-citizen-twice'
  | 'refuses-a-second-booking'
  | 'forgets-a-booking'
  | 'hides-a-booking'
  | 'cancels-nothing'
  | 'acknowledges-a-second-cancel'
  | 'closes'
  | 'lets-others-cancel'
  | 'lags-longer'
  | 'lists-one-too-many'
  | 'leaves-a-slot-out'
  | 'books-again-for-a-key';

interface Booking {
  readonly id: string;
  readonly slot: string;
  readonly citizen: string;
  readonly key: string;
  active: boolean;
}

/** One slot as it was from an instant on. */
interface Version {
  readonly sinceMs: number;
  readonly slot: string;
  readonly open: boolean;
  readonly bookings: readonly { id: string; citizen: string }[];
}

type Answer = Exclude<Reply, { outcome: 'failed' }>;

/** What views show, besides what the rules say. */
export interface Telling {
  readonly ids: boolean;
  readonly citizens: boolean;
  readonly capacityAndOpen: boolean;
  readonly reasons: boolean;
}

export const TELLS_ALL: Telling = { ids: true, citizens: true, capacityAndOpen: true, reasons: true };

export class RuledService {
  readonly #slots: readonly SlotSeed[];
  readonly #rules: Readonly<ServiceRules>;
  readonly #fault: Fault | null;
  readonly #telling: Telling;
  readonly #prng: Prng;
  readonly #bookings: Booking[] = [];
  readonly #closed = new Set<string>();
  readonly #versions: Version[] = [];

  constructor(
    slots: readonly SlotSeed[],
    rules: Readonly<ServiceRules>,
    prng: Prng,
    { fault = null, telling = TELLS_ALL }: { fault?: Fault | null; telling?: Telling } = {},
  ) {
    this.#slots = slots;
    this.#rules = rules;
    this.#fault = fault;
    this.#telling = telling;
    this.#prng = prng;
    for (const { id } of slots) this.#note(id, Number.NEGATIVE_INFINITY);
  }

  run(call: BookingCall, nowMs: number): Answer {
    switch (call.operation) {
      case 'book': {
        const answer = this.#book(call.slot, call.citizen, call.key);
        this.#note(call.slot, nowMs);
        return answer;
      }
      case 'cancel': {
        const answer = this.#cancel(call.booking, call.slot, call.citizen);
        this.#note(call.slot, nowMs);
        return answer;
      }
      case 'open':
      case 'close':
        if (call.operation === 'close') this.#closed.add(call.slot);
        else this.#closed.delete(call.slot);
        this.#note(call.slot, nowMs);
        return { outcome: 'ok', value: {} };
      case 'read':
        return { outcome: 'ok', value: this.#view(call.slot, this.#instant('read', nowMs)) };
      case 'list':
        return { outcome: 'ok', value: { slots: this.#list(this.#instant('list', nowMs)) } };
    }
  }

  dump(): JsonObject[] {
    return this.#slots.map(({ id }) => this.#view(id, Number.POSITIVE_INFINITY));
  }

  #list(atMs: number): JsonObject[] {
    const rows = this.#slots.map(({ id }) => {
      const { bookings, ...row } = this.#view(id, atMs);
      const count = typeof bookings === 'number' ? bookings : (bookings as unknown[]).length;
      return { ...row, bookings: count + (this.#fault === 'lists-one-too-many' && count > 0 ? 1 : 0) };
    });
    // Another city lives on the same server.
    const foreign = { id: 'slot-of-others', bookings: 7 };
    return this.#fault === 'leaves-a-slot-out' ? [foreign, ...rows.slice(1)] : [foreign, ...rows];
  }

  /** The instant that an answer shows. */
  #instant(operation: 'read' | 'list', nowMs: number): number {
    const { staleMs } = this.#rules.reads[operation];
    const lag = this.#fault === 'lags-longer' ? staleMs * 8 : staleMs;
    return nowMs - this.#prng.float() * lag;
  }

  #view(slot: string, atMs: number): JsonObject {
    const { open, bookings } = this.#versions.findLast(
      (version) => version.slot === slot && version.sinceMs <= atMs,
    ) as Version;
    const { ids, citizens, capacityAndOpen } = this.#telling;
    const capacity = this.#slots.find(({ id }) => id === slot)?.capacity ?? 0;
    const shown = this.#fault === 'hides-a-booking' ? bookings.slice(1) : bookings;
    const rows = shown.map(({ id, citizen }) => ({
      ...(ids ? { id } : {}),
      ...(citizens ? { citizen } : {}),
    }));
    return {
      id: slot,
      ...(capacityAndOpen ? { capacity, open } : {}),
      bookings: ids || citizens ? rows : rows.length,
    };
  }

  #note(slot: string, sinceMs: number): void {
    const bookings = this.#active(slot).map(({ id, citizen }) => ({ id, citizen }));
    this.#versions.push({ sinceMs, slot, open: !this.#closed.has(slot), bookings });
  }

  #active(slot: string): Booking[] {
    return this.#bookings.filter((booking) => booking.active && booking.slot === slot);
  }

  #book(slot: string, citizen: string, key: string): Answer {
    const honours = this.#rules.keys && this.#fault !== 'books-again-for-a-key';
    const own = this.#bookings.find((b) => b.key === key && b.citizen === citizen && b.slot === slot);
    if (honours && own) return this.#booked(own.id);
    const reason = this.#reason(slot, citizen);
    if (reason !== null) {
      return { outcome: 'refused', reason: this.#telling.reasons ? reason : 'unavailable' };
    }
    const id = `b-${this.#bookings.length + 1}`;
    const isForgotten = this.#fault === 'forgets-a-booking' && this.#prng.chance(0.2);
    this.#bookings.push({ id, slot, citizen, key, active: !isForgotten });
    return this.#booked(id);
  }

  #booked(id: string): Answer {
    return { outcome: 'ok', value: this.#telling.ids ? { booking: id } : {} };
  }

  #reason(slot: string, citizen: string): string | null {
    const active = this.#active(slot);
    const capacity = this.#slots.find(({ id }) => id === slot)?.capacity ?? 0;
    const fault = this.#fault;
    if (this.#closed.has(slot) || (fault === 'closes' && this.#prng.chance(0.1))) return 'closed';
    const onePerCitizen = this.#rules.onePerCitizen
      ? fault !== 'books-a-citizen-twice'
      : fault === 'refuses-a-second-booking';
    if (onePerCitizen && active.some((booking) => booking.citizen === citizen)) return 'already-booked';
    return active.length >= capacity + (fault === 'overbooks' ? 1 : 0) ? 'full' : null;
  }

  #cancel(id: string, slot: string, by: string | undefined): Answer {
    const byCitizen = this.#rules.cancelsBy === 'citizen';
    const booking = this.#active(slot).find((b) => (byCitizen ? b.citizen === by : b.id === id));
    const again = this.#rules.secondCancel === 'ok' || this.#fault === 'acknowledges-a-second-cancel';
    if (!booking)
      return again ? { outcome: 'ok', value: {} } : { outcome: 'refused', reason: 'no-such-booking' };
    const isForeign = this.#rules.ownCancelOnly && booking.citizen !== by;
    if (isForeign && this.#fault !== 'lets-others-cancel') return { outcome: 'refused', reason: 'not-yours' };
    if (this.#fault !== 'cancels-nothing') booking.active = false;
    return { outcome: 'ok', value: {} };
  }
}
