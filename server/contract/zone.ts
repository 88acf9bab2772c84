/** Days and times of the wall clock in a named zone, as instants: whole minutes since 1970. */

/** In minutes since 1970, without `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clock is before UTC at an instant. @throws RangeError: there is no such zone */
export function offsetAt(zone: string, instant: number): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
    formats.set(zone, format);
  }
  return asIfUtc(format.format(instant * MINUTE_MS).replace(' ', 'T')) - instant;
}

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

/** What the wall clock of the zone shows at an instant: `2026-10-25T02:30`. */
export function wallText(zone: string, instant: number): string {
  return new Date((instant + offsetAt(zone, instant)) * MINUTE_MS).toISOString().slice(0, 16);
}

/**
 * `2026-10-25 02:30–04:00 Europe/Berlin`, with the offset of a time that exists twice; the day of the end where it is
 * another; and days alone for a range of whole days.
 */
export function rangeText(zone: string, { from, to }: Range): string {
  const [start, end] = [wallText(zone, from), wallText(zone, to)];
  const [firstDay, lastDay] = [start.slice(0, 10), end.slice(0, 10)];
  if (start.endsWith('T00:00') && end.endsWith('T00:00')) return `${firstDay}–${lastDay} ${zone}`;
  const until = firstDay === lastDay ? '' : `${lastDay} `;
  return `${firstDay} ${timeText(zone, from)}–${until}${timeText(zone, to)} ${zone}`;
}

/** `02:30`, or `02:30+02:00` where the clock shows that twice. */
export function timeText(zone: string, instant: number): string {
  const wall = wallText(zone, instant);
  const time = wall.slice(11);
  const isTwice = instantOf(zone, wall) !== instantOf(zone, wall, true);
  return isTwice ? `${time}${offsetText(offsetAt(zone, instant))}` : time;
}

/** Minutes before UTC as `+02:00`. */
export function offsetText(offset: number): string {
  const minutes = Math.abs(offset);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${offset < 0 ? '-' : '+'}${hours}:${rest}`;
}
