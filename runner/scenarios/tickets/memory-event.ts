/** One event as the box office in memory keeps it. */
import { setNewest } from '../../sim/newest-map.ts';
import type { EventShown, Order, TicketEvent } from './calls.ts';

/** An order, or somebody who waits for one. */
export interface Row {
  readonly id: string;
  owner: string;
  readonly seats: readonly string[];
  places: number;
  state: 'waiting' | 'held' | 'paid' | 'sold' | 'ended';
  /** When its hold ends or ended, in ms since 1970; null: it never did, or was given up. */
  expiresAt: number | null;
  readonly isOffer: boolean;
}

/** Orders that ended and are remembered, for their requests may be repeated. */
const KEPT_ENDED = 256;

export class EventBook {
  readonly event: TicketEvent;
  readonly rows = new Map<string, Row>();
  readonly ended = new Map<string, Row>();
  /** Which order each seat that is not free is for. */
  readonly takenSeats = new Map<string, string>();
  freePlaces: number;
  /** Names of those who wait. */
  waiting: string[] = [];
  moneyHeld = 0;

  constructor(event: TicketEvent) {
    this.event = event;
    this.freePlaces = event.places;
  }

  rowOf(id: string): Row | undefined {
    return this.rows.get(id) ?? this.ended.get(id);
  }

  /** What a citizen holds, owns and waits for, but for `except`. */
  countOf(citizen: string, except = ''): number {
    let count = 0;
    for (const { id, owner, seats, places } of this.rows.values()) {
      if (owner === citizen && id !== except) count += seats.length + places;
    }
    return count;
  }

  end(row: Row): void {
    if (row.state === 'waiting') this.waiting = this.waiting.filter((id) => id !== row.id);
    else this.free(row, 1);
    this.forgetRow(row);
  }

  /** It is shown no more. */
  forgetRow(row: Row): void {
    row.state = 'ended';
    this.rows.delete(row.id);
    setNewest(this.ended, row.id, row, KEPT_ENDED);
  }

  free({ seats, places }: Row, times: number): void {
    for (const seat of seats) this.takenSeats.delete(seat);
    this.freePlaces += places * times;
  }

  /** The first who waits gets an offer until `expiresAt`. */
  offer(id: string, expiresAt: number): void {
    const before = this.rowOf(id) as Row;
    const places = before.state === 'held' ? before.places + 1 : 1;
    this.freePlaces -= 1;
    this.waiting = this.waiting.filter((other) => other !== id);
    this.ended.delete(id);
    this.rows.set(id, { ...before, state: 'held', places, expiresAt });
  }

  /** As it is at an instant; holds that are over then are not shown. */
  show(isOver: (row: Row) => boolean): EventShown {
    const rows = [...this.rows.values()].filter((row) => row.state !== 'waiting' && !isOver(row));
    const orders = rows.map(
      ({ id, owner, seats, places, state, expiresAt }): Order => ({
        id,
        owner,
        seats,
        places,
        state: state as Order['state'],
        expiresAt: state === 'held' ? expiresAt : null,
      }),
    );
    return {
      ...this.event,
      orders: orders.sort((a, b) => (a.id < b.id ? -1 : 1)),
      waiting: this.waiting.filter((id) => this.rows.has(id)),
      moneyHeld: this.moneyHeld,
    };
  }
}
