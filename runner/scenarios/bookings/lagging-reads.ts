/**
 * Reads that may lag behind: each is right when it shows a state that the slot may have had at some instant from
 * so long before it was asked up to its answer. Judged by facts alone: what was asked for, acknowledged, and cancelled.
 */
import type { Operation, Violation } from '../scenario.ts';
import type { BookCall, BookingCall, CancelCall } from './calls.ts';
import { broken, missingOf, type SlotLimits, shownOverbooked } from './invariants.ts';
import type { ShownBooking } from './slot-call.ts';

/** One request for a booking, with its repeats. */
interface Asked {
  readonly citizen: string;
  readonly askedMs: number;
  /** Given by the answer; null before it, and where ids say nothing. */
  id: string | null;
  /** Answers that are still to come, or never will. */
  open: number;
  acknowledgedMs: number;
  /** When a cancel of it first began. */
  cancelBegunMs: number;
  /** When a cancel was acknowledged that certainly ended it. */
  goneMs: number;
}

/** A cancel that is under way, or was lost. */
interface OpenCancel {
  readonly call: CancelCall;
  readonly invokedMs: number;
}

export interface LaggingReadsOptions {
  /** True when a cancel names a citizen, and ids say nothing. */
  readonly byCitizen: () => boolean;
  /** False for a cancel that never has an effect on bookings of this citizen; null: not known whose. */
  readonly hasEffect: (call: CancelCall, citizen: string | null) => boolean;
}

/** Bookings that are over are kept for reads that were asked so long ago, in ms, besides the lag. */
const SLOW_READ_MS = 15_000;

export class LaggingReads {
  readonly #options: LaggingReadsOptions;
  /** By slot, then by citizen and key. */
  readonly #asked = new Map<string, Map<string, Asked>>();
  /** Bookings that were over long ago, by slot, citizen and key: a late repeat is told of them still. */
  readonly #over = new Map<string, Asked>();
  readonly #openCancels = new Map<number, OpenCancel>();
  /** Cancels of ids that no answer had told yet. */
  readonly #early = new Map<string, { begunMs: number; goneMs: number }>();
  /** When the last cancel ended, by slot and citizen. */
  readonly #lastCancels = new Map<string, number>();
  #longestLagMs = 0;

  constructor(options: LaggingReadsOptions) {
    this.#options = options;
  }

  invoked({ id, call, invokedMs }: Operation<BookingCall>): void {
    if (call.operation === 'book') this.#of(call, invokedMs).open++;
    if (call.operation !== 'cancel') return;
    this.#openCancels.set(id, { call, invokedMs });
    for (const asked of this.#meantBy(call)) begin(asked, invokedMs);
  }

  /** A request for a booking was acknowledged, with this id if ids say anything. */
  booked({ call, invokedMs }: Operation<BookCall>, id: string | null, nowMs: number): void {
    const asked = this.#of(call, invokedMs);
    asked.open--;
    asked.id ??= id;
    asked.acknowledgedMs = Math.min(asked.acknowledgedMs, nowMs);
    for (const cancel of this.#openCancels.values()) {
      if (this.#isMeant(cancel.call, call.slot, asked)) begin(asked, cancel.invokedMs);
    }
    const early = id === null ? undefined : this.#early.get(id);
    if (early) {
      begin(asked, early.begunMs);
      asked.goneMs = Math.min(asked.goneMs, early.goneMs);
    }
    // Nothing tells whether a cancel that came and went meanwhile was of this booking.
    const lastMs = this.#lastCancels.get(nameOf(call.slot, call.citizen)) ?? Number.NEGATIVE_INFINITY;
    if (this.#options.byCitizen() && lastMs >= asked.askedMs) begin(asked, asked.askedMs);
  }

  refused({ call, invokedMs }: Operation<BookCall>): void {
    this.#of(call, invokedMs).open--;
  }

  /** A cancel was answered: done, or there is no such booking. */
  cancelled({ id, call, invokedMs }: Operation<CancelCall>, nowMs: number): void {
    this.#openCancels.delete(id);
    const byCitizen = this.#options.byCitizen();
    if (byCitizen) this.#lastCancels.set(nameOf(call.slot, call.citizen ?? ''), nowMs);
    const meant = this.#meantBy(call);
    for (const asked of meant) {
      if (!byCitizen || asked.acknowledgedMs <= invokedMs) asked.goneMs = Math.min(asked.goneMs, nowMs);
    }
    if (!byCitizen && meant.length === 0 && this.#options.hasEffect(call, null)) {
      this.#early.set(call.booking, { begunMs: invokedMs, goneMs: nowMs });
    }
    this.#putAway(call.slot, nowMs);
  }

  /** What is wrong with an answer that shows these bookings, asked at `askedMs` of reads that may lag `staleMs`. */
  check(
    slot: string,
    shown: readonly ShownBooking[] | number,
    limits: SlotLimits,
    { askedMs, staleMs }: { askedMs: number; staleMs: number },
  ): Violation | null {
    this.#longestLagMs = Math.max(this.#longestLagMs, staleMs);
    const count = typeof shown === 'number' ? shown : shown.length;
    if (count > limits.capacity) return shownOverbooked(slot, limits.capacity, shown);
    const since = askedMs - staleMs;
    const all = [...(this.#asked.get(slot)?.values() ?? [])];
    const possible = all.filter((asked) => asked.goneMs >= since && isAskedFor(asked));
    const certain = all.filter(
      (a) => a.acknowledgedMs < since && a.cancelBegunMs === Number.POSITIVE_INFINITY,
    );
    const extra = extraOf(possible, all, shown);
    if (extra !== null)
      return late(
        slot,
        `${slot} shows ${extra} that was over, or never asked for, ${staleMs} ms before.`,
        shown,
      );
    const missing = missingOf(
      certain.map(({ id, citizen }) => ({ id: id ?? '', citizen })),
      shown,
    );
    if (!missing) return null;
    const name = missing.id === '' ? 'A booking' : `Booking ${missing.id}`;
    return late(
      slot,
      `${name} of ${missing.citizen} was acknowledged more than ${staleMs} ms before and never cancelled, but ${slot} does not show it.`,
      shown,
    );
  }

  #meantBy(call: CancelCall): Asked[] {
    const inSlot = this.#asked.get(call.slot);
    return inSlot ? [...inSlot.values()].filter((asked) => this.#isMeant(call, call.slot, asked)) : [];
  }

  #isMeant(call: CancelCall, slot: string, asked: Asked): boolean {
    if (call.slot !== slot || !this.#options.hasEffect(call, asked.citizen)) return false;
    return this.#options.byCitizen() || asked.id === call.booking;
  }

  #of({ slot, citizen, key }: BookCall, askedMs: number): Asked {
    const inSlot = this.#asked.get(slot) ?? new Map<string, Asked>();
    this.#asked.set(slot, inSlot);
    const name = nameOf(citizen, key);
    const known = inSlot.get(name) ?? this.#over.get(nameOf(slot, name));
    if (known) return known;
    const never = Number.POSITIVE_INFINITY;
    const times = { acknowledgedMs: never, cancelBegunMs: never, goneMs: never };
    const asked: Asked = { citizen, askedMs, id: null, open: 0, ...times };
    inSlot.set(name, asked);
    return asked;
  }

  /** What no read can show any more is looked at no more. */
  #putAway(slot: string, nowMs: number): void {
    const before = nowMs - this.#longestLagMs - SLOW_READ_MS;
    const inSlot = this.#asked.get(slot);
    for (const [name, asked] of inSlot ?? []) {
      if (asked.open > 0 || (asked.goneMs >= before && isAskedFor(asked))) continue;
      inSlot?.delete(name);
      if (isAskedFor(asked)) this.#over.set(nameOf(slot, name), asked);
    }
  }
}

function begin(asked: Asked, ms: number): void {
  asked.cancelBegunMs = Math.min(asked.cancelBegunMs, ms);
}

/** True for a booking that was made or may have been: not one that was refused each time. */
function isAskedFor({ open, acknowledgedMs }: Asked): boolean {
  return open > 0 || acknowledgedMs < Number.POSITIVE_INFINITY;
}

/** Which of the shown bookings none of the possible ones explains, in words; null when all are explained. */
function extraOf(
  possible: readonly Asked[],
  all: readonly Asked[],
  shown: readonly ShownBooking[] | number,
): string | null {
  if (typeof shown === 'number')
    return shown > possible.length ? `${shown} bookings, of which ${shown - possible.length} are some` : null;
  const left = new Set(possible);
  // Those whose id is known take what is theirs first.
  const rest: ShownBooking[] = [];
  for (const row of shown) {
    const own = row.id === undefined ? undefined : all.find(({ id }) => id === row.id);
    if (!own) rest.push(row);
    else if (!left.delete(own) || (row.citizen !== undefined && row.citizen !== own.citizen))
      return wordsOf(row);
  }
  for (const row of rest) {
    const own = [...left].find(
      (asked) =>
        (row.id === undefined || asked.id === null) &&
        (row.citizen === undefined || row.citizen === asked.citizen),
    );
    if (!own) return wordsOf(row);
    left.delete(own);
  }
  return null;
}

function wordsOf({ id, citizen }: ShownBooking): string {
  const of = citizen === undefined ? '' : ` of ${citizen}`;
  return `${id === undefined ? 'a booking' : `booking ${id}`}${of}`;
}

function late(slot: string, message: string, shown: readonly ShownBooking[] | number): Violation {
  return broken(
    'reads-lag-no-longer-than-promised',
    slot,
    message,
    shown,
    'what the slot held at some instant since then',
  );
}

function nameOf(slot: string, citizen: string): string {
  return JSON.stringify([slot, citizen]);
}
