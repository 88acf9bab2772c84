/** The calls of `tickets` as requests of the box office contract, and its answers as replies. */
import { createHmac } from 'node:crypto';
import type { z } from 'zod';
import type { AdapterCall, HttpAdapter, HttpRequest } from '../../public.ts';
import { contractReply, contractShown } from '../contract-reply.ts';
import {
  type EventShown,
  type Order,
  type PayCall,
  TICKET_OPERATIONS,
  type TicketCall,
  type Venue,
} from './calls.ts';
import {
  BOX_OFFICE_CONTRACT,
  type eventShownSchema,
  eventsShownSchema,
  type heldSchema,
  type orderSchema,
  SIGNATURE_HEADER,
} from './http-contract.ts';

/** The reset tells it: it is the key of a service that is tested, and of nothing else. */
const WEBHOOK_SECRET = 'secret of the city';

export const boxOfficeOverHttp: HttpAdapter<TicketCall, Venue> = {
  name: 'box office',
  operations: TICKET_OPERATIONS,
  rules: { keys: true, holdTtl: { seconds: 1 } },

  async reset(venue, send) {
    const answer = await send({ method: 'POST', path: '/admin/reset', json: cityOf(venue) });
    if (answer.status !== 204) throw new Error(`POST /admin/reset was answered ${answer.status}, not 204`);
  },

  request: requestOf,

  reply: (call, answer) =>
    contractReply(call.operation, BOX_OFFICE_CONTRACT.requests[call.operation], answer, (said) =>
      asKnown(call, said),
    ),

  async inspect(send) {
    return (await contractShown(send, '/events', eventsShownSchema)).map(eventOf);
  },
};

function cityOf({ events, holdMs, offerMs }: Venue) {
  return {
    events: events.map(({ id, seats, places, quota, opensAt }) => ({
      ...{ id, seats, places, quota },
      opensAt: new Date(opensAt).toISOString(),
    })),
    holdSeconds: holdMs / 1_000,
    offerSeconds: offerMs / 1_000,
    webhookSecret: WEBHOOK_SECRET,
  };
}

function requestOf(call: AdapterCall<TicketCall>): HttpRequest {
  const event = `/events/${encodeURIComponent(call.event)}`;
  switch (call.operation) {
    case 'hold': {
      const { order: id, citizen, seats, places } = call;
      return { method: 'POST', path: `${event}/orders`, json: { id, citizen, seats, places } };
    }
    case 'pay':
      return signed(call);
    case 'confirm':
    case 'refund':
      return { method: 'POST', path: `${event}${orderPath(call)}/${call.operation}` };
    case 'release':
      return { method: 'DELETE', path: `${event}${orderPath(call)}` };
    case 'transfer': {
      const { citizen, to } = call;
      return { method: 'POST', path: `${event}${orderPath(call)}/transfer`, json: { citizen, to } };
    }
    case 'join': {
      const { order: id, citizen } = call;
      return { method: 'POST', path: `${event}/waiting`, json: { id, citizen } };
    }
    case 'leave':
      return { method: 'DELETE', path: `${event}/waiting/${encodeURIComponent(call.order)}` };
    case 'read':
      return { method: 'GET', path: event };
  }
}

function orderPath({ order }: { readonly order: string }): string {
  return `/orders/${encodeURIComponent(order)}`;
}

/** As providers sign: the bytes of the body, not what they mean. */
function signed({ event, order, payment, status }: PayCall): HttpRequest {
  const text = JSON.stringify({ event, order, payment, status });
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(text).digest('hex');
  return {
    method: 'POST',
    path: '/webhooks/payments',
    headers: { [SIGNATURE_HEADER]: `sha256=${signature}` },
    text,
    type: 'application/json',
  };
}

/** What was said, as the model knows it: with times in ms. */
function asKnown({ operation }: TicketCall, said: unknown): Record<string, unknown> {
  if (operation === 'hold') {
    return { expiresAt: Date.parse((said as z.output<typeof heldSchema>).expiresAt) };
  }
  if (operation === 'read') return { ...eventOf(said as z.output<typeof eventShownSchema>) };
  return (said ?? {}) as Record<string, unknown>;
}

function eventOf({ opensAt, orders, ...event }: z.output<typeof eventShownSchema>): EventShown {
  return { ...event, opensAt: Date.parse(opensAt), orders: orders.map(orderOf) };
}

function orderOf({ expiresAt, ...order }: z.output<typeof orderSchema>): Order {
  return { ...order, expiresAt: expiresAt === null ? null : Date.parse(expiresAt) };
}
