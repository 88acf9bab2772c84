import { describe, expect, it } from 'vitest';
import { CityFold } from '../../server/runs/fold-city.ts';

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
