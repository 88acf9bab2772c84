/** The contract of an adapter: a file of the user's that maps the calls of `bookings` to another HTTP API. */
import { z } from 'zod';
import {
  AdapterError,
  type AdapterPhase,
  errorText,
  isProgrammingError,
} from '../../modules/adapter-error.ts';
import { BOOKING_OPERATIONS, type BookingCall, type BookingWorld } from '../../scenarios/bookings/calls.ts';
import type { Reply } from '../../service/call.ts';
import { type BookingApi, type Breach, type HttpAnswer, type HttpRequest, NotPreparedError } from './api.ts';
import type { Answer, WireRequest } from './wire.ts';

export type { HttpAnswer, HttpRequest, Send } from './api.ts';

/** What an answer means, for each operation. */
export type HttpReply =
  /**
   * It was done. `value` is `{ booking }` (the id) for a book, `{ capacity, open, bookings: [{ id, citizen }] }`
   * for a read, `{ slots: [{ id, capacity, open, bookings }] }` (`bookings` the number of active ones) for a
   * list, and nothing for the others.
   */
  | { readonly outcome: 'ok'; readonly value?: Readonly<Record<string, unknown>> }
  /** It was refused, and had no effect. `reason`: full, closed, already-booked, no-such-slot or no-such-booking. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** It does not say what happened. Answers from 500 on are taken for this without asking the adapter. */
  | { readonly outcome: 'failed'; readonly error: string };

export interface HttpAdapter {
  readonly name: string;
  /** The operations that the API has; all six unless it is given. */
  readonly operations?: readonly BookingCall['operation'][];
  /** Opens a fresh city with these slots, by as many requests as that takes. Throws when it cannot be done. */
  reset(world: BookingWorld, send: (request: HttpRequest) => Promise<HttpAnswer>): Promise<void>;
  /** The request for a call. */
  request(call: BookingCall): HttpRequest;
  /**
   * What the answer to it means. Throws an `Error` that says why for an answer that the API should never give: then
   * the run fails with it. A TypeError and the like is an error of the adapter's own.
   */
  reply(call: BookingCall, answer: HttpAnswer): HttpReply;
}

const REASONS = ['full', 'closed', 'already-booked', 'no-such-slot', 'no-such-booking'] as const;
const id = z.union([z.string().min(1), z.number()]).transform(String);
const nothing = z.unknown().transform(() => ({}));
const VALUES = {
  book: z.object({ booking: id }),
  read: z.object({
    capacity: z.int(),
    open: z.boolean(),
    bookings: z.array(z.object({ id, citizen: z.string() })),
  }),
  list: z.object({
    slots: z.array(z.object({ id: z.string(), capacity: z.int(), open: z.boolean(), bookings: z.int() })),
  }),
  cancel: nothing,
  open: nothing,
  close: nothing,
} as const;
const replySchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('ok'), value: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ outcome: z.literal('refused'), reason: z.enum(REASONS) }),
  z.object({ outcome: z.literal('failed'), error: z.string() }),
]);

/** The API that the adapter describes. */
export function adaptedApi(adapter: HttpAdapter): BookingApi {
  return {
    reset: async (world, send) => {
      try {
        await adapter.reset(world, async (request) => shownTo(await send(wireRequest(adapter, request))));
      } catch (error) {
        // Of a request that nobody answered the adapter knows nothing.
        if (error instanceof NotPreparedError) throw error;
        throw failed('reset', 'reset() of the adapter', error);
      }
    },
    offers: (operation) => (adapter.operations ?? BOOKING_OPERATIONS).includes(operation),
    requestOf: (call) => {
      try {
        return wireRequest(adapter, adapter.request(call));
      } catch (error) {
        throw failed('mapping', `request() of the adapter, for ${call.operation},`, error);
      }
    },
    replyOf: (call, answer) => replyOf(adapter, call, answer),
    isContract: false,
  };
}

/** An error of the adapter's code, with the part of it that failed. */
function failed(phase: AdapterPhase, what: string, cause: unknown): AdapterError {
  if (cause instanceof AdapterError) return cause;
  return wrong(phase, `${what} failed: ${errorText(cause)}`, cause);
}

function wrong(phase: AdapterPhase, message: string, cause?: unknown): AdapterError {
  return new AdapterError(message, { phase, role: 'adapter', cause });
}

function wireRequest({ name }: HttpAdapter, request: HttpRequest): WireRequest {
  const { method, path, headers = {}, json } = request;
  if (typeof method !== 'string' || typeof path !== 'string' || !path.startsWith('/')) {
    const message = `The adapter ${name} made no request: it needs a method and a path that begins with "/".`;
    throw wrong('mapping', message);
  }
  return { method, path, headers, body: json === undefined ? null : JSON.stringify(json) };
}

function shownTo({ status, headers, body }: Answer): HttpAnswer {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  return { status, headers, text: body, json };
}

function replyOf(adapter: HttpAdapter, call: BookingCall, answer: Answer): Reply | Breach {
  if (answer.status >= 500) return { outcome: 'failed', error: `the service answered ${answer.status}` };
  let said: unknown;
  try {
    said = adapter.reply(call, shownTo(answer));
  } catch (error) {
    if (isProgrammingError(error)) {
      throw failed(
        'mapping',
        `reply() of the adapter, given the answer ${shown(answer)} to ${call.operation},`,
        error,
      );
    }
    return breach(call, answer, (error as Error).message);
  }
  const reply = replySchema.safeParse(said);
  if (!reply.success) throw noReply(call, answer, JSON.stringify(said));
  if (reply.data.outcome !== 'ok') return reply.data;
  const value = VALUES[call.operation].safeParse(reply.data.value);
  if (!value.success) {
    const issue = value.error.issues[0];
    throw noReply(call, answer, `a value with ${issue?.path.join('.') || 'a shape'}: ${issue?.message}`);
  }
  const own =
    call.operation === 'read'
      ? { id: call.slot }
      : call.operation === 'cancel'
        ? { booking: call.booking }
        : {};
  return { outcome: 'ok', value: { ...own, ...value.data } };
}

const ADVICE =
  'Where the service should never answer so, throw an Error in reply() that says it: then the run fails with that.';

/** The adapter answered with what is no reply; what it was given may tell why. */
function noReply({ operation }: BookingCall, answer: Answer, said: string): AdapterError {
  const message = `reply() of the adapter made ${said} of the answer ${shown(answer)} to ${operation}, which is no HttpReply. ${ADVICE}`;
  return wrong('mapping', message);
}

function breach({ operation }: BookingCall, answer: Answer, why: string): Breach {
  return {
    outcome: 'breach',
    message: `${operation} was answered ${shown(answer)}: ${why}.`,
    expected: 'an answer that the adapter knows',
  };
}

function shown({ status, body }: Answer): string {
  return `${status} with ${body === '' ? 'nothing' : body.slice(0, 200)}`;
}
