/** The known bugs of `tickets`: the few steps in which a wrong box office differs from the right one. */
import { type MemorySteps, rightMemorySteps } from './memory-steps.ts';

export interface TicketBug {
  readonly name: string;
  readonly memory: Partial<MemorySteps>;
}

const MINUTE_MS = 60_000;

export const TICKET_BUGS: readonly TicketBug[] = [
  { name: 'cancelled-waiter-promoted', memory: { leavesList: false } },
  {
    name: 'cleaner-frees-sold',
    memory: { isOver: ({ expiresAt }, nowMs) => expiresAt !== null && expiresAt <= nowMs },
  },
  { name: 'expires-while-paying', memory: { locksPayment: false } },
  { name: 'late-payment-lost', memory: { givesBack: false } },
  {
    name: 'offer-never-ends',
    memory: { isOver: (row, nowMs) => !row.isOffer && rightMemorySteps.isOver(row, nowMs) },
  },
  {
    name: 'opens-early',
    memory: { isOpen: (nowMs, opensAt) => nowMs >= opensAt - (opensAt % MINUTE_MS) },
  },
  { name: 'paid-twice', memory: { knowsPayments: false } },
  { name: 'partial-order', memory: { takesAllOrNone: false } },
  { name: 'promoted-twice', memory: { locksFreeing: false } },
  { name: 'quota-check-then-count', memory: { locksQuota: false } },
  { name: 'refund-frees-two', memory: { refundFrees: 2 } },
  { name: 'sold-twice-after-release', memory: { looksBeforeRelease: false } },
  { name: 'transfer-keeps-both', memory: { movesTickets: false } },
  {
    name: 'two-clocks',
    memory: {
      standsForPayment: ({ state, expiresAt }, clock) =>
        state === 'held' || (state === 'ended' && expiresAt !== null && expiresAt > clock.nowMs()),
    },
  },
];

/** The bug of this name; an error that lists the known ones when there is none. */
export function findTicketBug(name: string): TicketBug {
  const found = TICKET_BUGS.find((known) => known.name === name);
  if (!found) {
    const known = TICKET_BUGS.map((each) => each.name).join(', ');
    throw new Error(`There is no bug "${name}" of tickets. Known bugs: ${known}.`);
  }
  return found;
}
