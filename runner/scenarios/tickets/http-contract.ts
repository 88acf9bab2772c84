/** The contract of `tickets` over HTTP: what is asked of a service, and what it answers. */
import { z } from 'zod';
import type { HttpContract } from '../http-contract.ts';

const name = z.string().min(1);
const count = z.int().min(0);
const instant = z.iso.datetime({ offset: true }).describe('With its offset or in UTC, in ms.');
const seconds = z.number().positive();

export const orderSchema = z.object({
  id: name,
  owner: name,
  seats: z.array(name),
  places: count,
  state: z.enum(['held', 'paid', 'sold']),
  expiresAt: instant.nullable().describe('Of a hold or an offer; null of the others.'),
});
const eventSchema = z.object({
  id: name,
  seats: z.array(name).describe('All of them, whoever has them.'),
  places: count.describe('Of general admission.'),
  quota: count.describe('The most that a citizen may hold, own and wait for.'),
  opensAt: instant.describe('When its sale opens.'),
});
export const eventShownSchema = eventSchema.extend({
  orders: z.array(orderSchema).describe('Those that stand, in any order.'),
  waiting: z.array(name).describe('Orders, the first who waits first.'),
  moneyHeld: count.describe('Payments that succeeded and have neither an order nor been given back.'),
});
export const eventsShownSchema = z.array(eventShownSchema);
export const heldSchema = z.object({ expiresAt: instant });
export const paymentSchema = z.object({ state: z.enum(['paid', 'refunded', 'failed']) });

/** `sha256=` and the HMAC in hexadecimal digits. */
export const SIGNATURE_HEADER = 'x-signature';

const refusal = (...reasons: readonly [string, ...string[]]) => ({
  what: 'It is refused, and changed nothing. Where several reasons are true, any of them.',
  body: z.object({ error: z.enum(reasons) }),
});
const DONE = { what: 'It was done.' };
const ORDER = '/events/{event}/orders/{order}';

export const BOX_OFFICE_CONTRACT = {
  title: 'The box office contract: orders of seats and places, their payments, and a waiting list',
  description: [
    'An order takes all of its seats and places or none, and its name is the citizen’s own, so that a repeat has one',
    'effect. A hold that is not paid by its `expiresAt` is gone from then on, and what it took is free. Places that become',
    'free while citizens wait are offered in their order: an offer is a hold of one place, whose order has the name under',
    'which was waited. A 5xx says nothing: the request may have happened.',
  ].join(' '),
  requests: {
    reset: {
      method: 'POST',
      path: '/admin/reset',
      summary: 'Only these events from now on, and no orders, payments or people who wait.',
      body: z.object({
        events: z.array(eventSchema),
        holdSeconds: seconds.describe('How long a hold stands.'),
        offerSeconds: seconds.describe('How long an offer stands.'),
        webhookSecret: name.describe('The key of the signatures from now on.'),
      }),
      answers: { 204: DONE },
    },
    hold: {
      method: 'POST',
      path: '/events/{event}/orders',
      summary: 'Takes the seats and places for a while.',
      body: z.object({ id: name, citizen: name, seats: z.array(name), places: count }),
      answers: {
        201: { what: 'They are held.', body: heldSchema },
        200: { what: 'A repeat, of an order that stands: the answer of the first.', body: heldSchema },
        409: refusal('not-open', 'quota', 'taken', 'ended'),
      },
    },
    pay: {
      method: 'POST',
      path: '/webhooks/payments',
      summary: 'The provider tells what became of a payment, once or more often, in any order, also late.',
      headers: z.object({
        [SIGNATURE_HEADER]: z
          .string()
          .describe(
            '`sha256=` and the HMAC-SHA-256 of the body as it is, by the secret of the reset, in hexadecimal digits.',
          ),
      }),
      body: z.object({ event: name, order: name, payment: name, status: z.enum(['succeeded', 'failed']) }),
      answers: {
        200: {
          what: 'The order is paid; the money is given back, as the order does not stand or is paid already; or it failed.',
          body: paymentSchema,
        },
        401: { what: 'The signature is wrong.', body: z.object({ error: z.literal('bad-signature') }) },
      },
    },
    confirm: {
      method: 'POST',
      path: `${ORDER}/confirm`,
      summary: 'A paid order becomes tickets.',
      answers: { 204: DONE, 409: refusal('unpaid', 'ended') },
    },
    release: {
      method: 'DELETE',
      path: ORDER,
      summary: 'Gives a hold or an offer up.',
      answers: { 204: DONE, 409: refusal('not-held') },
    },
    refund: {
      method: 'POST',
      path: `${ORDER}/refund`,
      summary: 'Gives the money of an order back, and frees what it took.',
      answers: { 204: DONE, 409: refusal('not-sold') },
    },
    transfer: {
      method: 'POST',
      path: `${ORDER}/transfer`,
      summary: 'Tickets get another owner.',
      body: z.object({ citizen: name.describe('Who asks: the owner.'), to: name }),
      answers: { 204: DONE, 409: refusal('not-sold', 'not-owner', 'quota') },
    },
    join: {
      method: 'POST',
      path: '/events/{event}/waiting',
      summary: 'Waits for one place.',
      body: z.object({ id: name, citizen: name }),
      answers: { 204: DONE, 409: refusal('not-open', 'quota', 'available', 'ended') },
    },
    leave: {
      method: 'DELETE',
      path: '/events/{event}/waiting/{order}',
      summary: 'Waits no longer.',
      answers: { 204: DONE, 409: refusal('not-waiting') },
    },
    read: {
      method: 'GET',
      path: '/events/{event}',
      summary: 'An event with its orders, at one instant.',
      answers: { 200: { what: 'As it is.', body: eventShownSchema } },
    },
    inspect: {
      method: 'GET',
      path: '/events',
      summary: 'All events at rest.',
      answers: { 200: { what: 'In any order.', body: eventsShownSchema } },
    },
  },
} as const satisfies HttpContract;
