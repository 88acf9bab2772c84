/** The API of the services without a reset: a fresh city is made by creating its slots. */
import type { HttpAdapter } from 'simcity/scenario';

/** By what the city calls a slot: what the service does. They differ where slots of an older city are left. */
let names = new Map<string, string>();

interface Row {
  id: string;
  capacity: number;
  open: boolean;
  bookings: unknown;
}

const adapter: HttpAdapter = {
  name: 'made-slots',
  rules: { keys: true, onePerCitizen: true, secondCancel: 'refused', closing: true },
  async reset(world, send) {
    const before = (await send({ method: 'GET', path: '/slots' })).json as Row[];
    const made = new Map(
      world.slots.map(({ id }) => [id, before.length === 0 ? id : `${id}-${before.length}`]),
    );
    for (const { id, capacity } of world.slots) {
      await send({ method: 'POST', path: '/slots', json: { id: made.get(id), capacity } });
    }
    names = made;
  },
  request(call) {
    if (call.operation === 'list') return { method: 'GET', path: '/slots' };
    if (call.operation === 'cancel') return { method: 'DELETE', path: `/bookings/${call.booking}` };
    const path = `/slots/${names.get(call.slot) ?? call.slot}`;
    if (call.operation === 'read') return { method: 'GET', path };
    if (call.operation !== 'book')
      return { method: 'PATCH', path, json: { open: call.operation === 'open' } };
    const headers = { 'idempotency-key': call.key };
    return { method: 'POST', path: `${path}/bookings`, headers, json: { citizen: call.citizen } };
  },
  reply(call, { status, json }) {
    if (status === 404 || status === 409) {
      return { outcome: 'refused', reason: String((json as { error?: unknown }).error) };
    }
    if (status >= 300) return { outcome: 'wrong', why: `a ${call.operation} was answered ${status}` };
    if (call.operation === 'book') return { outcome: 'ok', value: { booking: (json as Row).id } };
    if (call.operation === 'list') return { outcome: 'ok', value: { slots: listed(json as Row[]) } };
    if (call.operation !== 'read') return { outcome: 'ok' };
    const { capacity, open, bookings } = json as Row;
    return { outcome: 'ok', value: { capacity, open, bookings } };
  },
};

function listed(rows: readonly Row[]): Row[] {
  const byName = new Map(rows.map((row) => [row.id, row]));
  return [...names].flatMap(([id, name]) => {
    const row = byName.get(name);
    return row ? [{ ...row, id }] : [];
  });
}

export default adapter;
