/** How the doctor judges another clock by a question and its answer. */
import { expect, test } from 'vitest';
import { checkClock } from '../../cli/doctor/clock.ts';

const AT = Date.UTC(2026, 0, 1);
const reading = (aheadMs: number, roundTripMs: number) => ({
  askedMs: AT,
  answeredMs: AT + roundTripMs,
  saidMs: AT + roundTripMs / 2 + aheadMs,
});

test.each([
  [0, 2, 'ok', 'as here, within 0.1 s'],
  [-900, 20, 'ok', 'as here, within 1 s'],
  [1_990, 20, 'ok', 'as here, within 2 s'],
  [2_500, 20, 'warn', "2.5 s ahead of this machine's"],
  [-3_600_000, 600, 'warn', "3600 s behind this machine's (give or take 0.3 s)"],
  // It may be two seconds, and is not said to be more.
  [2_500, 1_200, 'ok', 'as here, within 3.1 s'],
])('a clock %i ms ahead, read in %i ms', (aheadMs, roundTripMs, state, found) => {
  expect(checkClock('clock', [reading(aheadMs, roundTripMs)])).toMatchObject([{ state, found }]);
});

test('the reading that took the least time counts', () => {
  const readings = [reading(-9_000, 4_000), reading(100, 10), reading(9_000, 4_000)];
  expect(checkClock('clock', readings)).toMatchObject([{ state: 'ok', found: 'as here, within 0.2 s' }]);
});

test('without a reading nothing is said', () => {
  expect(checkClock('clock', [])).toEqual([]);
});
