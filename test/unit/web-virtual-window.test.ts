/** Which rows of a long list are drawn. */
import { describe, expect, it } from 'vitest';
import {
  HIGHEST_PX,
  rowsBefore,
  scrolledPx,
  scrollTopFor,
  virtualWindow,
} from '../../cli/web/state/virtual-window.ts';

const VIEW = { rowPx: 24, viewPx: 480 };

describe('the window', () => {
  it.each([20, 1_000, 600_000, 5_000_000])('shows first and last of %i rows at the ends', (count) => {
    const extent = { ...VIEW, count };
    expect(virtualWindow(extent, 0)).toMatchObject({ first: 0, offsetPx: 0 });
    const end = virtualWindow(extent, scrolledPx(extent) - VIEW.viewPx);
    expect(end.last).toBe(count - 1);
    expect(end.last - end.first).toBeLessThan(40);
    // The last row ends where what scrolls does.
    expect(end.offsetPx + (end.last - end.first + 1) * VIEW.rowPx).toBeCloseTo(scrolledPx(extent), 3);
    expect(scrolledPx(extent)).toBeLessThanOrEqual(HIGHEST_PX);
  });

  it('is empty without rows, and whole where all fit', () => {
    expect(virtualWindow({ ...VIEW, count: 0 }, 0)).toMatchObject({ first: 0, last: -1 });
    expect(virtualWindow({ ...VIEW, count: 3 }, 0)).toEqual({ first: 0, last: 2, offsetPx: 0 });
  });

  it.each([1_000, 600_000, 5_000_000])('is scrolled to any of %i rows', (count) => {
    const extent = { ...VIEW, count };
    for (const row of [0, 1, Math.floor(count / 3), count - 2, count - 1]) {
      const top = scrollTopFor(extent, 0, row);
      const { first, last, offsetPx } = virtualWindow(extent, top);
      expect(first).toBeLessThanOrEqual(row);
      expect(last).toBeGreaterThanOrEqual(row);
      const atPx = offsetPx + (row - first) * VIEW.rowPx - top;
      expect(atPx).toBeGreaterThanOrEqual(-0.001);
      expect(atPx).toBeLessThanOrEqual(VIEW.viewPx - VIEW.rowPx + 0.001);
    }
  });

  it('moves by a row for a step over its edge, to the middle from afar, and not at all within', () => {
    const extent = { ...VIEW, count: 1_000 };
    expect(scrollTopFor(extent, 2_400, 119)).toBe(2_400);
    expect(scrollTopFor(extent, 2_400, 120)).toBe(2_424);
    expect(scrollTopFor(extent, 2_400, 99)).toBe(2_376);
    expect(scrollTopFor(extent, 2_400, 500)).toBe(500 * 24 - 228);
  });
});

it('tells how many rows came before the others, or went', () => {
  expect(rowsBefore([5, 6], [2, 3, 5, 6])).toBe(2);
  expect(rowsBefore([2, 3, 5, 6], [5, 6, 9])).toBe(-2);
  expect(rowsBefore([5, 6], [5, 6, 9])).toBe(0);
  expect(rowsBefore([], [1])).toBe(0);
});
