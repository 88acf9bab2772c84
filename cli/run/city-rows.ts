/** How far a city can be scrolled. */
import type { CityState } from '../../server/contract/city.ts';
import { calendarRows } from './calendar-rows.ts';

/** Lines of an event beside those of its seats, and seats that stand beside each other even where it is narrow. */
const OTHER_LINES = 4;
const SEATS_BESIDE = 4;

/** At most so many rows have something; what has no rows of its own is not scrolled. */
export function rowsOfCity({ calendars, venue }: Pick<CityState, 'calendars' | 'venue'>): number {
  if (calendars !== undefined) return calendarRows(calendars, null).length;
  return (venue?.events ?? []).reduce(
    (sum, { seats }) => sum + OTHER_LINES + Math.ceil(seats.length / SEATS_BESIDE),
    0,
  );
}
