/**
 * What is certain in a city by the answers so far and the service's rules, and which answer breaks a named invariant
 * by it.
 */
import type { JsonObject, ServiceRules } from '../../../server/contract/index.ts';
import type { Reply } from '../../service/call.ts';
import type { Operation, Violation } from '../scenario.ts';
import type { BookCall, BookingCall, CancelCall, ShownSlot, SlotSeed } from './calls.ts';
import { CitizenCancels } from './citizen-cancels.ts';
import {
  cancelledByAnother,
  cancelledTwice,
  checkAcknowledged,
  checkRead,
  checkRow,
  reusedId,
  type SlotLimits,
  vanished,
} from './invariants.ts';
import { LaggingReads } from './lagging-reads.ts';
import { type KnownBooking, Ledger } from './ledger.ts';
import { hasIds, isOwnOnly, shownAlike } from './rules.ts';
import type { ShownBooking } from './slot-call.ts';

export class Facts {
  readonly ledger: Ledger;
  /** False while the city is at rest for longer than its reads may lag. */
  readsMayLag = true;
  /** Cancels that were acknowledged. */
  cancellations = 0;
  readonly #rules: Readonly<ServiceRules>;
  readonly #slots: ReadonlyMap<string, SlotSeed>;
  readonly #cancels = new CitizenCancels();
  readonly #lagging: LaggingReads;

  /** `slots` are the world's own, so that the model and every invariant know the same capacity. */
  constructor(slots: readonly SlotSeed[], rules: Readonly<ServiceRules>) {
    this.#rules = rules;
    this.#slots = new Map(slots.map((slot) => [slot.id, slot]));
    this.ledger = new Ledger(slots.map(({ id }) => id));
    this.#lagging = new LaggingReads({
      byCitizen: () => !hasIds(rules),
      hasEffect: (call, citizen) => citizen === null || this.#mayCancel(call, citizen),
    });
  }

  has(slot: string): boolean {
    return this.#slots.has(slot);
  }

  capacity(slot: string): number {
    return this.#slots.get(slot)?.capacity ?? 0;
  }

  /** By how many ms the answer to this call may lag behind. */
  lagOf({ operation }: BookingCall): number {
    if (!this.readsMayLag || (operation !== 'read' && operation !== 'list')) return 0;
    return this.#rules.reads[operation].staleMs;
  }

  /** A call begins; true for a cancel of a booking that somebody cancels already. */
  invoked(operation: Operation<BookingCall>): boolean {
    const { call } = operation;
    if (this.#hasLag()) this.#lagging.invoked(operation);
    if (call.operation !== 'cancel') return false;
    if (!hasIds(this.#rules)) this.#cancels.begun(call.slot, call.citizen ?? '');
    let isUnderCancellation = false;
    for (const known of this.#meantBy(call)) {
      isUnderCancellation ||= known.cancelsBegun > 0;
      known.cancelsBegun++;
    }
    return isUnderCancellation;
  }

  /** A citizen got an answer: the invariant that it breaks, if one. */
  completed(
    operation: Operation<BookingCall>,
    reply: Exclude<Reply, { outcome: 'failed' }>,
    index: number,
    nowMs: number,
  ): Violation | null {
    const { call } = operation;
    switch (call.operation) {
      case 'book':
        return this.#bookAnswered(operation as Operation<BookCall>, reply, index, nowMs);
      case 'cancel': {
        const violation = this.#cancelAnswered(operation as Operation<CancelCall>, reply, index);
        if (this.#hasLag()) this.#lagging.cancelled(operation as Operation<CancelCall>, nowMs);
        return violation;
      }
      case 'read':
        return reply.outcome === 'ok'
          ? this.#wasRead(operation, call.slot, reply.value as unknown as ShownSlot, index)
          : null;
      case 'list':
        return reply.outcome === 'ok' ? this.#wasListed(operation, reply.value) : null;
      case 'open':
      case 'close':
        return null;
    }
  }

  /** A slot in an audit, while nothing is under way. */
  atRest({ id, bookings }: ShownSlot): Violation | null {
    const shown = shownAlike(this.#rules, bookings) ?? 0;
    return checkRead(this.ledger, id, shown, this.#limits(id), Number.MAX_SAFE_INTEGER);
  }

  #hasLag(): boolean {
    const { read, list } = this.#rules.reads;
    return read.staleMs > 0 || list.staleMs > 0;
  }

  #limits(slot: string): SlotLimits {
    return { capacity: this.capacity(slot), onePerCitizen: this.#rules.onePerCitizen };
  }

  #bookAnswered(
    operation: Operation<BookCall>,
    reply: Exclude<Reply, { outcome: 'failed' }>,
    index: number,
    nowMs: number,
  ): Violation | null {
    if (reply.outcome === 'refused') {
      if (this.#hasLag()) this.#lagging.refused(operation);
      return null;
    }
    const id = hasIds(this.#rules) ? String(reply.value['booking']) : null;
    if (this.#hasLag()) this.#lagging.booked(operation, id, nowMs);
    return id === null ? this.#bookedUnnamed(operation, index) : this.#booked(operation.call, id, index);
  }

  #booked(call: BookCall, id: string, index: number): Violation | null {
    const known = this.ledger.get(id);
    if (known) {
      if (!isRepeat(call, known)) return reusedId(call.slot, id, `${known.citizen} in ${known.slot}`);
      known.key = call.key;
      return this.#acknowledged(call);
    }
    const gone = this.ledger.gone(id);
    if (gone) {
      // A late repeat is rightly told the id of its booking, although that was cancelled since.
      return isRepeat(call, gone) ? null : reusedId(call.slot, id, 'a booking that was cancelled since');
    }
    const { slot, citizen, key } = call;
    this.ledger.add({ id, slot, citizen, key, acknowledgedIndex: index });
    return this.#acknowledged(call);
  }

  /** Where ids say nothing, a booking is known by its request. */
  #bookedUnnamed({ call, invokedIndex }: Operation<BookCall>, index: number): Violation | null {
    const { slot, citizen, key } = call;
    const id = JSON.stringify([slot, citizen, key]);
    if (this.ledger.get(id) || this.ledger.gone(id)) return null;
    this.ledger.add({ id, slot, citizen, key, acknowledgedIndex: index, isUnnamed: true });
    const known = this.ledger.get(id) as KnownBooking;
    if (this.#cancels.mayHaveEnded(call, invokedIndex, this.#rules.keys)) known.cancelsBegun = 1;
    return this.#acknowledged(call);
  }

  #acknowledged({ slot, citizen }: BookCall): Violation | null {
    return checkAcknowledged(this.ledger, slot, this.#limits(slot), citizen);
  }

  /** The bookings that are known and that this cancel may end. */
  #meantBy(call: CancelCall): KnownBooking[] {
    if (hasIds(this.#rules)) {
      const known = this.ledger.get(call.booking);
      return known && this.#mayCancel(call, known.citizen) ? [known] : [];
    }
    return [...this.ledger.inSlot(call.slot).values()].filter(({ citizen }) => citizen === call.citizen);
  }

  #mayCancel({ citizen }: CancelCall, owner: string): boolean {
    return !isOwnOnly(this.#rules) || citizen === owner;
  }

  #cancelAnswered(
    operation: Operation<CancelCall>,
    reply: Exclude<Reply, { outcome: 'failed' }>,
    index: number,
  ): Violation | null {
    const { call } = operation;
    if (reply.outcome === 'ok') this.cancellations++;
    if (!hasIds(this.#rules)) return this.#unnamedCancelAnswered(operation, reply.outcome === 'ok', index);
    const known = this.ledger.get(call.booking);
    const owner = (known ?? this.ledger.gone(call.booking))?.citizen;
    if (owner !== undefined && !this.#mayCancel(call, owner)) {
      return reply.outcome === 'ok' ? this.#cancelledByAnother(call, known) : null;
    }
    if (reply.outcome === 'ok') {
      const twice = this.ledger.gone(call.booking)?.acknowledged === true;
      this.ledger.remove(call.booking, true);
      return twice && this.#rules.secondCancel === 'refused' ? cancelledTwice(call.slot, call.booking) : null;
    }
    // The only cancel that was ever begun found nothing: nobody but the service can have taken it away.
    if (known?.cancelsBegun === 1) return vanished(call.slot, `Booking ${call.booking}`);
    this.ledger.remove(call.booking, false);
    return null;
  }

  /** Right only where a cancel is acknowledged again and the booking may be over. */
  #cancelledByAnother(call: CancelCall, known: KnownBooking | undefined): Violation | null {
    const isOver = !known || known.cancelsBegun > 0;
    if (this.#rules.secondCancel === 'ok' && isOver) return null;
    const booking = known ?? (this.ledger.gone(call.booking) as KnownBooking);
    return cancelledByAnother(call.slot, booking, call.citizen ?? 'Somebody');
  }

  #unnamedCancelAnswered(
    { call, invokedIndex }: Operation<CancelCall>,
    isDone: boolean,
    index: number,
  ): Violation | null {
    this.#cancels.ended(call.slot, call.citizen ?? '', index);
    // One that was acknowledged only meanwhile may have come after it.
    const older = this.#meantBy(call).filter(({ acknowledgedIndex }) => acknowledgedIndex < invokedIndex);
    for (const { id, citizen, cancelsBegun } of older) {
      if (!isDone && cancelsBegun === 1) return vanished(call.slot, `The booking of ${citizen}`);
      this.ledger.remove(id, isDone);
    }
    return null;
  }

  #wasRead(
    operation: Operation<BookingCall>,
    slot: string,
    { bookings }: ShownSlot,
    index: number,
  ): Violation | null {
    const shown = shownAlike(this.#rules, bookings) ?? 0;
    const staleMs = this.lagOf(operation.call);
    if (staleMs > 0) {
      const when = { askedMs: operation.invokedMs, staleMs };
      return this.#lagging.check(slot, shown, this.#limits(slot), when);
    }
    const violation = checkRead(this.ledger, slot, shown, this.#limits(slot), operation.invokedIndex);
    if (!violation && typeof shown !== 'number') this.#noteShown(slot, shown, index);
    return violation;
  }

  /** Citizens whose answers were lost find their bookings in a read, so that nothing stays for ever. */
  #noteShown(slot: string, shown: readonly ShownBooking[], index: number): void {
    for (const { id, citizen } of shown) {
      if (id === undefined || citizen === undefined || this.ledger.get(id) || this.ledger.gone(id)) continue;
      this.ledger.add({ id, slot, citizen, key: null, acknowledgedIndex: index });
    }
  }

  #wasListed(operation: Operation<BookingCall>, value: JsonObject): Violation | null {
    const staleMs = this.lagOf(operation.call);
    for (const row of value['slots'] as ShownSlot[]) {
      const { id, bookings } = row;
      // Slots of others than this city may be listed, too.
      if (!this.has(id)) continue;
      const count = typeof bookings === 'number' ? bookings : bookings.length;
      const violation =
        staleMs > 0
          ? this.#lagging.check(id, count, this.#limits(id), { askedMs: operation.invokedMs, staleMs })
          : checkRow(this.ledger, row, count, this.#limits(id), operation.invokedIndex);
      if (violation) return violation;
    }
    return null;
  }
}

/** True when `call` can be the request that made `booking`, or a repeat of it. */
function isRepeat(call: BookCall, booking: KnownBooking): boolean {
  const { key, citizen, slot } = booking;
  return (key === null || key === call.key) && citizen === call.citizen && slot === call.slot;
}
