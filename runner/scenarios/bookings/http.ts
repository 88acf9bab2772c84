/** The booking service's HTTP contract: calls as requests, answers as replies, and what no answer may be. */
import { z } from 'zod';
import type { Reply } from '../../service/call.ts';
import { type Breach, type HttpApi, type HttpRequest, notPrepared } from '../../targets/http/api.ts';
import type { BookingCall, BookingWorld } from './calls.ts';

const refusedSchema = z.object({
  error: z.enum(['full', 'closed', 'already-booked', 'no-such-slot', 'no-such-booking']),
});
const bookingSchema = z.object({ id: z.string().min(1), slot: z.string(), citizen: z.string() });
const slotShape = { id: z.string(), capacity: z.int(), open: z.boolean() };
const slotSchema = z.object({ ...slotShape, bookings: z.array(bookingSchema) });
const rowsSchema = z.array(z.object({ ...slotShape, bookings: z.int() }));

export const contractApi: HttpApi = {
  isContract: true,
  rules: {},
  offers: () => true,
  async setup() {},
  async reset(world, send) {
    const request = resetRequest(world as unknown as BookingWorld);
    const answer = await send(request);
    if (answer.status !== 204) throw notPrepared(request, answer, '204');
  },
  async perform(call, send) {
    const { status, text } = await send(requestOf(call as BookingCall), { raced: true });
    return replyOf(call as BookingCall, status, text);
  },
};

/** The request that opens a fresh city. Not in order: so it shows whether the service sorts its list. */
export function resetRequest(world: BookingWorld): HttpRequest {
  const all = world.slots.map(({ id, capacity }) => ({ id, capacity })).toReversed();
  const slots = [...all.filter((_, i) => i % 2 === 1), ...all.filter((_, i) => i % 2 === 0)];
  return { method: 'POST', path: '/admin/reset', json: { slots } };
}

export function requestOf(call: BookingCall): HttpRequest {
  switch (call.operation) {
    case 'book':
      return {
        method: 'POST',
        path: `/slots/${encodeURIComponent(call.slot)}/bookings`,
        headers: { 'idempotency-key': call.key },
        json: { citizen: call.citizen },
      };
    case 'cancel':
      return plain('DELETE', `/bookings/${encodeURIComponent(call.booking)}`);
    case 'read':
      return plain('GET', `/slots/${encodeURIComponent(call.slot)}`);
    case 'list':
      return plain('GET', '/slots');
    case 'open':
    case 'close':
      return {
        method: 'PATCH',
        path: `/slots/${encodeURIComponent(call.slot)}`,
        json: { open: call.operation === 'open' },
      };
  }
}

/** What an answer means for the call. A 5xx is `failed`: it does not say what happened. */
export function replyOf(call: BookingCall, status: number, body: string): Reply | Breach {
  if (status >= 500) return { outcome: 'failed', error: `the service answered ${status}` };
  if (status === 404 || status === 409) return refusal(call, status, body);
  switch (call.operation) {
    case 'book':
      return status === 201 || status === 200
        ? booked(call, body)
        : wrongStatus(call, status, '201, 404 or 409');
    case 'read':
      return status === 200 ? shown(call.slot, body) : wrongStatus(call, status, '200 or 404');
    case 'list':
      return status === 200 ? listed(body) : wrongStatus(call, status, '200');
    case 'cancel':
      return status === 204 ? ok({ booking: call.booking }) : wrongStatus(call, status, '204 or 404');
    case 'open':
    case 'close':
      return status === 204 ? ok({ slot: call.slot }) : wrongStatus(call, status, '204 or 404');
  }
}

function plain(method: 'GET' | 'DELETE', path: string): HttpRequest {
  return { method, path };
}

function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}

function refusal(call: BookingCall, status: number, body: string): Reply | Breach {
  const mayBe = status === 404 ? call.operation !== 'list' : call.operation === 'book';
  if (!mayBe) return wrongStatus(call, status, 'a status that the contract has for it');
  const parsed = parse(refusedSchema, body);
  return 'value' in parsed
    ? { outcome: 'refused', reason: parsed.value.error }
    : wrongShape(`the ${status} to ${call.operation}`, parsed.why, body);
}

function booked(call: BookingCall & { operation: 'book' }, body: string): Reply | Breach {
  const parsed = parse(bookingSchema, body);
  if (!('value' in parsed)) return wrongShape('the booking', parsed.why, body);
  const { id, slot, citizen } = parsed.value;
  if (slot !== call.slot || citizen !== call.citizen) {
    return {
      outcome: 'breach',
      message: `${call.citizen} asked for ${call.slot} with the key ${JSON.stringify(call.key)} and was given booking ${id} of ${citizen} in ${slot}.`,
      expected: `a booking of ${call.citizen} in ${call.slot}`,
    };
  }
  return ok({ booking: id });
}

function shown(slot: string, body: string): Reply | Breach {
  const parsed = parse(slotSchema, body);
  if (!('value' in parsed)) return wrongShape(`${slot}`, parsed.why, body);
  const { id, capacity, open, bookings } = parsed.value;
  const foreign = bookings.find((booking) => booking.slot !== slot);
  if (id !== slot || foreign) {
    const what = foreign ? `booking ${foreign.id} of ${foreign.slot}` : `the slot ${id}`;
    return { outcome: 'breach', message: `A read of ${slot} shows ${what}.`, expected: `only ${slot}` };
  }
  return ok({ id, capacity, open, bookings: bookings.map(({ id, citizen }) => ({ id, citizen })) });
}

function listed(body: string): Reply | Breach {
  const parsed = parse(rowsSchema, body);
  if (!('value' in parsed)) return wrongShape('the list of slots', parsed.why, body);
  const ids = parsed.value.map(({ id }) => id);
  const inOrder = (compare: (a: string, b: string) => number) =>
    ids.every((id, i) => i === 0 || compare(ids[i - 1] as string, id) < 0);
  if (!inOrder((a, b) => (a < b ? -1 : a > b ? 1 : 0)) && !inOrder(NATURAL.compare)) {
    return {
      outcome: 'breach',
      message: `The list of slots is not sorted by id: ${ids.slice(0, 12).join(', ')}.`,
      expected: 'each slot once, sorted by id',
    };
  }
  return ok({ slots: parsed.value });
}

const NATURAL = new Intl.Collator('en', { numeric: true });

function parse<T>(schema: z.ZodType<T>, body: string): { value: T } | { why: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { why: 'it is no JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  return { why: `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not valid'}` };
}

function wrongStatus(call: BookingCall, status: number, expected: string): Breach {
  return { outcome: 'breach', message: `${call.operation} was answered ${status}.`, expected };
}

function wrongShape(what: string, why: string, body: string): Breach {
  const text = body.length > 200 ? `${body.slice(0, 200)}…` : body;
  return {
    outcome: 'breach',
    message: `The body of ${what} is not what the contract says (${why}): ${text === '' ? '(empty)' : text}`,
    expected: 'the shape in the contract',
  };
}
