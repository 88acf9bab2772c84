/** Which rows of a long list are drawn, and where: as many as can be seen, however long the list is. */

export interface Extent {
  /** Rows of the whole list. */
  count: number;
  /** Height of a row. */
  rowPx: number;
  /** Height of what is seen of the list. */
  viewPx: number;
}

export interface VirtualWindow {
  /** Rows that are drawn; `last` is before `first` in an empty list. */
  first: number;
  last: number;
  /** Where the first drawn row is, from the beginning of what scrolls. */
  offsetPx: number;
}

/** No browser lays out what is much higher; a longer list scrolls over it faster. */
export const HIGHEST_PX = 8_000_000;
/** Rows drawn beyond each edge. */
const BEYOND = 6;

/** Height of what scrolls. */
export function scrolledPx({ count, rowPx }: Extent): number {
  return Math.min(count * rowPx, HIGHEST_PX);
}

/** Pixels of the list for each pixel that is scrolled; 1 but for very long lists. */
function scaleOf(extent: Extent): number {
  const { count, rowPx, viewPx } = extent;
  const range = scrolledPx(extent) - viewPx;
  return range <= 0 ? 1 : (count * rowPx - viewPx) / range;
}

export function virtualWindow(extent: Extent, scrollTop: number): VirtualWindow {
  const { count, rowPx, viewPx } = extent;
  const topPx = scrollTop * scaleOf(extent);
  const last = Math.min(count - 1, Math.ceil((topPx + viewPx) / rowPx) + BEYOND);
  const first = Math.max(0, Math.min(last, Math.floor(topPx / rowPx) - BEYOND));
  return { first, last, offsetPx: scrollTop - topPx + first * rowPx };
}

/** Where to scroll to so that `row` is seen: by as little as can be for a step, to the middle from afar. */
export function scrollTopFor(extent: Extent, scrollTop: number, row: number): number {
  const { rowPx, viewPx } = extent;
  const scale = scaleOf(extent);
  const topPx = scrollTop * scale;
  const atPx = row * rowPx;
  const above = topPx - atPx;
  const below = atPx + rowPx - topPx - viewPx;
  if (above <= 0 && below <= 0) return scrollTop;
  const isStep = Math.max(above, below) <= 2 * rowPx;
  const wantedPx = isStep ? (above > 0 ? atPx : topPx + below) : atPx - (viewPx - rowPx) / 2;
  return Math.max(0, Math.min(scrolledPx(extent) - viewPx, wantedPx / scale));
}

/** How many rows were put before the others, or taken away there when negative, told from the rows' numbers. */
export function rowsBefore(before: readonly number[], now: readonly number[]): number {
  const [first] = before;
  const [newFirst] = now;
  if (first === undefined || newFirst === undefined) return 0;
  const place = now.indexOf(first);
  if (place >= 0) return place;
  return -Math.max(0, before.indexOf(newFirst));
}
