/** The city as its shape asks for: calendars as strips, events as maps of their seats, or slots. */
import type { Calendars, CityState, Venue } from '../../../server/contract/index.ts';
import {
  type Bar,
  type CalendarRow,
  calendarRows,
  collidingResources,
  type Day,
  daysOf,
} from '../../run/calendar-rows.ts';
import { barName, barSign, barWords, changeWords, dayLength, dayName } from '../../run/calendar-words.ts';
import { counted } from '../../run/format.ts';
import {
  eventsInOrder,
  isWrong,
  moneyWords,
  placesOf,
  placesWords,
  SEAT_SIGNS,
  type Seat,
  saleWords,
  seatsOf,
  seatTimeLeft,
  seatWords,
  waitingWords,
} from '../../run/seat-map.ts';
import { truncate } from '../../terminal/columns.ts';
import { html, type Markup } from './markup.ts';

/** `failed`: the object that a checker found wrong; null: none. */
export function citySection(city: CityState, title: string, failed: string | null): Markup {
  return html`<section><h2>${title}</h2>${cityShown(city, failed)}</section>`;
}

function cityShown(city: CityState, failed: string | null): Markup {
  if (city.calendars !== undefined) return calendarStrip(city.calendars, failed);
  if (city.venue !== undefined) return seatMap(city.venue, failed);
  return slotGrid(city);
}

/** Slots, rows and seats that are drawn at most. */
const MOST_SLOTS = 200;
const MOST_ROWS = 100;
const MOST_SEATS = 400;

function slotGrid(city: CityState): Markup {
  const cells = city.slots.slice(0, MOST_SLOTS).map(({ id, capacity, open, bookings, uncertain }) => {
    const fill = Math.min(10, Math.round((bookings.length / Math.max(1, capacity)) * 10));
    const over = bookings.length > capacity ? ' over' : '';
    const notes = [open ? '' : 'closed', uncertain === 0 ? '' : `${uncertain} uncertain`].filter(Boolean);
    return html`<div class="slot f${fill}${over}"><b>${id}</b> ${bookings.length}/${capacity}${notes.length === 0 ? null : html`<br>${notes.join(', ')}`}</div>`;
  });
  return html`<div class="slots">${cells}</div>${more(city.slots.length - cells.length, '')}`;
}

const WIDTH = 960;
const LEFT = 130;
const ROW = 22;
const TOP = 24;
/** Of a letter, so that a bar's name is cut where it ends. */
const LETTER = 6.7;

function calendarStrip(calendars: Calendars, failed: string | null): Markup {
  const { zone } = calendars;
  const days = daysOf(calendars);
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return html`<p class="quiet">Nothing was asked for.</p>`;
  const all = calendarRows(calendars, failed);
  const rows = all.slice(0, MOST_ROWS);
  const colliding = collidingResources(all);
  const x = (instant: number) =>
    Math.round((LEFT + ((instant - first.from) / (last.to - first.from)) * (WIDTH - LEFT)) * 10) / 10;
  const height = TOP + rows.length * ROW;
  const changes = days.flatMap(({ day, change }) =>
    change === null ? [] : [`${day}: ${changeWords(zone, change)}`],
  );
  return html`${colliding > 0 ? html`<p class="wrong">✖ ${counted(colliding, 'resource', 'resources')} taken twice</p>` : null}
<p class="quiet">Times of ${zone}. ${changes.join(', ')}</p>
<div class="wide" tabindex="0" role="region" aria-label="Calendars"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="bookings of each unit over the days">
${days.map((day) => dayHead(day, x, height))}
${rows.map((row, i) => unitRow(row, TOP + i * ROW, x, zone))}
</svg></div>${more(all.length - rows.length, ' rows')}`;
}

/** Where a day begins and its clock changes; its name as far as there is room for it. */
function dayHead(day: Day, x: (instant: number) => number, height: number): Markup {
  const { from, to, change } = day;
  const length = dayLength(day);
  const texts = [
    `${dayName(day)}${length === null ? '' : `, ${length}`}`,
    dayName(day),
    day.day.slice(8),
    '',
  ];
  const name = texts.find((text) => text.length * LETTER < x(to) - x(from));
  return html`<line class="grid" x1="${x(from)}" x2="${x(from)}" y1="4" y2="${height}"/><text x="${x(from) + 3}" y="15">${name ?? ''}</text>${
    change === null
      ? null
      : html`<line class="broke" x1="${x(change.at)}" x2="${x(change.at)}" y1="${TOP}" y2="${height}"/>`
  }`;
}

function unitRow(row: CalendarRow, y: number, x: (instant: number) => number, zone: string): Markup {
  const { resource, unit, lane, hasFailed, isBeyond, bars } = row;
  const isBad = hasFailed || isBeyond;
  const name = `${isBad ? '✖ ' : ''}${truncate(resource, 14)}/${unit}`;
  return html`<g class="row${isBad ? ' broken' : ''}">${lane > 0 ? null : html`<text x="0" y="${y + 15}">${name}</text>`}${bars.map((bar) => barOf(bar, y, x, zone))}</g>`;
}

function barOf(bar: Bar, y: number, x: (instant: number) => number, zone: string): Markup {
  const [from, to] = [x(bar.from), x(bar.to)];
  const width = Math.max(3, Math.round(10 * (to - from)) / 10);
  const room = Math.floor((width - 6) / LETTER);
  const kind = bar.collides ? ' over' : bar.uncertain ? ' doubt' : '';
  const told = room < 2 ? '' : truncate(`${barSign(bar)}${barName(bar)}`, room);
  return html`<g><title>${barWords(zone, bar)}</title><rect class="booked${kind}" x="${from}" y="${y + 2}" width="${width}" height="${ROW - 4}" rx="3"/><text x="${from + 4}" y="${y + 15}">${told}</text></g>`;
}

function seatMap(venue: Venue, failed: string | null): Markup {
  const { nowMs } = venue;
  return html`${eventsInOrder(venue, failed).map((event) => {
    const isBad = event.id === failed || isWrong(event, nowMs);
    const uncertain = event.uncertain > 0 ? `${event.uncertain} uncertain` : '';
    const notes = [saleWords(event, nowMs), uncertain].filter(Boolean).join(', ');
    const seats = seatsOf(event, nowMs);
    const shown = seats.slice(0, MOST_SEATS);
    const places = placesOf(event, nowMs);
    const lines = [
      places && { text: placesWords(places), isBad: places.free < 0 },
      { text: (waitingWords(event) ?? []).join(''), isBad: false },
      { text: moneyWords(event), isBad: true },
    ];
    return html`<h3${isBad ? html` class="wrong"` : null}>${isBad ? '✖ ' : ''}${event.id} <span class="quiet">${notes}</span></h3>
<ul class="seats">${shown.map((seat) => seatItem(seat, nowMs))}</ul>${more(seats.length - shown.length, ' seats')}
${lines.map((line) => (line === null || line.text === '' ? null : html`<p${line.isBad ? html` class="wrong"` : null}>${line.text}</p>`))}`;
  })}`;
}

function seatItem(seat: Seat, nowMs: number | null): Markup {
  return html`<li class="seat ${seat.state}" title="${seatWords(seat, nowMs)}">${seat.name} <b>${SEAT_SIGNS[seat.state]}</b> ${seatTimeLeft(seat, nowMs)}</li>`;
}

function more(count: number, what: string): Markup | null {
  return count > 0 ? html`<p class="quiet">and ${count} more${what}</p>` : null;
}
