/** What an adapter of stays is asked with, and what its answers must agree with. */
import { describe, expect, it } from 'vitest';
import { beginWorkload, findScenario } from '../../runner/scenarios/registry.ts';
import type { House, StayCall } from '../../runner/scenarios/stays/calls.ts';
import { httpApiOf } from '../../runner/targets/http/adapted.ts';
import type { HttpAdapter } from '../../runner/targets/http/adapter.ts';
import { runConfigSchema, type ServiceRules, withDeclared } from '../../server/contract/index.ts';
import { CONTRACT_RULES } from '../../server/contract/rule-values.ts';

const STAYS = findScenario('stays');
const HOUSE: House = { zone: 'Europe/Berlin', resources: [{ id: 'room-001', units: 2, buffer: 30 }] };
const silent = async () => ({ status: 200, text: '[]', json: [], headers: {} }) as never;

/** An adapter's API after a reset, and what the adapter was asked; each call is answered with `value`. */
async function asked(value: Record<string, unknown>) {
  const calls: unknown[] = [];
  const adapter: HttpAdapter<StayCall, House> = {
    name: 'rooms',
    async reset() {},
    async perform(call, send) {
      calls.push(call);
      await send({ method: 'GET', path: '/' });
      return { outcome: 'ok', value };
    },
  };
  const api = httpApiOf(adapter as unknown as HttpAdapter, STAYS);
  await api.reset(HOUSE as never, silent);
  return { calls, perform: (call: object) => api.perform({ ...call, citizen: 'ada' } as never, silent) };
}

describe('an adapter of stays', () => {
  it('is told the instants that days and times of the wall clock mean', async () => {
    const { calls, perform } = await asked({ unit: 1, units: [1] });
    const night = { resource: 'room-001', from: '2026-10-24', to: '2026-10-25' };
    const twice = { resource: 'room-001', from: '2026-10-25T02:30', to: '2026-10-25T03:30' };
    await perform({ operation: 'book', booking: 'b-1', unit: null, ...night });
    await perform({ operation: 'shorten', booking: 'b-1', resource: 'room-001', to: '2026-10-25' });
    await perform({ operation: 'series', series: 's', items: [{ booking: 's/1', ...twice }] });
    await perform({ operation: 'cancel', booking: 'b-1', resource: 'room-001' });
    expect(calls).toMatchObject([
      { ...night, fromInstant: '2026-10-23T22:00:00.000Z', toInstant: '2026-10-24T22:00:00.000Z' },
      { to: '2026-10-25', toInstant: '2026-10-24T22:00:00.000Z' },
      { items: [{ fromInstant: '2026-10-25T00:30:00.000Z', toInstant: '2026-10-25T02:30:00.000Z' }] },
      { operation: 'cancel' },
    ]);
    expect(calls[3]).not.toHaveProperty('toInstant');
  });

  it.each([
    [{ units: 3, buffer: 30, bookings: [] }, 'units: 3, where the reset asked for 2', 'the rule capacity'],
    [
      { units: 2, buffer: 0, bookings: [] },
      'buffer: 0, where the reset asked for 30',
      'the rule buffer: false',
    ],
  ])('that shows another room than was asked for is told so: %j', async (shown, what, rule) => {
    const { perform } = await asked(shown);
    const told = perform({ operation: 'read', resource: 'room-001' });
    await expect(told).rejects.toThrow(what);
    await expect(perform({ operation: 'read', resource: 'room-001' })).rejects.toThrow(rule);
  });

  it('is right where it shows the room that was asked for', async () => {
    const { perform } = await asked({ units: 2, buffer: 30, bookings: [] });
    expect(await perform({ operation: 'read', resource: 'room-001' })).toMatchObject({ outcome: 'ok' });
  });

  it('gets no minutes between bookings where it declares that there are none', () => {
    const buffers = (rules: ServiceRules) =>
      (beginWorkload(STAYS, 4, runConfigSchema.parse({ slots: 12 }), rules).world as House).resources.map(
        ({ buffer }) => buffer,
      );
    expect(buffers({ ...CONTRACT_RULES })).toContain(30);
    expect(new Set(buffers(withDeclared(CONTRACT_RULES, { buffer: false })))).toEqual(new Set([0]));
  });
});
