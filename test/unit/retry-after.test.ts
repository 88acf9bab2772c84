/** When a server says that it may be asked again. */
import { expect, test } from 'vitest';
import { retryAfterMs } from '../../server/contract/index.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  [`${'9'.repeat(400)}`, Number.POSITIVE_INFINITY],
  ['-1', null],
  ['1.5', null],
  ['2026', 2_026_000],
  ['soon', null],
  ['', null],
  [undefined, null],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});
