/**
 * An adapter for the scenario tickets: orders of seats that are held for a while and paid through a provider, whose
 * webhooks tell the service. The API here is made up: reservations for shows. Make it yours.
 *
 *   npx simcity check-adapter --scenario tickets --target http://127.0.0.1:8080 --adapter ./my-adapter.ts
 */
import { createHmac } from 'node:crypto';
import type { AdapterCall, HttpAdapter, HttpReply, HttpRequest, TicketCall, Venue } from 'simcity/scenario';

/** What the service takes for the signing key of its provider: that of a test, never of production. */
const WEBHOOK_SECRET = process.env['WEBHOOK_SECRET'] ?? 'test secret';
const SIGNATURE_HEADER = 'x-signature';

const REFUSALS: Record<string, string> = {
  'not on sale': 'not-open',
  'limit reached': 'quota',
  'not available': 'taken',
  'no longer held': 'ended',
  'not paid': 'unpaid',
  'not held': 'not-held',
  'nothing to refund': 'not-sold',
};
const STATES: Record<string, string> = { held: 'held', paid: 'paid', ticketed: 'sold' };
const PAYMENTS: Record<string, string> = { accepted: 'paid', returned: 'refunded', declined: 'failed' };
type Reservation = {
  reference: string;
  customer: string;
  seats: string[];
  standing: number;
  status: string;
  heldUntil: string | null;
};
type Said = { error?: string; heldUntil?: string; payment?: string; reservations?: Reservation[] };
type Show = Venue['events'][number] & { show: number };
const shows = new Map<string, Show>();

const adapter: HttpAdapter<TicketCall, Venue> = {
  name: 'my-adapter',
  /** What the API has; there are `transfer`, `join` and `leave` too. */
  operations: ['hold', 'pay', 'confirm', 'release', 'refund', 'read'],
  /** Start the service with so short a time: it passes while the run goes on. */
  rules: { keys: true, holdTtl: { seconds: 2 } },

  /** Fresh shows, nothing of them sold. */
  async reset({ events }, send) {
    for (const event of events) {
      const { seats, places: standing, quota: limit, opensAt } = event;
      const json = { seats, standing, limit, onSaleAt: new Date(opensAt).toISOString() };
      const answer = await send({ method: 'POST', path: '/shows', json });
      if (answer.status !== 201) throw new Error(`No show was made: ${answer.status}.`);
      shows.set(event.id, { ...event, show: (answer.json as { show: number }).show });
    }
  },

  request: requestOf,

  /** What its answer means. What the API should never answer is `wrong`, and fails the run. */
  reply(call, { status, json }): HttpReply {
    const said = (json ?? {}) as Said;
    const reason = REFUSALS[said.error ?? ''];
    if (reason !== undefined) return { outcome: 'refused', reason };
    if (status >= 300) return { outcome: 'wrong', why: `${call.operation} was answered ${status}` };
    return { outcome: 'ok', value: shownBy(call, said) };
  },
};

function requestOf(call: AdapterCall<TicketCall>): HttpRequest {
  const show = `/shows/${shows.get(call.event)?.show}`;
  if (call.operation === 'read') return { method: 'GET', path: show };
  if (call.operation === 'hold') {
    const { order: reference, citizen: customer, seats, places: standing } = call;
    return { method: 'POST', path: `${show}/reservations`, json: { reference, customer, seats, standing } };
  }
  const reservation = `${show}/reservations/${call.order}`;
  if (call.operation === 'confirm') return { method: 'POST', path: `${reservation}/tickets` };
  if (call.operation === 'release') return { method: 'DELETE', path: reservation };
  if (call.operation === 'refund') return { method: 'POST', path: `${reservation}/refund` };
  if (call.operation !== 'pay') throw new Error(`The API has no ${call.operation}.`);
  // What is signed is the body as it is sent, byte for byte.
  const { order: reference, payment, status } = call;
  const text = JSON.stringify({ show: shows.get(call.event)?.show, reference, payment, status });
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(text).digest('hex');
  const headers = { [SIGNATURE_HEADER]: signature };
  return { method: 'POST', path: '/hooks/payments', headers, text, type: 'application/json' };
}

/** Of a hold when it ends, of a payment what became of it, of a read all that stands; times in ms since 1970. */
function shownBy({ operation, event }: AdapterCall<TicketCall>, said: Said): Record<string, unknown> {
  if (operation === 'hold') return { expiresAt: Date.parse(said.heldUntil ?? '') };
  if (operation === 'pay') return { state: PAYMENTS[said.payment ?? ''] };
  if (operation !== 'read') return {};
  const orders = (said.reservations ?? []).map(
    ({ reference, customer, seats, standing, status, heldUntil }) => ({
      ...{ id: reference, owner: customer, seats, places: standing, state: STATES[status] },
      expiresAt: heldUntil === null ? null : Date.parse(heldUntil),
    }),
  );
  const { show: _, ...known } = shows.get(event) as Show;
  return { ...known, orders, waiting: [], moneyHeld: 0 };
}

export default adapter;
