/**
 * An adapter: it maps what the citizens do to the HTTP API of your service. The API here is made up: tickets of
 * events, JSON, ids that the service assigns, no idempotency keys. Make it yours.
 *
 *   npx simcity check-adapter --target http://127.0.0.1:8080 --adapter ./my-adapter.ts
 */
import type { HttpAdapter } from 'simcity/scenario';

const REFUSALS: Record<string, string> = { 'sold out': 'full', 'one ticket a person': 'already-booked' };
type Said = { id: string; number: string; error: string; tickets: { number: string; name: string }[] };
const events = new Map<string, string>();

const adapter: HttpAdapter = {
  name: 'my-adapter',
  /** What the API has, of book, cancel, read, list, open and close. */
  operations: ['book', 'cancel', 'read'],

  /** A fresh city: these slots, empty. Here a fresh event stands for each. */
  async reset({ slots }, send) {
    for (const { id, capacity } of slots) {
      const { status, json } = await send({ method: 'POST', path: '/events', json: { seats: capacity } });
      if (status >= 300) throw new Error(`No event was made: ${status}.`);
      events.set(id, (json as Said).id);
    }
  },

  /** The request for a call. Where one call takes several, write `perform` instead of `request` and `reply`. */
  request(call) {
    if (call.operation === 'cancel') return { method: 'DELETE', path: `/tickets/${call.booking}` };
    const path = `/events/${events.get(String(call['slot']))}`;
    if (call.operation === 'read') return { method: 'GET', path };
    return { method: 'POST', path: `${path}/tickets`, json: { name: call.citizen } };
  },

  /** What its answer means. What the API should never answer is `wrong`, and fails the run. */
  reply({ operation }, { status, json }) {
    const { number, error = '', tickets = [] } = (json ?? {}) as Partial<Said>;
    const reason = status === 404 && operation === 'cancel' ? 'no-such-booking' : REFUSALS[error];
    if (reason !== undefined) return { outcome: 'refused', reason };
    if (status >= 300) return { outcome: 'wrong', why: `${operation} was answered ${status}` };
    const bookings = tickets.map((ticket) => ({ id: ticket.number, citizen: ticket.name }));
    return { outcome: 'ok', value: operation === 'book' ? { booking: number } : { bookings } };
  },
};

export default adapter;
