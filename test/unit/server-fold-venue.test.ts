import { describe, expect, it } from 'vitest';
import { isWrong } from '../../cli/run/seat-map.ts';
import type { RunEvent, Venue } from '../../server/contract/index.ts';
import { FOUNDED_MS } from '../../server/contract/index.ts';
import { CityFold } from '../../server/runs/fold-city.ts';
import { executed } from '../helpers/execute.ts';

type Line = [type: string, data: Record<string, unknown>];

const START: Line = [
  'start',
  { target: 'memory', events: [{ id: 'e', seats: ['A1', 'A2'], places: 3, quota: 4, opensAt: FOUNDED_MS }] },
];

function venue(...lines: Line[]): Venue | undefined {
  const city = new CityFold();
  for (const [index, [type, data]] of lines.entries())
    city.apply({ index, virtualMs: index, type, actor: 'ann', data: data as RunEvent['data'] });
  return city.state().venue;
}

/** The orders of the event, in short. */
function orders(...lines: Line[]): string[] {
  const [event] = venue(START, ...lines)?.events ?? [];
  return (event?.orders ?? []).map(
    ({ id, owner, seats, places, state }) => `${id} ${owner} ${[...seats, places].join()} ${state}`,
  );
}

function call(op: number, operation: string, asked: object, answer: object = {}): Line[] {
  return [
    [`${operation}.invoke`, { op, event: 'e', order: 'o', ...asked }],
    [`${operation}.ok`, { op, event: 'e', ...answer }],
  ];
}

const HOLD = call(1, 'hold', { seats: ['A1'], places: 1 }, { expiresAt: FOUNDED_MS + 1_000 });
const PAY = call(2, 'pay', { payment: 'p', status: 'succeeded' }, { state: 'paid' });

describe('the seats of events folded from a history', () => {
  it('are there where the world has events with seats', () => {
    expect(venue(START)).toMatchObject({
      nowMs: FOUNDED_MS,
      events: [{ id: 'e', seats: ['A1', 'A2'], places: 3, orders: [], waiting: [], moneyHeld: null }],
    });
    expect(venue(['start', { events: [3, { id: 'e' }, { seats: [] }] }])).toBeUndefined();
    expect(venue(['start', { target: 'http://x', events: [{ id: 'e', seats: [] }] }])?.nowMs).toBeNull();
  });

  it('follow an order from its hold to its end', () => {
    expect(orders(...HOLD)).toEqual(['o ann A1,1 held']);
    expect(orders(...HOLD, ...PAY)).toEqual(['o ann A1,1 paid']);
    const sold = [...HOLD, ...PAY, ...call(3, 'confirm', {})];
    expect(orders(...sold)).toEqual(['o ann A1,1 sold']);
    expect(orders(...sold, ...call(4, 'transfer', { to: 'bob' }))).toEqual(['o bob A1,1 sold']);
    expect(orders(...sold, ...call(4, 'refund', {}))).toEqual([]);
    expect(orders(...HOLD, ...call(4, 'release', {}), ...HOLD)).toEqual([]);
  });

  it('have who waits in front, until they leave, and what a read shows of both', () => {
    const join = (op: number, order: string) => call(op, 'join', { order });
    const waiting = (...lines: Line[]) => venue(START, ...lines)?.events[0]?.waiting;
    expect(waiting(...join(1, 'w1'), ...join(2, 'w2'), ...join(3, 'w1'))).toEqual(['w1', 'w2']);
    expect(waiting(...join(1, 'w1'), ...join(2, 'w2'), ...call(3, 'leave', { order: 'w1' }))).toEqual(['w2']);
    const offer = { id: 'w1', owner: 'cy', seats: [], places: 1, state: 'held', expiresAt: 5 };
    const read = call(
      9,
      'read',
      {},
      { orders: [offer, { id: 'r', state: 'refunded' }], waiting: [], moneyHeld: 1 },
    );
    expect(orders(...join(1, 'w1'), ...HOLD, ...read)).toEqual(['w1 cy 1 held']);
    expect(waiting(...join(1, 'w1'), ...read)).toEqual([]);
    const [look, seen] = read as [Line, Line];
    expect(orders(look, ...HOLD, seen)).toEqual(['w1 cy 1 held', 'o ann A1,1 held']);
  });

  it('say what is in doubt, and what the clock of the service is moved to', () => {
    const refund: Line = ['refund.invoke', { op: 5, event: 'e', order: 'o' }];
    expect(venue(START, ...HOLD, ...PAY, refund)?.events[0]).toMatchObject({
      uncertain: 1,
      orders: [{ id: 'o', uncertain: true }],
    });
    expect(venue(START, ['clock', { byMs: 9, nowMs: 5_000 }], ['note', {}])?.nowMs).toBe(5_001);
  });

  it.each(['none', 'brutal'] as const)(
    'of a right service are never wrong, with the faults %s',
    async (faults) => {
      const { events, end } = await executed({
        ...{ scenario: 'tickets', target: 'memory', seed: 3 },
        config: { operations: 400, faults },
      });
      expect(end.status).toBe('PASS');
      const city = new CityFold();
      let paid = 0;
      for (const event of events as RunEvent[]) {
        city.apply(event);
        const { nowMs = null, events: shown = [] } = city.state().venue ?? {};
        paid += shown.some(({ orders: own }) => own.some(({ state }) => state === 'paid')) ? 1 : 0;
        expect(shown.filter((each) => isWrong(each, nowMs)).map((each) => [event.index, each])).toEqual([]);
      }
      expect(paid).toBeGreaterThan(5);
    },
  );
});
