/** An HTTP API for the calls of `bookings`: that of the contract, or one that an adapter of the user's maps them to. */
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import type { Reply } from '../../scenarios/scenario.ts';
import type { Answer, WireRequest } from './wire.ts';

/** An answer that the API does not know, in a sentence for people. */
export interface Breach {
  readonly outcome: 'breach';
  readonly message: string;
  readonly expected: string;
}

export interface BookingApi {
  /** What opens a fresh city, one after the other. */
  resetRequests(world: BookingWorld): readonly WireRequest[];
  /** True for an answer that says that a reset was done. */
  isReset(answer: Answer): boolean;
  /** What a reset should have been answered, for people. */
  readonly resetExpected: string;
  /** False for calls that the API has no request for. */
  offers(operation: BookingCall['operation']): boolean;
  requestOf(call: BookingCall): WireRequest;
  replyOf(call: BookingCall, answer: Answer): Reply | Breach;
  /** True for the contract's own API, whose manners are known: what it answers to requests that are malformed. */
  readonly isContract: boolean;
}
