/** The city as its shape asks for: calendars, seats of events, or the grid of slots. */
import type { CityState } from '../../../server/contract/index.ts';
import {
  type CalendarRow,
  calendarRows,
  collidingResources,
  daysOf,
  shownDays,
} from '../../run/calendar-rows.ts';
import { counted, formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { eventsInOrder, isWrong } from '../../run/seat-map.ts';
import type { Line } from '../paint/line.ts';
import { CALENDAR_LEGEND, calendarStrip, headHeight } from './calendar-strip.ts';
import { placeText, scrolled } from './scroll.ts';
import { SEATS_LEGEND, seatMap } from './seat-map.ts';
import { isOver, slotGrid } from './slot-grid.ts';

export interface CityLooks {
  /** The object that a checker found wrong; null: none. */
  failed: string | null;
  /** The first row of many; ignored where all are shown. */
  scroll: number;
  /** By its number, the day of calendars that is shown alone; null: all are. */
  day: number | null;
  width: number;
  height: number;
}

export interface CityPicture {
  /** What is wrong with it; '' for nothing. */
  wrong: string;
  aside: string;
  legend: string;
  /** Where in many rows one is; '' when all are shown. */
  place: string;
  lines: readonly Line[];
}

export function cityPicture(city: CityState, looks: CityLooks): CityPicture {
  if (city.calendars !== undefined) return calendarsPicture(city.calendars, looks);
  if (city.venue !== undefined) return venuePicture(city.venue, looks);
  return slotsPicture(city, looks);
}

function calendarsPicture(calendars: NonNullable<CityState['calendars']>, looks: CityLooks): CityPicture {
  const rows = calendarRows(calendars, looks.failed);
  const days = shownDays(daysOf(calendars), looks.day);
  const room = Math.max(1, looks.height - headHeight(days));
  const scroll = Math.max(0, Math.min(looks.scroll, rows.length - room));
  const colliding = collidingResources(rows);
  return {
    wrong: colliding === 0 ? '' : `${counted(colliding, 'resource', 'resources')} taken twice`,
    aside: `${counted(barsIn(rows), 'booking', 'bookings')}, ${safeText(calendars.zone)}`,
    legend: CALENDAR_LEGEND,
    place: placeText(scroll, room, rows.length),
    lines: calendarStrip(rows, days, { width: looks.width, height: looks.height, scroll }),
  };
}

function barsIn(rows: readonly CalendarRow[]): number {
  return rows.reduce((sum, { bars }) => sum + bars.length, 0);
}

function venuePicture(venue: NonNullable<CityState['venue']>, looks: CityLooks): CityPicture {
  const events = eventsInOrder(venue, looks.failed);
  const wrong = events.filter((event) => isWrong(event, venue.nowMs)).length;
  const waiting = events.reduce((sum, event) => sum + event.waiting.length, 0);
  const lines = seatMap(events, { nowMs: venue.nowMs, failed: looks.failed, width: looks.width });
  return {
    wrong: wrong === 0 ? '' : `${counted(wrong, 'event', 'events')} wrong`,
    aside: `${counted(events.flatMap(({ orders }) => orders).length, 'order', 'orders')}, ${formatNumber(waiting)} waiting`,
    legend: SEATS_LEGEND,
    place: placeText(looks.scroll, looks.height, lines.length),
    lines: scrolled(lines, looks.scroll, looks.height),
  };
}

function slotsPicture({ slots }: CityState, { width, height }: CityLooks): CityPicture {
  const booked = slots.reduce((sum, { bookings }) => sum + bookings.length, 0);
  const room = slots.reduce((sum, { capacity }) => sum + capacity, 0);
  const over = slots.filter(isOver).length;
  return {
    wrong: over === 0 ? '' : `${counted(over, 'slot', 'slots')} over capacity`,
    aside: `${formatNumber(booked)} acknowledged, ${formatNumber(room)} seats`,
    legend: '✖ closed  ?n under way',
    place: '',
    lines: slotGrid(slots, width, height),
  };
}
