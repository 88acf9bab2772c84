/** The workload of `bookings`: what the citizens do next, what they know, and what that knowledge forbids. */
import type { JsonObject, RunConfig } from '../../../server/contract/index.ts';
import type { SequentialModel } from '../../checkers/model.ts';
import type { Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import type { ModelPart, Operation, Violation, Workload } from '../scenario.ts';
import {
  type BookCall,
  type BookingCall,
  type BookingWorld,
  type CancelCall,
  numbered,
  type SlotRow,
  type SlotView,
} from './calls.ts';
import { cancelledTwice, checkAcknowledged, checkRead, checkRow, reusedId, vanished } from './invariants.ts';
import { type KnownBooking, Ledger } from './ledger.ts';
import { bookingsModel } from './model.ts';
import type { SlotState } from './slot-state.ts';

/** How often citizens do what, in parts of 100. */
const MIX = { book: 46, cancel: 26, read: 14, list: 4, close: 4, open: 6 } as const;
/** The operation for each number from 0 to 99 that may be drawn. */
const DRAWN = Object.entries(MIX).flatMap(([operation, share]) =>
  Array.from({ length: share }, () => operation as keyof typeof MIX),
);
/** This share of the requests goes to one slot, so that citizens meet. */
const HOT_SHARE = 0.85;
/** Which slot that is changes after so many operations: an empty slot that fills shows more than a full one. */
const HOT_FOR = 30;
/** This share of the cancels is of a booking that somebody may be cancelling already. */
const DOUBLE_CANCEL_SHARE = 0.2;
/** This share of the cancels is of a booking whose cancellation was acknowledged before. */
const LATE_CANCEL_SHARE = 0.1;
/** This share of those is of a citizen who is in the slot again. */
const LATE_CANCEL_OF_RETURNED_SHARE = 0.7;
/** This share of the bookings is made by a citizen who had one in the slot and lost it lately. */
const RETURN_SHARE = 0.25;
/** This share of the bookings comes with a key that another citizen, or the same for another slot, used lately. */
const SHARED_KEY_SHARE = 0.15;
/** This share of the reads is of a slot that was changed just now, where an anomaly shows. */
const LOOK_AFTER_SHARE = 0.6;
/** Once a slot was opened or closed, the next operation is a read of it with this probability. */
const LOOK_AT_SWITCHED_SHARE = 0.6;
/** This share of the switches is of a slot that somebody is booking. */
const SWITCH_BUSY_SHARE = 0.5;
/** So many of the slots that were changed last are looked at again. */
const CHANGES_REMEMBERED = 3;
/** So many of the newest keys may be used again in this way. */
const KEYS_REMEMBERED = 16;

export class BookingsWorkload implements Workload<BookingCall> {
  readonly world: JsonObject & BookingWorld;
  readonly objects: readonly string[];
  readonly model = bookingsModel as unknown as SequentialModel<unknown, unknown, unknown>;
  /** The parts of a `list`. */
  readonly #counts: readonly ModelPart[];
  /** Names of citizens, as far as they were needed. */
  readonly #citizens: string[] = [];
  readonly #ledger: Ledger;
  readonly #capacity = new Map<string, number>();
  readonly #closed = new Set<string>();
  /** How many book requests are under way, by slot. */
  readonly #booking = new Map<string, number>();
  readonly #seed: number;
  #hot = { block: -1, slot: '' };
  /** Who used which key where, newest last; each is used a second time at most. */
  readonly #keys: BookCall[] = [];
  /** Slots changed last, newest last. */
  readonly #changed: string[] = [];
  /** A slot that was opened or closed and not looked at since. */
  #switched: string | undefined;
  #cancellations = 0;
  readonly #sometimes = {
    'a slot was full': 0,
    'a slot was closed to a booking': 0,
    'a cancel raced a book': 0,
    'a cancel met a booking under cancellation': 0,
  };

  constructor(seed: number, config: RunConfig) {
    this.world = makeWorld(seed, config);
    this.objects = this.world.slots.map((slot) => slot.id);
    this.#counts = this.objects.map((object) => ({ object, call: COUNT }));
    for (const slot of this.world.slots) this.#capacity.set(slot.id, slot.capacity);
    this.#ledger = new Ledger(this.objects);
    this.#seed = seed;
  }

  plan(n: number, prng: Prng, focus: string | null): { actor: string; call: BookingCall } {
    const citizen = this.#citizen(prng.below(this.world.citizens));
    if (focus !== null) return this.#planBook(n, prng, citizen, focus);
    const switched = prng.chance(LOOK_AT_SWITCHED_SHARE) ? this.#takeSwitched() : undefined;
    if (switched !== undefined) return { actor: citizen, call: { operation: 'read', slot: switched } };
    const operation = DRAWN[prng.below(DRAWN.length)] as keyof typeof MIX;
    const slot = this.#chooseSlot(n, prng);
    switch (operation) {
      case 'book':
        return this.#planBook(n, prng, citizen, slot);
      case 'cancel':
        return this.#planCancel(prng, citizen, slot);
      case 'list':
        return { actor: citizen, call: LIST };
      case 'open':
      case 'close':
        return {
          actor: 'manager',
          call: { operation, slot: this.#chooseSwitch(prng, operation, slot) },
        };
      case 'read':
        return { actor: citizen, call: { operation: 'read', slot: this.#chooseRead(prng, slot) } };
    }
  }

  repeats(call: BookingCall): boolean {
    return call.operation !== 'read' && call.operation !== 'list';
  }

  objectOf(call: BookingCall): string | null {
    return call.operation === 'list' ? null : call.slot;
  }

  parts(call: BookingCall): readonly ModelPart[] {
    return call.operation === 'list' ? this.#counts : [{ object: call.slot, call }];
  }

  answers(call: BookingCall, parts: readonly ModelPart[], reply: Reply): readonly unknown[] {
    if (reply.outcome === 'failed') return [];
    if (reply.outcome === 'refused') return parts.map(() => ({ outcome: 'refused', reason: reply.reason }));
    if (call.operation !== 'list') return [{ outcome: 'ok', ...reply.value }];
    const rows = reply.value['slots'] as SlotRow[];
    return parts.map(({ object }, position) => {
      // A right service lists the slots in this order; any other is looked for.
      const row = rows[position]?.id === object ? rows[position] : rows.findLast(({ id }) => id === object);
      if (!row) return { outcome: 'ok', missing: true };
      return { outcome: 'ok', open: row.open, capacity: row.capacity, bookings: row.bookings };
    });
  }

  invoked({ call }: Operation<BookingCall>): void {
    if (call.operation === 'book') this.#countBooking(call.slot, 1);
    if (call.operation !== 'cancel') return;
    if ((this.#booking.get(call.slot) ?? 0) > 0) this.#sometimes['a cancel raced a book']++;
    const known = this.#ledger.get(call.booking);
    if (!known) return;
    if (known.cancelsBegun > 0) this.#sometimes['a cancel met a booking under cancellation']++;
    known.cancelsBegun++;
  }

  completed(operation: Operation<BookingCall>, reply: Reply, completedIndex: number): Violation | null {
    const { call } = operation;
    if (call.operation === 'book') this.#countBooking(call.slot, -1);
    if (reply.outcome === 'failed') return null;
    if (reply.outcome === 'ok' && call.operation !== 'read' && call.operation !== 'list') {
      this.#noteChange(call.slot);
    }
    switch (call.operation) {
      case 'book':
        return reply.outcome === 'ok'
          ? this.#booked(call, reply.value, completedIndex)
          : this.#noteRefusal(reply.reason);
      case 'cancel':
        return this.#cancelAnswered(call, reply);
      case 'read':
        return reply.outcome === 'ok'
          ? this.#wasRead(operation, reply.value as unknown as SlotView, completedIndex)
          : null;
      case 'list':
        return reply.outcome === 'ok' ? this.#checkList(reply.value, operation.invokedIndex) : null;
      case 'open':
        this.#closed.delete(call.slot);
        this.#switched = call.slot;
        return null;
      case 'close':
        this.#closed.add(call.slot);
        this.#switched = call.slot;
        return null;
    }
  }

  unanswered({ call }: Operation<BookingCall>): void {
    if (call.operation === 'book') this.#countBooking(call.slot, -1);
  }

  forgettable(call: BookingCall): boolean {
    return call.operation === 'book';
  }

  audit(dump: unknown): ReturnType<Workload<BookingCall>['audit']> {
    if (!Array.isArray(dump)) {
      throw new Error(
        `The service's inspect() gave ${typeof dump}, but for bookings it is a list of slots: [{ id, capacity, open, bookings: [{ id, citizen }] }, …].`,
      );
    }
    const views = dump as SlotView[];
    const violation = views
      .map((view) => checkRead(this.#ledger, view, Number.MAX_SAFE_INTEGER))
      .find((v) => v !== null);
    return {
      violation: violation ?? null,
      reads: views.map((view) => ({
        object: view.id,
        call: { operation: 'read', slot: view.id },
        answer: { outcome: 'ok', ...view },
      })),
    };
  }

  show(object: string, state: unknown): SlotView {
    const { capacity, open, entries } = state as SlotState;
    const active = entries.filter((entry) => entry.active);
    return {
      id: object,
      capacity,
      open,
      bookings: active.map(({ id, citizen }) => ({ id: id ?? '(not known)', citizen })),
    };
  }

  metrics(): Record<string, number> {
    let available = 0;
    for (const slot of this.world.slots) {
      if (!this.#closed.has(slot.id) && this.#ledger.inSlot(slot.id).size < slot.capacity) available++;
    }
    return { bookings: this.#ledger.active, cancellations: this.#cancellations, slots_available: available };
  }

  sometimes(): Record<string, number> {
    return { ...this.#sometimes };
  }

  #citizen(position: number): string {
    this.#citizens[position] ??= numbered('citizen', position + 1);
    return this.#citizens[position];
  }

  #countBooking(slot: string, change: number): void {
    const count = (this.#booking.get(slot) ?? 0) + change;
    if (count > 0) this.#booking.set(slot, count);
    else this.#booking.delete(slot);
  }

  #noteChange(slot: string): void {
    this.#changed.push(slot);
    if (this.#changed.length > CHANGES_REMEMBERED) this.#changed.shift();
  }

  #chooseSlot(n: number, prng: Prng): string {
    const hot = prng.chance(HOT_SHARE);
    const other = this.objects[prng.below(this.objects.length)] as string;
    return hot ? this.#hotSlot(n) : other;
  }

  /** Depends on the operation's number alone, so that leaving others out does not move it. */
  #hotSlot(n: number): string {
    const block = Math.floor(n / HOT_FOR);
    if (block !== this.#hot.block) {
      const slot = new Prng(this.#seed, 'world', 1 + block).pick(this.objects);
      this.#hot = { block, slot };
    }
    return this.#hot.slot;
  }

  /** Managers open what is closed, and close what is being booked, most of the time. */
  #chooseSwitch(prng: Prng, operation: string, slot: string): string {
    const draw = prng.float();
    const busy = prng.chance(SWITCH_BUSY_SHARE);
    if (operation === 'open') return nth(this.#closed, this.#closed.size, draw) ?? slot;
    return (busy ? nth(this.#booking.keys(), this.#booking.size, draw) : undefined) ?? slot;
  }

  #chooseRead(prng: Prng, slot: string): string {
    const draw = prng.float();
    if (!prng.chance(LOOK_AFTER_SHARE)) return slot;
    return this.#takeSwitched() ?? this.#changed[Math.floor(draw * this.#changed.length)] ?? slot;
  }

  #takeSwitched(): string | undefined {
    const switched = this.#switched;
    this.#switched = undefined;
    return switched;
  }

  #planBook(n: number, prng: Prng, citizen: string, slot: string): { actor: string; call: BookCall } {
    const shares = prng.chance(SHARED_KEY_SHARE);
    const start = prng.float();
    const returns = prng.chance(RETURN_SHARE) ? this.#ledger.lately(start) : undefined;
    const who = returns ?? { citizen, slot };
    const own: BookCall = { operation: 'book', slot: who.slot, citizen: who.citizen, key: `k-${n}` };
    const key = shares ? this.#takeKeyOfAnother(own, start) : undefined;
    if (key !== undefined) return { actor: own.citizen, call: { ...own, key } };
    this.#keys.push(own);
    if (this.#keys.length > KEYS_REMEMBERED) this.#keys.shift();
    return { actor: own.citizen, call: own };
  }

  /** A key is unrelated to the same one of another citizen or slot; with both the same it is a repeat. */
  #takeKeyOfAnother({ citizen, slot }: BookCall, draw: number): string | undefined {
    const others = this.#keys.filter((call) => call.citizen !== citizen || call.slot !== slot);
    const other = others[Math.floor(draw * others.length)];
    if (other) this.#keys.splice(this.#keys.indexOf(other), 1);
    return other?.key;
  }

  #planCancel(prng: Prng, citizen: string, slot: string): { actor: string; call: BookingCall } {
    const start = prng.float();
    const allowDouble = prng.chance(DOUBLE_CANCEL_SHARE);
    const late = prng.chance(LATE_CANCEL_SHARE);
    const ofReturned = prng.chance(LATE_CANCEL_OF_RETURNED_SHARE);
    const gone = late ? this.#ledger.lately(start, ofReturned) : undefined;
    if (gone)
      return { actor: gone.citizen, call: { operation: 'cancel', booking: gone.id, slot: gone.slot } };
    const inSlot = this.#ledger.inSlot(slot);
    const near = prng.chance(HOT_SHARE) ? nth(inSlot.values(), inSlot.size, start) : undefined;
    const known = near ?? this.#ledger.at(Math.floor(start * this.#ledger.active));
    if (!known || (known.cancelsBegun > 0 && !allowDouble)) {
      return { actor: citizen, call: { operation: 'read', slot } };
    }
    return { actor: known.citizen, call: { operation: 'cancel', booking: known.id, slot: known.slot } };
  }

  #booked(call: BookCall, value: JsonObject, completedIndex: number): Violation | null {
    const id = String(value['booking']);
    const known = this.#ledger.get(id);
    if (known) {
      if (!isRepeat(call, known)) return reusedId(call.slot, id, `${known.citizen} in ${known.slot}`);
      known.key = call.key;
      return checkAcknowledged(this.#ledger, call.slot, this.#capacity.get(call.slot) ?? 0, call.citizen);
    }
    const gone = this.#ledger.gone(id);
    if (gone) {
      // A late repeat is rightly told the id of its booking, although that was cancelled since.
      return isRepeat(call, gone) ? null : reusedId(call.slot, id, 'a booking that was cancelled since');
    }
    this.#ledger.add({
      id,
      slot: call.slot,
      citizen: call.citizen,
      key: call.key,
      acknowledgedIndex: completedIndex,
    });
    return checkAcknowledged(this.#ledger, call.slot, this.#capacity.get(call.slot) ?? 0, call.citizen);
  }

  #noteRefusal(reason: string): null {
    if (reason === 'full') this.#sometimes['a slot was full']++;
    if (reason === 'closed') this.#sometimes['a slot was closed to a booking']++;
    return null;
  }

  #cancelAnswered(call: CancelCall, reply: Reply): Violation | null {
    const known = this.#ledger.get(call.booking);
    if (reply.outcome === 'ok') {
      this.#cancellations++;
      const twice = this.#ledger.gone(call.booking)?.acknowledged === true;
      this.#ledger.remove(call.booking, true);
      return twice && reply.value['again'] !== true ? cancelledTwice(call.slot, call.booking) : null;
    }
    // The only cancel that was ever begun found nothing: nobody but the service can have taken it away.
    if (known?.cancelsBegun === 1) return vanished(call.slot, call.booking);
    this.#ledger.remove(call.booking, false);
    return null;
  }

  /** Citizens whose answers were lost find their bookings in a read, so that nothing stays for ever. */
  #wasRead(operation: Operation<BookingCall>, view: SlotView, completedIndex: number): Violation | null {
    const violation = checkRead(this.#ledger, view, operation.invokedIndex);
    if (violation) return violation;
    for (const { id, citizen } of view.bookings) {
      if (this.#ledger.get(id) || this.#ledger.gone(id)) continue;
      this.#ledger.add({ id, slot: view.id, citizen, key: null, acknowledgedIndex: completedIndex });
    }
    return null;
  }

  #checkList(value: JsonObject, invokedIndex: number): Violation | null {
    for (const row of value['slots'] as SlotRow[]) {
      const violation = checkRow(this.#ledger, row, invokedIndex);
      if (violation) return violation;
    }
    return null;
  }
}

/** The item at `draw`, from 0 to 1, of the way through `count` items; undefined when there is none. */
function nth<T>(items: Iterable<T>, count: number, draw: number): T | undefined {
  let left = Math.floor(draw * count);
  for (const item of items) if (left-- === 0) return item;
  return undefined;
}

/** True when `call` can be the request that made `booking`, or a repeat of it. */
function isRepeat(call: BookCall, booking: KnownBooking): boolean {
  const { key, citizen, slot } = booking;
  return (key === null || key === call.key) && citizen === call.citizen && slot === call.slot;
}

const COUNT = { operation: 'count' } as const;
const LIST = { operation: 'list' } as const;

function makeWorld(seed: number, config: RunConfig): JsonObject & BookingWorld {
  const prng = new Prng(seed, 'world');
  const slots = Array.from({ length: config.slots }, (_, i) => ({
    id: numbered('slot', i + 1),
    // Small slots fill up soon, and a full slot is where most bugs show.
    capacity: 1 + prng.below(5),
    open: true,
  }));
  return { slots, citizens: config.citizens };
}
