/** Events as maps: a cell for each seat, then the places, who waits, and the money that is kept. */
import { safeText } from '../../run/sanitize.ts';
import {
  type EventShown,
  isWrong,
  moneyWords,
  placesOf,
  placesWords,
  SEAT_SIGNS,
  type Seat,
  type SeatState,
  saleWords,
  seatsOf,
  seatTimeLeft,
  waitingWords,
} from '../../run/seat-map.ts';
import { alignLeft, textWidth } from '../../terminal/columns.ts';
import { BOLD, DIM, type Line, type Style, span } from '../paint/line.ts';

const STYLES: Readonly<Record<SeatState, Style>> = {
  free: DIM,
  held: { color: 'yellow' },
  paid: { color: 'cyan' },
  sold: { color: 'green' },
  twice: { color: 'redBright', bold: true, inverse: true },
  beyond: { color: 'redBright', bold: true },
};

/** Columns of a seat's name at most. */
const WIDEST_NAME = 8;
const BLANKS = 2;

/** What the signs say, for the frame. */
export const SEATS_LEGEND = (['free', 'held', 'paid', 'sold', 'twice'] as const)
  .map((state) => `${SEAT_SIGNS[state]} ${state}`)
  .join('  ');

interface Shown {
  nowMs: number | null;
  /** The event that a checker found wrong; null: none. */
  failed: string | null;
  width: number;
}

/** All lines of the events, in their order. */
export function seatMap(events: readonly EventShown[], shown: Shown): Line[] {
  return events.flatMap((event) => [
    headLine(event, shown),
    ...seatLines(event, shown),
    ...placesLine(event, shown),
    ...waitingLine(event),
    ...moneyLine(event),
  ]);
}

function headLine(event: EventShown, { nowMs, failed }: Shown): Line {
  const isBad = event.id === failed || isWrong(event, nowMs);
  const doubt = event.uncertain > 0 ? `  ?${event.uncertain}` : '';
  return [
    span(`${isBad ? '✖ ' : ''}${safeText(event.id)}`, isBad ? { color: 'red', bold: true } : BOLD),
    span(`  ${saleWords(event, nowMs)}`, DIM),
    span(doubt, { color: 'magenta' }),
  ];
}

/** As many seats beside each other as fit; those that are held have the time that is left where any is. */
function seatLines(event: EventShown, { nowMs, width }: Shown): Line[] {
  const seats = seatsOf(event, nowMs);
  const lefts = seats.map((seat) => (seat.state === 'held' ? seatTimeLeft(seat, nowMs) : ''));
  const name = Math.min(WIDEST_NAME, Math.max(0, ...seats.map((seat) => textWidth(safeText(seat.name)))));
  const left = Math.max(0, ...lefts.map((text) => text.length));
  const cell = name + 2 + (left > 0 ? left + 1 : 0) + BLANKS;
  const columns = Math.max(1, Math.floor((width + BLANKS) / cell));
  const lines: Line[] = [];
  for (let at = 0; at < seats.length; at += columns)
    lines.push(
      seats.slice(at, at + columns).flatMap((seat, i) => seatCell(seat, lefts[at + i] ?? '', { name, cell })),
    );
  return lines;
}

function seatCell(seat: Seat, left: string, { name, cell }: { name: number; cell: number }): Line {
  const style = STYLES[seat.state];
  const rest = cell - name - 2;
  return [
    span(`${alignLeft(safeText(seat.name), name)} `),
    span(SEAT_SIGNS[seat.state], style),
    span(alignLeft(` ${left}`, rest), style),
  ];
}

function placesLine(event: EventShown, { nowMs }: Shown): Line[] {
  const places = placesOf(event, nowMs);
  if (places === null) return [];
  return [[span(placesWords(places), places.free < 0 ? { color: 'redBright', bold: true } : {})]];
}

function waitingLine(event: EventShown): Line[] {
  const words = waitingWords(event);
  return words === null ? [] : [[span(words[0], DIM), span(words[1])]];
}

function moneyLine(event: EventShown): Line[] {
  const words = moneyWords(event);
  return words === '' ? [] : [[span(words, { color: 'redBright' })]];
}
