/** The steps of the box office in memory that a known bug replaces. */
import type { ServiceClock } from '../../public.ts';
import type { Row } from './memory-event.ts';

export interface MemorySteps {
  /** Whether a sale is open. Both in ms since 1970. */
  isOpen(nowMs: number, opensAt: number): boolean;
  /** Whether what the order has is free again. */
  isOver(row: Row, nowMs: number): boolean;
  /** Whether a payment finds the hold as it is needed. */
  standsForPayment(row: Row, clock: ServiceClock): boolean;
  /** Whether a payment looks at the hold and takes it without anybody in between. */
  locksPayment: boolean;
  /** Whether a payment that was told before is known. */
  knowsPayments: boolean;
  /** Whether a payment is stored before it is acknowledged, and not with the next one. */
  storesPayments: boolean;
  /** Whether money that came too late is given back. */
  givesBack: boolean;
  /** Whether the quota is counted when nobody else can take anything. */
  locksQuota: boolean;
  /** Whether all seats are looked at before the first is taken. */
  takesAllOrNone: boolean;
  /** Whether a release looks whether the order is held. */
  looksBeforeRelease: boolean;
  /** Whether requests that free a place, and promote who waits for it, keep each other out. */
  locksFreeing: boolean;
  /** Whether who leaves goes from the list, too. */
  leavesList: boolean;
  /** How often a refund frees the places. */
  refundFrees: number;
  /** Whether tickets that are transferred go from who had them. */
  movesTickets: boolean;
}

export const rightMemorySteps: MemorySteps = {
  isOpen: (nowMs, opensAt) => nowMs >= opensAt,
  isOver: ({ state, expiresAt }, nowMs) => state === 'held' && expiresAt !== null && expiresAt <= nowMs,
  standsForPayment: ({ state }) => state === 'held',
  locksPayment: true,
  knowsPayments: true,
  storesPayments: true,
  givesBack: true,
  locksQuota: true,
  takesAllOrNone: true,
  looksBeforeRelease: true,
  locksFreeing: true,
  leavesList: true,
  refundFrees: 1,
  movesTickets: true,
};
