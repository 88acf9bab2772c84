/** Folds a run's history into the city after an event: every slot with its acknowledged bookings, and the metrics. */
import { type CityState, CLOCK_EVENT, type JsonObject, type Snapshot } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { epochAt, leadsTo, type Stored } from '../db/epochs.ts';
import { readNewestSnapshot } from '../db/snapshots.ts';
import { CalendarsFold } from './fold-calendars.ts';
import { MetricsFold } from './fold-metrics.ts';
import { VenueFold } from './fold-venue.ts';

const PAGE_EVENTS = 2_000;
/** A fold is kept at each multiple of this many events, so that a step back folds no more than these again. */
const KEEP_EVERY_EVENTS = 5_000;
/** What all folds that are kept may hold together, in remembered bookings and operations; some 100 bytes each. */
const MOST_KEPT = 1_000_000;
const MOST_FOLDS = 64;

interface FoldedEvent {
  index: number;
  virtualMs: number;
  type: string;
  actor: string;
  data: JsonObject;
}

interface Slot {
  capacity: number;
  open: boolean;
  /** By booking id, oldest first. */
  bookings: Map<string, { citizen: string; acknowledgedAt: number }>;
  /** Operations that were invoked and whose outcome is not known. */
  uncertain: Set<number>;
}

/** Feed it every event in order; it holds the city after the last one. */
export class CityFold {
  readonly #slots = new Map<string, Slot>();
  readonly #slotOfOperation = new Map<number, Slot>();
  /** Index of the invocation, and the booking that it names, of what is under way. */
  readonly #begun = new Map<number, { at: number; booking: unknown }>();
  readonly #slotOfBooking = new Map<string, Slot>();
  readonly #cancelled = new Set<string>();
  #counted = new MetricsFold();
  #calendars: CalendarsFold | null = null;
  #venue: VenueFold | null = null;
  #index = -1;
  #virtualMs = 0;

  apply(event: FoldedEvent): void {
    this.#index = event.index;
    this.#virtualMs = event.virtualMs;
    this.#counted.apply(event);
    const { data } = event;
    const [operation, phase] = event.type.split('.');
    if (event.type === 'start') this.#start(data);
    if (event.type === CLOCK_EVENT) this.#venue?.clock(data, event.virtualMs);
    if (phase === 'invoke') this.#invoke(data);
    if (operation === undefined || (phase !== 'ok' && phase !== 'refused')) return;
    const completion = { index: event.index, actor: event.actor, operation, phase, data } as const;
    this.#calendars?.complete(completion);
    this.#venue?.complete(completion);
    const begun = this.#begun.get(Number(data['op'])) ?? { at: event.index, booking: data['booking'] };
    const slot = this.#settle(data);
    if (phase === 'refused') {
      // Which a cancellation without an answer did before.
      if (operation === 'cancel' && data['reason'] === 'no-such-booking') this.#cancel(begun);
      return;
    }
    if (slot && operation === 'read') this.#read(slot, data['bookings'], begun.at);
    if (operation === 'book') this.#book(slot, event);
    if (operation === 'cancel') this.#cancel(data);
    if (slot && operation === 'open') slot.open = true;
    if (slot && operation === 'close') slot.open = false;
  }

  /** Index of the last event applied; -1 before the first. */
  get index(): number {
    return this.#index;
  }

  /** How much it remembers, for bounds. */
  get weight(): number {
    const slots = this.#slotOfBooking.size + this.#cancelled.size + this.#begun.size + this.#slots.size;
    return slots + (this.#calendars?.weight ?? 0) + (this.#venue?.weight ?? 0);
  }

  /** One that goes on by itself from here. */
  copy(): CityFold {
    const copy = new CityFold();
    const copies = new Map<Slot, Slot>();
    for (const [id, slot] of this.#slots) {
      const own = { ...slot, bookings: new Map(slot.bookings), uncertain: new Set(slot.uncertain) };
      copies.set(slot, own);
      copy.#slots.set(id, own);
    }
    for (const [id, slot] of this.#slotOfOperation) copy.#slotOfOperation.set(id, copies.get(slot) as Slot);
    for (const [id, slot] of this.#slotOfBooking) copy.#slotOfBooking.set(id, copies.get(slot) as Slot);
    for (const [id, begun] of this.#begun) copy.#begun.set(id, begun);
    for (const id of this.#cancelled) copy.#cancelled.add(id);
    copy.#counted = this.#counted.copy();
    copy.#calendars = this.#calendars?.copy() ?? null;
    copy.#venue = this.#venue?.copy() ?? null;
    copy.#index = this.#index;
    copy.#virtualMs = this.#virtualMs;
    return copy;
  }

  state(): CityState {
    const slots = [...this.#slots].map(([id, slot]) => ({
      id,
      capacity: slot.capacity,
      open: slot.open,
      bookings: [...slot.bookings].map(([booking, { citizen }]) => ({ id: booking, citizen })),
      uncertain: slot.uncertain.size,
    }));
    const metrics = { ...this.#counted.metricsOf(slots), ...this.#counted.metrics() };
    return {
      index: this.#index,
      virtualMs: this.#virtualMs,
      metrics,
      slots,
      ...(this.#calendars ? { calendars: this.#calendars.state() } : {}),
      ...(this.#venue ? { venue: this.#venue.state(this.#virtualMs) } : {}),
    };
  }

  #start(data: JsonObject): void {
    this.#calendars = CalendarsFold.of(data);
    this.#venue = VenueFold.of(data);
    const slots = Array.isArray(data['slots']) ? (data['slots'] as unknown[]) : [];
    for (const slot of slots) {
      if (slot === null || typeof slot !== 'object') continue;
      const { id, capacity, open } = slot as JsonObject;
      if (typeof id !== 'string' || typeof capacity !== 'number') continue;
      this.#slots.set(id, { capacity, open: open !== false, bookings: new Map(), uncertain: new Set() });
    }
  }

  #invoke(data: JsonObject): void {
    this.#calendars?.invoke(data, this.#index);
    this.#venue?.invoke(data, this.#index);
    const operation = data['op'];
    const slot = this.#slotOf(data);
    if (typeof operation !== 'number' || !slot) return;
    slot.uncertain.add(operation);
    this.#begun.set(operation, { at: this.#index, booking: data['booking'] });
    this.#slotOfOperation.set(operation, slot);
  }

  /** The operation has an answer; answers the slot that it was about. */
  #settle(data: JsonObject): Slot | undefined {
    const operation = data['op'];
    const invoked = typeof operation === 'number' ? this.#slotOfOperation.get(operation) : undefined;
    if (typeof operation === 'number') {
      invoked?.uncertain.delete(operation);
      this.#slotOfOperation.delete(operation);
      this.#begun.delete(operation);
    }
    return this.#slotOf(data) ?? invoked;
  }

  #slotOf(data: JsonObject): Slot | undefined {
    const { slot, booking } = data;
    if (typeof slot === 'string') return this.#slots.get(slot);
    return typeof booking === 'string' ? this.#slotOfBooking.get(booking) : undefined;
  }

  /** A repeated acknowledgement adds nothing, and neither does one that came after the cancellation. */
  #book(slot: Slot | undefined, { index, actor, data }: FoldedEvent): void {
    const booking = data['booking'];
    if (!slot || typeof booking !== 'string' || this.#cancelled.has(booking)) return;
    if (this.#slotOfBooking.has(booking)) return;
    slot.bookings.set(booking, { citizen: actor, acknowledgedAt: index });
    this.#slotOfBooking.set(booking, slot);
  }

  /** What was acknowledged before somebody looked, and was not seen, is gone: a cancellation took effect unanswered. */
  #read(slot: Slot, seen: unknown, begunAt: number): void {
    if (!Array.isArray(seen)) return;
    const ids = new Set(seen.map((booking: unknown) => (booking as JsonObject | null)?.['id']));
    for (const [booking, { acknowledgedAt }] of slot.bookings)
      if (acknowledgedAt < begunAt && !ids.has(booking)) this.#cancel({ booking });
  }

  #cancel({ booking }: { booking?: unknown }): void {
    if (typeof booking !== 'string') return;
    this.#cancelled.add(booking);
    this.#slotOfBooking.get(booking)?.bookings.delete(booking);
  }
}

/** Folds that were made lately, to go on from: scrubbing asks for one place after another. Bounded. */
interface KeptFold {
  runId: string;
  fold: CityFold;
  /** Of its last event. */
  epoch: string | null;
}

export class KeptFolds {
  /** Least lately used first. */
  #kept: KeptFold[] = [];

  /**
   * A fold at event `at` or before, as near as there is, of what is `stored`; a new one otherwise. It is the caller's to
   * go on with.
   */
  nearest(runId: string, at: number, stored: Stored): CityFold {
    let best: KeptFold | null = null;
    for (const entry of this.#kept) {
      const { fold, epoch } = entry;
      if (entry.runId !== runId || fold.index > at) continue;
      if (!leadsTo(stored, { index: fold.index, after: 'event', epoch })) continue;
      if (best === null || entry.fold.index > best.fold.index) best = entry;
    }
    if (best === null) return new CityFold();
    this.#kept = [...this.#kept.filter((entry) => entry !== best), best];
    return best.fold.copy();
  }

  /** Keeps `fold`, which nobody may go on with after that. */
  keep(runId: string, fold: CityFold, { epochs }: Stored): void {
    const epoch = epochAt(epochs, fold.index);
    const isSame = (entry: KeptFold) => entry.runId === runId && entry.fold.index === fold.index;
    this.#kept = [...this.#kept.filter((entry) => !isSame(entry)), { runId, fold, epoch }];
    let weight = this.#kept.reduce((sum, entry) => sum + entry.fold.weight, 0);
    while (weight > MOST_KEPT || this.#kept.length > MOST_FOLDS)
      weight -= this.#kept.shift()?.fold.weight ?? weight;
  }
}

/**
 * The city of a run after event `at`, read page by page from where an earlier question came to. Metrics that only its
 * scenario can count are those of the snapshot before. `stored` is the history, as it was when that was asked.
 */
export async function foldCity(
  sql: Sql,
  runId: string,
  at: number,
  kept: KeptFolds,
  stored: Stored,
): Promise<CityState> {
  const fold = kept.nearest(runId, at, stored);
  const keepAt = at - (at % KEEP_EVERY_EVENTS);
  let from = fold.index + 1;
  while (from <= at) {
    const to = Math.min(at, from + PAGE_EVENTS - 1, from <= keepAt ? keepAt : at);
    const rows = await sql<FoldedEvent[]>`
      select idx as index, virtual_ms as "virtualMs", type, actor, data from simcity_run_events
      where run_id = ${runId} and idx between ${from} and ${to}
      order by idx`;
    for (const row of rows) fold.apply(row);
    const last = rows.at(-1);
    if (!last) break;
    from = last.index + 1;
    if (last.index === keepAt && keepAt < at) kept.keep(runId, fold.copy(), stored);
  }
  const state = fold.state();
  kept.keep(runId, fold, stored);
  const snapshot = await readNewestSnapshot(sql, runId, at);
  const before = snapshot === null ? {} : (JSON.parse(snapshot.json) as Snapshot).metrics;
  return { ...state, metrics: { ...before, ...state.metrics } };
}
