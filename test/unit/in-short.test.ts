import { expect, it } from 'vitest';
import { inShort } from '../../runner/service/in-short.ts';

const rows = Array.from({ length: 40 }, (_, i) => ({
  id: `slot-${i + 1}`,
  capacity: 3,
  open: true,
  bookings: i,
}));

it('shows the row of the object of a list, and how many others there were', () => {
  expect(inShort({ slots: rows }, 'slot-33')).toBe(
    '{"slots":[{"id":"slot-33","capacity":3,"open":true,"bookings":32},"39 others"]}',
  );
  expect(inShort({ slots: rows.slice(0, 2) }, 'slot-1')).toMatch(/,"1 other"\]\}$/);
});

it('shows each of several rows of the same object', () => {
  expect(inShort({ slots: [...rows.slice(0, 3), { id: 'slot-2', bookings: 9 }] }, 'slot-2')).toBe(
    '{"slots":[{"id":"slot-2","capacity":3,"open":true,"bookings":1},{"id":"slot-2","bookings":9},"2 others"]}',
  );
});

it('cuts what is long otherwise, and leaves what is short', () => {
  expect(inShort({ slots: rows }, 'slot-99')).toMatch(/^\{"slots":\[\{"id":"slot-1".{80,}…$/);
  expect(inShort({ slots: rows })).toHaveLength(118);
  expect(inShort({ id: 'slot-1', bookings: [] }, 'slot-1')).toBe('{"id":"slot-1","bookings":[]}');
  expect(inShort('no answer', 'slot-1')).toBe('no answer');
});
