/**
 * An adapter: it maps what the citizens do to the HTTP API of your service, when that is another one than the
 * booking contract's. The API here is made up: seats of events at /v2, holders, references. Make it yours.
 *
 *   npx simcity run --target http://127.0.0.1:8080 --adapter ./my-adapter.ts
 */
import type { BookingCall, HttpAdapter, HttpAnswer, HttpReply } from 'simcity/scenario';

const REFUSALS: Record<string, string> = {
  SOLD_OUT: 'full',
  SALE_CLOSED: 'closed',
  DUPLICATE: 'already-booked',
  UNKNOWN_EVENT: 'no-such-slot',
  UNKNOWN_TICKET: 'no-such-booking',
};

interface Sale {
  ref: string;
  seats: number;
  onSale: boolean;
  tickets: { ref: string; holder: string }[];
}

const adapter: HttpAdapter = {
  name: 'tickets',

  /** Opens a fresh city: these slots, empty and open, and nothing else. As many requests as that takes. */
  async reset(world, send) {
    await send({ method: 'DELETE', path: '/v2/events' });
    for (const { id, capacity } of world.slots) {
      const answer = await send({
        method: 'PUT',
        path: `/v2/events/${id}`,
        json: { seats: capacity, onSale: true },
      });
      if (answer.status >= 300) throw new Error(`The event ${id} was not made: ${answer.status}.`);
    }
  },

  /** The request for each call. A repeated booking comes with the same key. */
  request(call) {
    switch (call.operation) {
      case 'book': {
        const json = { event: call.slot, holder: call.citizen, requestId: call.key };
        return { method: 'POST', path: '/v2/tickets', json };
      }
      case 'cancel':
        return { method: 'POST', path: `/v2/tickets/${call.booking}/refund` };
      case 'read':
        return { method: 'GET', path: `/v2/events/${call.slot}` };
      case 'list':
        return { method: 'GET', path: '/v2/events' };
      case 'open':
      case 'close':
        return {
          method: 'PUT',
          path: `/v2/events/${call.slot}/sale`,
          json: { onSale: call.operation === 'open' },
        };
    }
  },

  /** What an answer means. From 500 on an answer says nothing, and you are not asked. */
  reply(call, answer) {
    if (answer.status >= 400) return refused(answer);
    return { outcome: 'ok', value: contentOf(call, answer.json) };
  },
};

function refused({ status, json }: HttpAnswer): HttpReply {
  const reason = REFUSALS[(json as { code?: string } | undefined)?.code ?? ''];
  // Whatever the API should never answer is an error of the service: say so, and the run fails with it.
  if (reason === undefined)
    return { outcome: 'wrong', why: `no refusal of this API has the status ${status}` };
  return { outcome: 'refused', reason };
}

function contentOf({ operation }: BookingCall, json: unknown): Record<string, unknown> {
  if (operation === 'book') return { booking: (json as { ref: string }).ref };
  if (operation === 'read') return slotOf(json as Sale);
  if (operation !== 'list') return {};
  return { slots: (json as Sale[]).map((event) => ({ ...slotOf(event), bookings: event.tickets.length })) };
}

function slotOf({ ref, seats, onSale, tickets }: Sale): Record<string, unknown> {
  const bookings = tickets.map((ticket) => ({ id: ticket.ref, citizen: ticket.holder }));
  return { id: ref, capacity: seats, open: onSale, bookings };
}

export default adapter;
