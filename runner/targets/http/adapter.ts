/** What an adapter is: a file of the user's that maps the calls of a scenario to the HTTP API of a service. */
import type { DeclaredRules } from '../../../server/contract/index.ts';
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import type { Call } from '../../service/call.ts';
import type { HttpAnswer, HttpRequest, Send } from './api.ts';

export type { HttpAnswer, HttpRequest, Send } from './api.ts';
export { Unanswered } from './api.ts';

/**
 * What an answer means. Of the values for `bookings`, what the API does not show may be left out, and is not looked
 * at then:
 *   book    `{ booking? }`, the id
 *   read    `{ capacity?, open?, bookings }`, their number or a list of `{ id?, citizen? }`
 *   list    `{ slots: [{ id, capacity?, open?, bookings }] }`, `bookings` the number of active ones
 * The other operations have none.
 */
export type HttpReply =
  /** It was done. */
  | { readonly outcome: 'ok'; readonly value?: Readonly<Record<string, unknown>> }
  /**
   * It was refused, and had no effect. `reason`: full, closed, already-booked, no-such-slot, no-such-booking,
   * not-yours (a booking of another citizen's), or unavailable (the API does not say which of the first three).
   */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** It does not say what happened. */
  | { readonly outcome: 'failed'; readonly error: string }
  /** The API should never answer so: the run fails with it. `why` says what is wrong, in a few words. */
  | { readonly outcome: 'wrong'; readonly why: string };

/** A call with the citizen who makes it; `manager` opens and closes. */
export type AdapterCall<C extends Call = BookingCall> = C & { readonly citizen: string };

/**
 * The default export of an `--adapter` file: with `perform`, or with `request` and `reply` where every call is one
 * request. What it throws is an error of its own and ends the run without a verdict of the service; but an
 * Unanswered that `send` rejects with, left uncaught in `perform`, says that the outcome of the call is unknown.
 */
export interface HttpAdapter<C extends Call = BookingCall, W = BookingWorld> {
  readonly name: string;
  /** The operations that the API has; all of the scenario's unless it is given. */
  readonly operations?: readonly C['operation'][];
  /** What the service promises, where it is known; the rest is learned, or the booking contract's. */
  readonly rules?: DeclaredRules;
  /** Once a run, before the first reset: accounts and tokens for these citizens. There are no others. */
  setup?(citizens: readonly string[], send: Send): Promise<void>;
  /** Opens a fresh city with these slots, by as many requests as that takes. */
  reset(world: W, send: Send): Promise<void>;
  /** Carries out one call, by as many requests as that takes. */
  perform?(call: AdapterCall<C>, send: Send): Promise<HttpReply>;
  /** The whole city at rest, as the audit of the scenario takes it. */
  inspect?(send: Send): Promise<unknown>;
  /** The short form: the one request for a call. */
  request?(call: AdapterCall<C>): HttpRequest;
  /** What the answer to it means. From 500 on an answer says nothing, and this is not asked. */
  reply?(call: AdapterCall<C>, answer: HttpAnswer): HttpReply;
}
