/**
 * An adapter for the scenario stays: things that are taken for ranges of time. The API here is made up: reservations
 * of rooms, each with so many beds, times of the wall clock in the zone of the room. Make it yours. Where yours takes
 * instants instead, `AskedStayCall` in place of `StayCall` has them as `fromInstant` and `toInstant`; where it keeps
 * nothing free between bookings, add `buffer: false` to the rules.
 *
 *   npx simcity check-adapter --scenario stays --target http://127.0.0.1:8080 --adapter ./my-adapter.ts
 */
import type { AdapterCall, House, HttpAdapter, HttpReply, HttpRequest, StayCall } from 'simcity/scenario';

const REFUSALS: Record<string, string> = {
  'not available': 'taken',
  'no such reservation': 'no-such-booking',
  'ends before it begins': 'empty-range',
};
type Reservation = { number: number; reference: string; bed: number; start: string; end: string };
type Said = Partial<Reservation> & { error?: string; beds?: number[]; reservations?: Reservation[] };
type Room = House['resources'][number] & { room: number };
const rooms = new Map<string, Room>();
/** What the service calls a booking, by its reference. */
const numbers = new Map<string, number>();

const adapter: HttpAdapter<StayCall, House> = {
  name: 'my-adapter',
  /** What the API has; there is a `series` too. */
  operations: ['book', 'move', 'extend', 'shorten', 'cancel', 'search', 'read'],
  rules: { keys: true },

  /** Fresh rooms, empty. Where the API makes none, take those that there are, with `capacity` of the rules for their units. */
  async reset({ zone, resources }, send) {
    for (const resource of resources) {
      const { id, units: beds, buffer: cleaningMinutes } = resource;
      const json = { beds, cleaningMinutes, timeZone: zone };
      const answer = await send({ method: 'POST', path: '/rooms', json });
      if (answer.status !== 201) throw new Error(`No room was made: ${answer.status}.`);
      rooms.set(id, { ...resource, room: (answer.json as { room: number }).room });
    }
    numbers.clear();
  },

  request: requestOf,

  /** What its answer means. What the API should never answer is `wrong`, and fails the run. */
  reply(call, { status, json }): HttpReply {
    const said = (json ?? {}) as Said;
    const reason = REFUSALS[said.error ?? ''];
    if (reason !== undefined) return { outcome: 'refused', reason };
    if (status >= 300) return { outcome: 'wrong', why: `${call.operation} was answered ${status}` };
    if (call.operation === 'book' && said.number !== undefined) numbers.set(call.booking, said.number);
    return { outcome: 'ok', value: shownBy(call, said) };
  },
};

function requestOf(call: AdapterCall<StayCall>): HttpRequest {
  if (call.operation === 'series') throw new Error('The API has no series.');
  const path = `/rooms/${rooms.get(call.resource)?.room}`;
  if (call.operation === 'read') return { method: 'GET', path };
  if (call.operation === 'search') {
    return { method: 'GET', path: `${path}/free?${new URLSearchParams({ start: call.from, end: call.to })}` };
  }
  if (call.operation === 'book') {
    const { booking: reference, from: start, to: end, unit: bed } = call;
    const headers = { 'idempotency-key': reference };
    return { method: 'POST', path: `${path}/reservations`, headers, json: { reference, start, end, bed } };
  }
  const reservation = `${path}/reservations/${numbers.get(call.booking)}`;
  if (call.operation === 'cancel') return { method: 'DELETE', path: reservation };
  const { from: start, to: end, target } = call as { from?: string; to: string; target?: string };
  const room = target === undefined ? undefined : rooms.get(target)?.room;
  return { method: 'PATCH', path: reservation, json: { room, start, end } };
}

/** Of a book and a move the unit, of a search the free ones, of a read all that stands; times in minutes since 1970. */
function shownBy({ operation, resource }: AdapterCall<StayCall>, said: Said): Record<string, unknown> {
  if (operation === 'book' || operation === 'move') return { unit: said.bed };
  if (operation === 'search') return { units: said.beds };
  if (operation !== 'read') return {};
  const minutes = (time: string) => Date.parse(time) / 60_000;
  const bookings = (said.reservations ?? []).map(({ reference: id, bed: unit, start, end }) => {
    return { id, unit, from: minutes(start), to: minutes(end) };
  });
  const { units, buffer } = rooms.get(String(resource)) as Room;
  return { units, buffer, bookings };
}

export default adapter;
