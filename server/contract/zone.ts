/** Days and times of the wall clock in a named zone, as instants: whole minutes since 1970. */
import { offsetAt } from './wall-clock.ts';

/** In minutes since 1970, without `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** What the text would be in UTC; a day is its midnight. */
export function asIfUtc(text: string): number {
  return Date.parse(text.length === 10 ? `${text}T00:00Z` : `${text}Z`) / MINUTE_MS;
}

/**
 * The instant of a day's beginning or of a time of the wall clock. Of two instants the first is meant, or with
 * `second` the other; a time that does not exist is as much later as the clock is put forward.
 */
export function instantOf(zone: string, text: string, second = false): number {
  const local = asIfUtc(text);
  const before = offsetAt(zone, local - DAY_MINUTES);
  const after = offsetAt(zone, local + DAY_MINUTES);
  const fits = [before, after].filter((offset) => offsetAt(zone, local - offset) === offset);
  return local - ((second ? fits.at(-1) : fits[0]) ?? before);
}

export function rangeOf(zone: string, from: string, to: string): Range {
  return { from: instantOf(zone, from), to: instantOf(zone, to) };
}

/** The days of a year on which the zone's clock is put forward or back. */
export function changeDays(zone: string, year: number): string[] {
  const found: string[] = [];
  const start = Date.UTC(year, 0, 1) / MINUTE_MS;
  for (let day = 0; day < 364; day++) {
    const noon = start + day * DAY_MINUTES + DAY_MINUTES / 2;
    if (offsetAt(zone, noon) !== offsetAt(zone, noon + DAY_MINUTES)) found.push(dayText(noon + DAY_MINUTES));
  }
  return found;
}

/** The day of an instant in UTC. */
export function dayText(instant: number): string {
  return new Date(instant * MINUTE_MS).toISOString().slice(0, 10);
}

/** So many days later. */
export function laterDay(day: string, days: number): string {
  return dayText(asIfUtc(day) + days * DAY_MINUTES);
}
