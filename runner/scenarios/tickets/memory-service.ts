/** The reference box office in memory; a known bug replaces single steps. */
import type { Call, MemoryRoutine, MemoryService, Reply, ServiceClock } from '../../public.ts';
import { setNewest } from '../../sim/newest-map.ts';
import type {
  EventShown,
  HoldCall,
  JoinCall,
  OrderCall,
  PayCall,
  TicketCall,
  TransferCall,
  Venue,
} from './calls.ts';
import { EventBook, type Row } from './memory-event.ts';
import { type MemorySteps, rightMemorySteps } from './memory-steps.ts';
import {
  AVAILABLE,
  ENDED,
  NOT_HELD,
  NOT_OPEN,
  NOT_OWNER,
  NOT_SOLD,
  NOT_WAITING,
  ok,
  QUOTA,
  TAKEN,
  UNPAID,
} from './replies.ts';

/** A scheduling point: another request may run here. */
const POINT = undefined;
/** Payments that are remembered, for they may be told again. */
const KEPT_PAYMENTS = 1_024;

type Steps = Generator<{ lock: string } | undefined, void, void>;

export class MemoryBoxOffice implements MemoryService {
  readonly #steps: MemorySteps;
  #terms = { holdMs: 0, offerMs: 0 };
  readonly #books = new Map<string, EventBook>();
  /** What each payment came to. */
  readonly #payments = new Map<string, 'paid' | 'refunded'>();
  /** What the newest payment paid, until it is stored; null: it is. */
  #unstored: { readonly row: Row; readonly payment: string } | null = null;
  #clock: ServiceClock | null = null;

  constructor(steps: Partial<MemorySteps> = {}) {
    this.#steps = { ...rightMemorySteps, ...steps };
  }

  prepare(world: Readonly<Record<string, unknown>>): void {
    const { events, holdMs, offerMs } = world as Venue;
    this.#terms = { holdMs, offerMs };
    this.#books.clear();
    this.#payments.clear();
    this.#unstored = null;
    for (const event of events) this.#books.set(event.id, new EventBook(event));
  }

  handle(asked: Call, clock: ServiceClock): MemoryRoutine {
    this.#clock = clock;
    const call = asked as TicketCall;
    const book = this.#books.get(call.event) as EventBook;
    switch (call.operation) {
      case 'hold':
        return this.#hold(book, call);
      case 'join':
        return this.#join(book, call);
      case 'pay':
        return this.#pay(book, call, clock);
      case 'confirm':
        return this.#confirm(book, call);
      case 'release':
        return this.#release(book, call);
      case 'refund':
        return this.#refund(book, call);
      case 'leave':
        return this.#leave(book, call);
      case 'transfer':
        return this.#transfer(book, call);
      case 'read':
        return this.#read(book);
    }
  }

  restarted(): void {
    if (this.#unstored?.row.state === 'paid') {
      this.#unstored.row.state = 'held';
      this.#payments.delete(this.#unstored.payment);
    }
    this.#unstored = null;
  }

  inspect(): EventShown[] {
    const nowMs = this.#clock?.databaseMs() ?? 0;
    return [...this.#books.values()].map((book) => book.show((row) => this.#steps.isOver(row, nowMs)));
  }

  *#hold(book: EventBook, call: HoldCall): MemoryRoutine {
    const { order: id, citizen: owner, seats, places } = call;
    const isOverQuota = () => book.countOf(owner) + seats.length + places > book.event.quota;
    const wasOverQuota = isOverQuota();
    yield* this.#begin(book);
    const made = book.rowOf(id);
    if (made) return made.state === 'ended' ? ENDED : ok({ expiresAt: made.expiresAt });
    if (!this.#isOpen(book)) return NOT_OPEN;
    if (this.#steps.locksQuota ? isOverQuota() : wasOverQuota) return QUOTA;
    if (places > 0 && (book.waiting.length > 0 || book.freePlaces < places)) return TAKEN;
    yield POINT;
    if (!this.#takeSeats(book, id, seats)) return TAKEN;
    const expiresAt = this.#nowMs + this.#terms.holdMs;
    book.freePlaces -= places;
    book.rows.set(id, { id, owner, seats, places, state: 'held', expiresAt, isOffer: false });
    return ok({ expiresAt });
  }

  *#join(book: EventBook, { order: id, citizen: owner }: JoinCall): MemoryRoutine {
    yield* this.#begin(book);
    const made = book.rowOf(id);
    if (made) return made.state === 'ended' ? ENDED : ok();
    if (!this.#isOpen(book)) return NOT_OPEN;
    if (book.countOf(owner) + 1 > book.event.quota) return QUOTA;
    if (book.freePlaces > 0 && book.waiting.length === 0) return AVAILABLE;
    yield POINT;
    book.rows.set(id, { id, owner, seats: [], places: 1, state: 'waiting', expiresAt: null, isOffer: true });
    book.waiting.push(id);
    return ok();
  }

  *#pay(book: EventBook, { order, payment, status }: PayCall, clock: ServiceClock): MemoryRoutine {
    yield* this.#begin(book, this.#steps.locksPayment);
    if (status === 'failed') return ok({ state: 'failed' });
    const known = this.#payments.get(payment);
    if (known && this.#steps.knowsPayments) return ok({ state: known });
    const row = book.rowOf(order);
    const stands = row !== undefined && this.#steps.standsForPayment(row, clock);
    yield POINT;
    if (stands) {
      book.rows.set(order, row);
      row.state = 'paid';
      if (!this.#steps.storesPayments) this.#unstored = { row, payment };
    } else if (known || !this.#steps.givesBack) {
      book.moneyHeld++;
    }
    return this.#cameTo(payment, stands ? 'paid' : (known ?? 'refunded'));
  }

  *#confirm(book: EventBook, { order }: OrderCall): MemoryRoutine {
    yield* this.#begin(book);
    const row = book.rows.get(order);
    if (!row || row.state === 'waiting') return ENDED;
    if (row.state === 'held') return UNPAID;
    row.state = 'sold';
    return ok();
  }

  *#release(book: EventBook, { order }: OrderCall): MemoryRoutine {
    const { locksFreeing, looksBeforeRelease } = this.#steps;
    yield* this.#begin(book, locksFreeing);
    const row = looksBeforeRelease ? book.rows.get(order) : book.rowOf(order);
    if (!row || (looksBeforeRelease && row.state !== 'held')) return NOT_HELD;
    yield POINT;
    book.end(row);
    row.expiresAt = null;
    yield* this.#promote(book);
    return ok();
  }

  *#refund(book: EventBook, { order }: OrderCall): MemoryRoutine {
    yield* this.#begin(book, this.#steps.locksFreeing);
    const row = book.rows.get(order);
    if (row?.state !== 'paid' && row?.state !== 'sold') return NOT_SOLD;
    yield POINT;
    book.free(row, this.#steps.refundFrees);
    book.forgetRow(row);
    row.expiresAt = null;
    yield* this.#promote(book);
    return ok();
  }

  *#leave(book: EventBook, { order }: OrderCall): MemoryRoutine {
    yield* this.#begin(book);
    const row = book.rows.get(order);
    if (row?.state !== 'waiting') return NOT_WAITING;
    if (this.#steps.leavesList) book.end(row);
    else book.forgetRow(row);
    return ok();
  }

  *#transfer(book: EventBook, { order, citizen, to }: TransferCall): MemoryRoutine {
    yield* this.#begin(book);
    const row = book.rows.get(order);
    if (row?.state !== 'sold') return NOT_SOLD;
    if (row.owner !== citizen) return NOT_OWNER;
    if (book.countOf(to, order) + row.seats.length + row.places > book.event.quota) return QUOTA;
    yield POINT;
    if (this.#steps.movesTickets) row.owner = to;
    else book.rows.set(`${order}.${to}`, { ...row, id: `${order}.${to}`, owner: to });
    return ok();
  }

  *#read(book: EventBook): MemoryRoutine {
    yield* this.#begin(book);
    return ok({ ...book.show(() => false) });
  }

  /** From here on nobody else is about the event, unless `locks` is false; what is due happens. */
  *#begin(book: EventBook, locks = true): Steps {
    if (locks) yield { lock: book.event.id };
    else yield POINT;
    for (const row of [...book.rows.values()]) if (this.#steps.isOver(row, this.#nowMs)) book.end(row);
    yield* this.#promote(book);
  }

  /** Those who wait get the places that are free, the first of them first. */
  *#promote(book: EventBook): Steps {
    for (let id = book.waiting[0]; id !== undefined && book.freePlaces > 0; id = book.waiting[0]) {
      if (!this.#steps.locksFreeing) yield POINT;
      book.offer(id, this.#nowMs + this.#terms.offerMs);
    }
  }

  #takeSeats({ takenSeats }: EventBook, id: string, seats: readonly string[]): boolean {
    if (this.#steps.takesAllOrNone && seats.some((seat) => takenSeats.has(seat))) return false;
    for (const seat of seats) {
      if (takenSeats.has(seat)) return false;
      takenSeats.set(seat, id);
    }
    return true;
  }

  #cameTo(payment: string, state: 'paid' | 'refunded'): Reply {
    setNewest(this.#payments, payment, state, KEPT_PAYMENTS);
    return ok({ state });
  }

  #isOpen({ event }: EventBook): boolean {
    return this.#steps.isOpen(this.#nowMs, event.opensAt);
  }

  /** What the database takes for the time. */
  get #nowMs(): number {
    return (this.#clock as ServiceClock).databaseMs();
  }
}
