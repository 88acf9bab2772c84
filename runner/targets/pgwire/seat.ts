/** A connection of the service, for as long as it belongs to one request (or to the service's own doings). */
import type { HeldConnection, HeldTransaction } from '../locks/held.ts';
import type { WireStatement } from './statement.ts';
import type { Group, WireConnection } from './wire.ts';

/** Whose statements they are. */
export interface SeatOwner {
  /** In the order in which requests began; the service's own doings come last. */
  readonly n: number;
  readonly seats: Seat[];
}

/** The numbers of one owner's connections follow each other. */
const MOST_SEATS = 64;

export class Seat implements HeldConnection {
  readonly wire: WireConnection;
  readonly owner: SeatOwner;
  /**
   * The same in every execution, which neither a backend's process number is nor which connection the service's pool
   * hands out: whatever is drawn or sorted goes by this.
   */
  readonly number: number;
  /** The group at the head of the connection, as lock waits see it; null: the service has yet to ask for something. */
  statement: WireStatement | null = null;
  /** Open in the database, begun by the service or by the gate. */
  transaction: HeldTransaction | null = null;
  /** Statements that were executed in it. */
  executed = 0;
  /** It was let into a transaction while only so many were. */
  hasEntered = false;

  constructor(wire: WireConnection, owner: SeatOwner) {
    this.wire = wire;
    this.owner = owner;
    let place = 0;
    while (owner.seats.some(({ number }) => number % MOST_SEATS === place)) place++;
    this.number = owner.n * MOST_SEATS + (place % MOST_SEATS);
  }

  /** Not the backend's: see `number`. */
  get pid(): number {
    return this.number;
  }

  /** A group that was sent and is not answered, the target's own or one that passed by itself. */
  get inFlight(): Group | null {
    const { head } = this.wire;
    return head?.state === 'sent' ? head : null;
  }

  async settled(): Promise<void> {
    await this.inFlight?.answered;
  }
}
