/**
 * An adapter for a service that books in two steps: a hold, which is then confirmed. The API here is made up: orders
 * of shows. Make it yours.
 *
 *   npx simcity check-adapter --target http://127.0.0.1:8080 --adapter ./my-adapter.ts
 */
import type { HttpAdapter, HttpReply } from 'simcity/scenario';

const REFUSALS: Record<string, string> = {
  'no seats left': 'full',
  'you have an order': 'already-booked',
  'no such order': 'no-such-booking',
  'no such show': 'no-such-slot',
};
let shows = new Map<string, number>();

const adapter: HttpAdapter = {
  name: 'my-adapter',
  operations: ['book', 'cancel', 'read'],

  async reset(world, send) {
    const made = new Map<string, number>();
    for (const { id, capacity } of world.slots) {
      const { status, json } = await send({ method: 'POST', path: '/shows', json: { seats: capacity } });
      if (status >= 300) throw new Error(`No show was made: ${status}.`);
      made.set(id, (json as { id: number }).id);
    }
    shows = made;
  },

  async perform(call, send): Promise<HttpReply> {
    if (call.operation === 'cancel') {
      const { status, json } = await send({ method: 'DELETE', path: `/orders/${call.booking}` });
      return status === 204 ? { outcome: 'ok' } : refused(status, json);
    }
    const path = `/shows/${shows.get(String(call['slot']))}`;
    if (call.operation === 'read') {
      const { status, json } = await send({ method: 'GET', path });
      if (status !== 200) return refused(status, json);
      // Held seats are taken, as those that are paid for.
      const { orders } = json as { orders: { id: number; name: string }[] };
      return { outcome: 'ok', value: { bookings: orders.map(({ id, name }) => ({ id, citizen: name })) } };
    }
    // `raced`: this request leaves at the same instant as those of its rivals, and faults strike it. It is the first
    // that is no GET, unless one says so.
    const hold = { method: 'POST', path: `${path}/holds`, json: { name: call.citizen } };
    const held = await send(hold, { raced: true });
    if (held.status !== 201) return refused(held.status, held.json);
    const { order } = held.json as { order: number };
    const paid = await send({ method: 'POST', path: `/orders/${order}/payment` });
    if (paid.status === 200) return { outcome: 'ok', value: { booking: order } };
    // Somebody who knew its number has released it meanwhile: it was a booking for a while, and is none any more.
    return { outcome: 'failed', error: `the payment was answered ${paid.status}` };
  },
};

function refused(status: number, json: unknown): HttpReply {
  const reason = REFUSALS[(json as { reason?: string } | undefined)?.reason ?? ''];
  // What the API should never answer fails the run.
  if (reason === undefined)
    return { outcome: 'wrong', why: `no refusal of this API has the status ${status}` };
  return { outcome: 'refused', reason };
}

export default adapter;
