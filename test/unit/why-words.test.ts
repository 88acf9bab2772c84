/** Words of explanations: how many of how many, answers without what was asked, and what was tried, once. */
import { describe, expect, it } from 'vitest';
import { listedCures } from '../../cli/run/why-words.ts';
import { answered, asked, callWords } from '../../runner/why/said.ts';
import { allowedInstead, tallyOf } from '../../runner/why/tally.ts';
import { measured } from '../../runner/why/words.ts';
import type { Cure, Why } from '../../server/contract/index.ts';

describe('how many of how many there may be', () => {
  const broken = (actual: unknown, expected: unknown, message = '') => tallyOf({ actual, expected, message });

  it('comes from what the broken invariant expected and found, with the noun of its sentence', () => {
    const rows = [{ id: 'b-1' }, { id: 'b-2' }];
    const message = 'slot-1 has 2 acknowledged bookings that nobody cancelled, but only 1 seats.';
    expect(broken(rows, 'at most 1 active bookings', message)).toBe('2 of 1 seats');
    expect(broken(rows, 'at most one active booking')).toBe('2 of 1 active bookings');
    expect(broken({ id: 'slot-1', bookings: rows }, 'at most 1 active bookings')).toBe(
      '2 of 1 active bookings',
    );
    expect(broken(7, 'at most 5 tickets')).toBe('7 of 5 tickets');
  });

  it('is not said of what is about something else', () => {
    expect(broken('ok', 'refused: no-such-booking')).toBeNull();
    expect(broken([], 'at most 1 active bookings')).toBeNull();
    expect(broken(3, ['ok'])).toBeNull();
  });

  it('names what the history would have allowed, where that is short', () => {
    expect(allowedInstead({ expected: ['refused: full'] })).toBe('refused: full');
    expect(allowedInstead({ expected: 'at most 1' })).toBeNull();
    expect(allowedInstead({ expected: ['a'.repeat(61)] })).toBeNull();
  });
});

describe('requests and answers', () => {
  const call = { operation: 'book', slot: 'slot-1', citizen: 'citizen-4', key: 'k-1' };
  const ok = (value: Record<string, never> | object) => ({ outcome: 'ok' as const, value: value as never });

  it('name who asks once', () => {
    expect(asked({ call, actor: 'citizen-4' })).toBe('book citizen-4 slot-1 k-1');
    expect(callWords({ call: { operation: 'close', slot: 'slot-1' }, actor: 'manager' })).toBe(
      'manager slot-1',
    );
  });

  it('say what an answer adds to its call, rows first', () => {
    expect(answered({ call, reply: ok({ slot: 'slot-1', booking: 'b-7' }) }, null)).toBe('b-7');
    expect(answered({ call, reply: ok({ slot: 'slot-1' }) }, null)).toBe('ok');
    expect(answered({ call, reply: { outcome: 'refused', reason: 'full' } }, null)).toBe('full');
    const read = { operation: 'read', slot: 'slot-1' };
    const shown = { id: 'slot-1', capacity: 2, open: false, bookings: [{ id: 'b-1', citizen: 'citizen-4' }] };
    expect(answered({ call: read, reply: ok(shown) }, 'slot-1')).toBe(
      'bookings: b-1, capacity 2, open false',
    );
    const all = {
      slots: [
        { id: 'slot-1', bookings: 3 },
        { id: 'slot-2', bookings: 0 },
      ],
    };
    expect(answered({ call: { operation: 'list' }, reply: ok(all) }, 'slot-2')).toBe('slot-2: bookings 0');
  });
});

describe('what was tried', () => {
  const cure = (
    kind: Cure['kind'],
    what: string,
    passes: number,
    of: number,
    retries: number | null = null,
  ) => ({
    ...{ kind, what, passes, of, retries, otherwise: 0 },
  });

  it('is said in one line with its counts, and not once more in the list', () => {
    const cures = [
      cure('turn', 'turned', 1, 1),
      cure('isolation', 'serializable', 8, 8, 719),
      cure('isolation', 'repeatable read', 0, 8, 0),
      cure('span', 'from "select 1" on', 1, 4),
    ];
    expect(measured(cures, 'if 3 comes after 4')).toEqual([
      'Passes if 3 comes after 4 (1 of 1); at serializable (8 of 8, 719 retries). Does not pass at repeatable read (0 of 8).',
    ]);
    const listed = listedCures({
      cures: cures.map((each) => ({ ...each, told: each.kind !== 'span' })),
    } as Why);
    expect(listed.map(({ what }) => what)).toEqual(['from "select 1" on']);
  });

  it('is left out where nothing was', () => {
    expect(measured([], null)).toEqual([]);
    expect(measured([cure('serial', 'one request after another', 0, 0)], null)).toEqual([]);
  });
});
