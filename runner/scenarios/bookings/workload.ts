/** The workload of `bookings`: what the citizens do next, what they know, and what that knowledge forbids. */
import { CONTRACT_RULES, type JsonObject, type RunConfig } from '../../../server/contract/index.ts';
import type { SequentialModel } from '../../checkers/model.ts';
import type { Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import type { ModelPart, Operation, Violation, Workload } from '../scenario.ts';
import {
  type BookCall,
  type BookingCall,
  type BookingWorld,
  numbered,
  type ShownSlot,
  type SlotView,
} from './calls.ts';
import { Facts } from './facts.ts';
import type { KnownBooking } from './ledger.ts';
import { bookingsModel } from './model.ts';
import { cancelsNameCitizens, checkRules, hasIds, isGiven, type ServiceRules, shownAlike } from './rules.ts';
import type { SlotAnswer } from './slot-call.ts';
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
  readonly model: SequentialModel<unknown, unknown, unknown>;
  /** The parts of a `list`. */
  readonly #counts: readonly ModelPart[];
  /** Names of citizens, as far as they were needed. */
  readonly #citizens: string[] = [];
  readonly #rules: Readonly<ServiceRules>;
  readonly #facts: Facts;
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
  readonly #sometimes = {
    'a slot was full': 0,
    'a slot was closed to a booking': 0,
    'a cancel raced a book': 0,
    'a cancel met a booking under cancellation': 0,
  };

  /** The rules are read whenever something is judged: they may still be learned until the first operation. */
  constructor(seed: number, config: RunConfig, rules: Readonly<ServiceRules> = CONTRACT_RULES) {
    checkRules(rules);
    this.world = makeWorld(seed, config, rules);
    this.objects = this.world.slots.map((slot) => slot.id);
    this.model = bookingsModel(rules) as unknown as SequentialModel<unknown, unknown, unknown>;
    this.#counts = this.objects.map((object) => ({ object, call: COUNT }));
    this.#rules = rules;
    this.#facts = new Facts(this.world.slots, rules);
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
        if (!this.#rules.closing) return { actor: citizen, call: { operation: 'read', slot } };
        return {
          actor: 'manager',
          call: { operation, slot: this.#chooseSwitch(prng, operation, slot) },
        };
      case 'read':
        return { actor: citizen, call: { operation: 'read', slot: this.#chooseRead(prng, slot) } };
    }
  }

  repeats(call: BookingCall): boolean {
    if (call.operation === 'book') return this.#rules.keys;
    return call.operation !== 'read' && call.operation !== 'list';
  }

  objectOf(call: BookingCall): string | null {
    return call.operation === 'list' ? null : call.slot;
  }

  readsMayLag(mayLag: boolean): void {
    this.#facts.readsMayLag = mayLag;
  }

  /** None of a read that may lag behind: no order of the operations has to explain it. */
  parts(call: BookingCall): readonly ModelPart[] {
    if (this.#facts.lagOf(call) > 0) return NO_PARTS;
    return call.operation === 'list' ? this.#counts : [{ object: call.slot, call }];
  }

  answers(call: BookingCall, parts: readonly ModelPart[], reply: Reply): readonly unknown[] {
    if (reply.outcome === 'failed') return [];
    if (reply.outcome === 'refused') return parts.map(() => ({ outcome: 'refused', reason: reply.reason }));
    if (call.operation === 'read') return parts.map(() => this.#viewed(reply.value as unknown as ShownSlot));
    if (call.operation !== 'list') return [{ outcome: 'ok', ...reply.value }];
    const rows = reply.value['slots'] as ShownSlot[];
    return parts.map(({ object }, position) => {
      // A right service lists the slots in this order; any other is looked for.
      const row = rows[position]?.id === object ? rows[position] : rows.findLast(({ id }) => id === object);
      return row ? this.#viewed(row) : MISSING;
    });
  }

  /** What a view tells the model. */
  #viewed({ open, capacity, bookings }: ShownSlot): ViewAnswer {
    const shown = shownAlike(this.#rules, bookings);
    return {
      outcome: 'ok',
      ...(isGiven(open) ? { open } : {}),
      ...(isGiven(capacity) ? { capacity } : {}),
      ...(isGiven(shown) ? { bookings: shown } : {}),
    };
  }

  invoked(operation: Operation<BookingCall>): void {
    const { call } = operation;
    if (call.operation === 'book') this.#countBooking(call.slot, 1);
    if (call.operation === 'cancel' && (this.#booking.get(call.slot) ?? 0) > 0)
      this.#sometimes['a cancel raced a book']++;
    if (this.#facts.invoked(operation)) this.#sometimes['a cancel met a booking under cancellation']++;
  }

  completed(
    operation: Operation<BookingCall>,
    reply: Reply,
    completedIndex: number,
    completedMs: number,
  ): Violation | null {
    const { call } = operation;
    if (call.operation === 'book') this.#countBooking(call.slot, -1);
    if (reply.outcome === 'failed') return null;
    if (reply.outcome === 'ok' && call.operation !== 'read' && call.operation !== 'list') {
      this.#noteChange(call.slot);
    }
    switch (call.operation) {
      case 'book':
        if (reply.outcome === 'refused') this.#noteRefusal(reply.reason);
        break;
      case 'open':
        this.#closed.delete(call.slot);
        this.#switched = call.slot;
        break;
      case 'close':
        this.#closed.add(call.slot);
        this.#switched = call.slot;
        break;
      default:
        break;
    }
    return this.#facts.completed(operation, reply, completedIndex, completedMs);
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
    const views = (dump as ShownSlot[]).filter(({ id }) => this.#facts.has(id));
    const shown = new Set(views.map(({ id }) => id));
    const violation = views.map((view) => this.#facts.atRest(view)).find((v) => v !== null);
    const readOf = (object: string, answer: SlotAnswer) => ({
      object,
      call: { operation: 'read', slot: object },
      answer,
    });
    return {
      violation: violation ?? null,
      reads: [
        ...views.map((view) => readOf(view.id, this.#atRest(view))),
        ...this.objects.filter((slot) => !shown.has(slot)).map((slot) => readOf(slot, MISSING)),
      ],
    };
  }

  /** With the capacity in any case, so that a history can begin anew from there. */
  #atRest(view: ShownSlot): SlotAnswer {
    const viewed = this.#viewed(view);
    return { ...view, capacity: this.#facts.capacity(view.id), ...viewed };
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
      if (!this.#closed.has(slot.id) && this.#facts.ledger.inSlot(slot.id).size < slot.capacity) available++;
    }
    return {
      bookings: this.#facts.ledger.active,
      cancellations: this.#facts.cancellations,
      slots_available: available,
    };
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
    const shares = prng.chance(SHARED_KEY_SHARE) && this.#rules.keys;
    const start = prng.float();
    const returns = prng.chance(RETURN_SHARE) ? this.#facts.ledger.lately(start) : undefined;
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
    const gone = late ? this.#facts.ledger.lately(start, ofReturned) : undefined;
    if (gone) return this.#cancelOf(gone);
    const inSlot = this.#facts.ledger.inSlot(slot);
    const near = prng.chance(HOT_SHARE) ? nth(inSlot.values(), inSlot.size, start) : undefined;
    const known = near ?? this.#facts.ledger.at(Math.floor(start * this.#facts.ledger.active));
    if (!known || (known.cancelsBegun > 0 && !allowDouble)) {
      return { actor: citizen, call: { operation: 'read', slot } };
    }
    return this.#cancelOf(known);
  }

  #cancelOf({ id, slot, citizen }: KnownBooking): { actor: string; call: BookingCall } {
    const booking = hasIds(this.#rules) ? id : '';
    const who = cancelsNameCitizens(this.#rules) ? { citizen } : {};
    return { actor: citizen, call: { operation: 'cancel', booking, slot, ...who } };
  }

  #noteRefusal(reason: string): void {
    if (reason === 'full') this.#sometimes['a slot was full']++;
    if (reason === 'closed') this.#sometimes['a slot was closed to a booking']++;
  }
}

/** The item at `draw`, from 0 to 1, of the way through `count` items; undefined when there is none. */
function nth<T>(items: Iterable<T>, count: number, draw: number): T | undefined {
  let left = Math.floor(draw * count);
  for (const item of items) if (left-- === 0) return item;
  return undefined;
}

type ViewAnswer = Extract<SlotAnswer, { outcome: 'ok' }>;

const NO_PARTS: readonly ModelPart[] = [];
const MISSING: SlotAnswer = { outcome: 'ok', missing: true };
const COUNT = { operation: 'count' } as const;
const LIST = { operation: 'list' } as const;

/** So many more citizens than seats, so that a slot can fill and somebody is still left to ask. */
const MORE_CITIZENS_THAN_SEATS = 5;

function makeWorld(
  seed: number,
  config: RunConfig,
  rules: Readonly<ServiceRules>,
): JsonObject & BookingWorld {
  const prng = new Prng(seed, 'world');
  const { least, most } = rules.capacity;
  const slots = Array.from({ length: config.slots }, (_, i) => ({
    id: numbered('slot', i + 1),
    // Small slots fill up soon, and a full slot is where most bugs show.
    capacity: least + prng.below(most - least + 1),
    open: true,
  }));
  const isLarger = rules.onePerCitizen && most > CONTRACT_RULES.capacity.most;
  const needed = isLarger ? most + MORE_CITIZENS_THAN_SEATS : 0;
  return { slots, citizens: Math.max(config.citizens, needed) };
}
