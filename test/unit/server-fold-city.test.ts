import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../server/contract/index.ts';
import { CityFold, KeptFolds } from '../../server/runs/fold-city.ts';
import { executed } from '../helpers/execute.ts';

type Line = [type: string, actor: string, data: Record<string, unknown>];

const START: Line = ['start', 'city', { slots: [{ id: 's', capacity: 3, open: true }] }];

function fold(...lines: Line[]) {
  const city = new CityFold();
  for (const [index, [type, actor, data]] of lines.entries()) {
    city.apply({ index, virtualMs: index, type, actor, data });
  }
  const [slot] = city.state().slots;
  return slot && { open: slot.open, uncertain: slot.uncertain, bookings: slot.bookings.map(({ id }) => id) };
}

describe('the city folded from a history', () => {
  it('counts what is under way or unknown as uncertain', () => {
    const invoked: Line = ['book.invoke', 'ann', { op: 1, slot: 's' }];
    expect(fold(START, invoked)?.uncertain).toBe(1);
    expect(fold(START, invoked, ['book.unknown', 'ann', { op: 1, cause: 'lost' }])?.uncertain).toBe(1);
    expect(fold(START, invoked, ['book.refused', 'ann', { op: 1, reason: 'full' }])).toEqual({
      open: true,
      uncertain: 0,
      bookings: [],
    });
  });

  it('takes an acknowledged booking once, and not after its cancellation', () => {
    const book = (op: number): Line[] => [
      ['book.invoke', 'ann', { op, slot: 's' }],
      ['book.ok', 'ann', { op, booking: 'b1' }],
    ];
    expect(fold(START, ...book(1), ...book(2))?.bookings).toEqual(['b1']);
    const cancelled: Line = ['cancel.ok', 'ann', { op: 3, booking: 'b1' }];
    expect(fold(START, ...book(1), cancelled, ...book(2))?.bookings).toEqual([]);
    expect(fold(START, cancelled, ...book(1))?.bookings).toEqual([]);
  });

  it('takes a booking out again when an answer shows that a cancellation took effect unanswered', () => {
    const booked: Line[] = [
      ['book.invoke', 'ann', { op: 1, slot: 's' }],
      ['book.ok', 'ann', { op: 1, booking: 'b1' }],
      ['cancel.invoke', 'ann', { op: 2, slot: 's', booking: 'b1' }],
      ['cancel.unknown', 'ann', { op: 2, slot: 's', booking: 'b1', cause: 'no answer' }],
    ];
    expect(fold(START, ...booked)?.bookings).toEqual(['b1']);
    const again: Line[] = [
      ['cancel.invoke', 'ann', { op: 3, slot: 's', booking: 'b1' }],
      ['cancel.refused', 'ann', { op: 3, slot: 's', reason: 'no-such-booking' }],
    ];
    expect(fold(START, ...booked, ...again)?.bookings).toEqual([]);
    const look: Line = ['read.invoke', 'bob', { op: 4, slot: 's' }];
    const seen = (...ids: string[]): Line => [
      'read.ok',
      'bob',
      { op: 4, slot: 's', bookings: ids.map((id) => ({ id })) },
    ];
    expect(fold(START, ...booked, look, seen())?.bookings).toEqual([]);
    expect(fold(START, ...booked, look, seen('b1'))?.bookings).toEqual(['b1']);
  });

  it('believes what was read only of bookings that were acknowledged before', () => {
    const look: Line = ['read.invoke', 'bob', { op: 4, slot: 's' }];
    const booked: Line[] = [
      ['book.invoke', 'ann', { op: 1, slot: 's' }],
      ['book.ok', 'ann', { op: 1, booking: 'b1' }],
    ];
    const nothing: Line = ['read.ok', 'bob', { op: 4, slot: 's', bookings: [] }];
    expect(fold(START, look, ...booked, nothing)?.bookings).toEqual(['b1']);
    expect(
      fold(START, ...booked, look, ['read.ok', 'bob', { op: 4, slot: 's', bookings: 0 }])?.bookings,
    ).toEqual(['b1']);
  });

  it('finds the slot of a completion by its operation when it names none', () => {
    const lines: Line[] = [
      ['close.invoke', 'city', { op: 1, slot: 's' }],
      ['close.ok', 'city', { op: 1 }],
    ];
    expect(fold(START, ...lines)?.open).toBe(false);
    expect(fold(START, ...lines, ['open.ok', 'city', { op: 2, slot: 's' }])?.open).toBe(true);
  });

  it('has no slots for a scenario that names none, whatever its events hold', () => {
    expect(
      fold(['start', 'city', {}], ['book.ok', 'x', { booking: 5, slot: {} }], ['odd', 'x', {}]),
    ).toBeUndefined();
    expect(fold(['start', 'city', { slots: [null, 3, { id: 5 }] }])).toBeUndefined();
  });
});

const STORED = { eventIndex: 100_000, epochs: [{ first: 0, epoch: 'aaaaaaaa' }] };

describe('folds that are kept', () => {
  it('are not gone on with where the history went on from an older state', () => {
    const kept = new KeptFolds();
    const city = new CityFold();
    city.apply({ index: 0, virtualMs: 0, type: 'start', actor: 'city', data: {} });
    kept.keep('run', city, STORED);
    expect(kept.nearest('run', 5, STORED).index).toBe(0);
    expect(kept.nearest('run', 5, { ...STORED, epochs: [{ first: 0, epoch: 'bbbbbbbb' }] }).index).toBe(-1);
    expect(kept.nearest('run', 5, { ...STORED, eventIndex: -1 }).index).toBe(-1);
  });

  it('lead to the same city as a fold from the beginning, wherever they are asked to go, in any order', async () => {
    const { events } = await executed({
      target: 'memory',
      seed: 5,
      config: { operations: 400, faults: 'brutal' },
    });
    const through = (city: CityFold, at: number) => {
      for (const event of events.slice(city.index + 1, at + 1)) city.apply(event as RunEvent);
      return city;
    };
    const kept = new KeptFolds();
    for (let step = 0; step < 60; step++) {
      const at = (step * 7_919) % events.length;
      const near = kept.nearest('run', at, STORED);
      expect(near.index).toBeLessThanOrEqual(at);
      const city = through(near, at);
      expect(city.state()).toEqual(through(new CityFold(), at).state());
      kept.keep('run', city, STORED);
    }
    expect(kept.nearest('run', events.length, STORED).index).toBeGreaterThan(0);
    expect(kept.nearest('another', events.length, STORED).index).toBe(-1);
  });

  it('are bounded', () => {
    const kept = new KeptFolds();
    for (let run = 0; run < 200; run++) {
      const city = new CityFold();
      city.apply({ index: 0, virtualMs: 0, type: 'start', actor: 'city', data: {} });
      kept.keep(`run-${run}`, city, STORED);
    }
    expect(kept.nearest('run-0', 0, STORED).index).toBe(-1);
    expect(kept.nearest('run-199', 0, STORED).index).toBe(0);
  });
});

describe('the metrics folded from a history', () => {
  it.each(['bookings', 'transfers'] as const)('are those of the snapshots of %s', async (scenario) => {
    const { events, snapshots } = await executed({
      ...{ scenario, target: 'memory', seed: 5 },
      config: { operations: 400, faults: 'brutal' },
    });
    const city = new CityFold();
    const metricsAfter = (at: number) => {
      for (const event of events.slice(city.index + 1, at + 1)) city.apply(event as RunEvent);
      return city.state().metrics ?? {};
    };
    for (const { index, metrics } of snapshots) {
      // A snapshot is taken while the next event is recorded, which is counted by then.
      const near = [metricsAfter(index), metricsAfter(index + 1)];
      const { in_flight: inFlight, ...counted } = metrics;
      expect(near.map((folded) => folded['in_flight'])).toContain(inFlight);
      const folded = near[1] ?? {};
      const known = Object.keys(counted).filter(
        (name) => name in folded && !/^(bookings|cancellations|slots_)/.test(name),
      );
      expect(known.length).toBeGreaterThanOrEqual(9);
      for (const name of known) expect([name, folded[name]]).toEqual([name, counted[name]]);
    }
  });

  it('tell of bookings what the city shows', async () => {
    const { events } = await executed({ target: 'memory', seed: 5, config: { operations: 200 } });
    const city = new CityFold();
    for (const event of events) {
      city.apply(event as RunEvent);
      const { slots, metrics } = city.state();
      expect(metrics?.['bookings']).toBe(slots.reduce((sum, { bookings }) => sum + bookings.length, 0));
    }
  });
});
