/** An HTTP API for the calls of `bookings`: that of the contract, or one that an adapter of the user's maps them to. */
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import type { Reply } from '../../service/call.ts';
import type { Answer, WireRequest } from './wire.ts';

/** An answer that the API does not know, in a sentence for people. */
export interface Breach {
  readonly outcome: 'breach';
  readonly message: string;
  readonly expected: string;
}

export interface BookingApi {
  /**
   * Opens a fresh city. Rejects when that was not done, and says why, with a NotPreparedError where it was the
   * service that did not; also when `send` gets no answer.
   */
  reset(world: BookingWorld, send: (request: WireRequest) => Promise<Answer>): Promise<void>;
  /** False for calls that the API has no request for. */
  offers(operation: BookingCall['operation']): boolean;
  requestOf(call: BookingCall): WireRequest;
  replyOf(call: BookingCall, answer: Answer): Reply | Breach;
  /** True for the contract's own API, of which it is known what it answers to requests that are malformed. */
  readonly isContract: boolean;
}

/** The service did not open a fresh city: no answer came, or one that says that it did not. */
export class NotPreparedError extends Error {
  override readonly name = 'NotPreparedError';
}

/** What is wrong with the answer to a request that prepares the city. */
export function notPrepared(
  { method, path }: WireRequest,
  { status, body }: Answer,
  expected: string,
): NotPreparedError {
  const answer = body === '' ? '' : `: ${body.slice(0, 200)}`;
  return new NotPreparedError(
    `The service cannot be prepared: ${method} ${path} was answered ${status}${answer}. It should be answered ${expected}; is this the booking service?`,
  );
}
