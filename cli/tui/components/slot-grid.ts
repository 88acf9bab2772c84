/** The slots of the city as a grid that lights up by occupancy. */
import type { CityState } from '../../../server/contract/index.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, textWidth } from '../../terminal/columns.ts';
import { DIM, type Line, type Span, type Style, span } from '../paint/line.ts';

type Slot = CityState['slots'][number];

/** Columns of one slot: name, bar, numbers, doubt. */
const CELL = 25;
const BAR = 6;
/** With so many more columns and a row for each slot, it is told who holds the seats. */
const HOLDERS = 10;

/** Rows of slots, as many beside each other as fit; what does not fit is told in the last row. */
export function slotGrid(slots: readonly Slot[], width: number, height: number): Line[] {
  if (slots.length <= height && width >= CELL + HOLDERS) {
    return slots.map((slot) => [...slotCell(slot), ...holders(slot, width - CELL)]);
  }
  const detailed = rowsOf(slots, Math.max(1, Math.floor(width / CELL)), slotCell);
  if (detailed.length <= height) return detailed;
  const tight = rowsOf(slots, Math.max(1, Math.floor(width / 9)), tightCell);
  if (tight.length <= height) return tight;
  const dots = rowsOf(slots, Math.max(1, Math.floor(width / 2)), dotCell);
  if (dots.length <= height) return dots;
  return [...dots.slice(0, height - 1), [span('more slots than fit', DIM)]];
}

function rowsOf(slots: readonly Slot[], columns: number, cellOf: (slot: Slot) => Span[]): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < slots.length; at += columns) {
    lines.push(slots.slice(at, at + columns).flatMap(cellOf));
  }
  return lines;
}

/** A cancellation without an answer may have freed a seat that is still counted. */
export function isOver({
  bookings,
  capacity,
  uncertain,
}: Pick<Slot, 'bookings' | 'capacity' | 'uncertain'>): boolean {
  return bookings.length - uncertain > capacity;
}

/** Overbooked stands out from full. */
function styleOf({ bookings, capacity, open, uncertain }: Slot): Style {
  const taken = bookings.length;
  if (isOver({ bookings, capacity, uncertain })) return { color: 'redBright', bold: true, inverse: true };
  if (!open) return { dim: true };
  if (taken === 0) return { color: 'gray' };
  if (taken >= capacity) return { color: 'yellow', bold: true };
  return { color: taken / capacity > 0.5 ? 'green' : 'cyan' };
}

function slotCell(slot: Slot): Span[] {
  const { bookings, capacity, open, uncertain } = slot;
  const style = styleOf(slot);
  const full = capacity === 0 ? 0 : Math.min(BAR, Math.round((bookings.length / capacity) * BAR));
  const count = `${bookings.length}/${capacity}`;
  const doubt = isOver(slot) ? 'over' : uncertain > 0 ? `?${uncertain}` : '';
  return [
    span(alignLeft(safeText(slot.id), 9), open ? {} : DIM),
    span('█'.repeat(full), style),
    span('░'.repeat(BAR - full), DIM),
    span(` ${count.padEnd(5)}`, style),
    span(alignLeft(open ? doubt : `✖${doubt}`, 4), { color: open && !isOver(slot) ? 'magenta' : 'red' }),
  ];
}

/** Who holds the seats, the oldest first: as many as fit, and how many more. */
function holders({ bookings }: Slot, width: number): Span[] {
  const names = bookings.map(({ citizen }) => safeText(citizen.replace(/^citizen-/, '')));
  let text = ' ';
  for (const [i, name] of names.entries()) {
    const more = names.length - i - 1;
    const next = `${text}${name} `;
    if (textWidth(next) + (more > 0 ? `+${more}`.length : 0) > width)
      return [span(`${text}+${more + 1}`, DIM)];
    text = next;
  }
  return [span(text, DIM)];
}

function tightCell(slot: Slot): Span[] {
  const number = /(\d+)$/.exec(slot.id)?.[1]?.slice(-3) ?? '';
  return [
    span(alignLeft(safeText(number), 4), DIM),
    span(alignLeft(`${slot.bookings.length}/${slot.capacity}${slot.open ? '' : '✖'}`, 5), styleOf(slot)),
  ];
}

function dotCell(slot: Slot): Span[] {
  const share = slot.capacity === 0 ? 0 : slot.bookings.length / slot.capacity;
  const mark = !slot.open
    ? '✖'
    : isOver(slot)
      ? '!'
      : share >= 1
        ? '█'
        : share > 0.5
          ? '▆'
          : share > 0
            ? '▃'
            : '·';
  return [span(`${mark} `, styleOf(slot))];
}
