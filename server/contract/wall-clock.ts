/** Instants, in whole minutes since 1970, as people of a time zone read them on their clocks. */

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const MIDNIGHT = ' 00:00';

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-10-25 02:30`, as clocks in this zone of the IANA's database show it. */
export function wallClockAt(zone: string, instant: number): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
    formats.set(zone, format);
  }
  return format.format(instant * MINUTE_MS);
}

/** How far the zone's clock is before UTC at an instant, in minutes. */
export function offsetAt(zone: string, instant: number): number {
  return Date.parse(`${wallClockAt(zone, instant).replace(' ', 'T')}Z`) / MINUTE_MS - instant;
}

/**
 * A range without its end: `2026-10-25 02:30–04:00 Europe/Berlin`; in days, where both are midnights,
 * `2026-10-24–2026-10-26 Europe/Berlin`. A time that exists twice has its offset, as in `02:30+01:00`.
 */
export function rangeText(zone: string, { from, to }: { from: number; to: number }): string {
  const [begin, end] = [clockText(zone, from), clockText(zone, to)];
  const isOfDays = begin.endsWith(MIDNIGHT) && end.endsWith(MIDNIGHT);
  const isOfOneDay = begin.slice(0, 10) === end.slice(0, 10);
  const text = isOfDays
    ? `${begin.slice(0, 10)}–${end.slice(0, 10)}`
    : `${begin}–${isOfOneDay ? end.slice(11) : end}`;
  return `${text} ${zone}`;
}

function clockText(zone: string, instant: number): string {
  const text = wallClockAt(zone, instant);
  const offset = offsetAt(zone, instant);
  const isTwice = [-DAY_MINUTES, DAY_MINUTES].some((away) => {
    const other = offsetAt(zone, instant + away);
    return other !== offset && offsetAt(zone, instant + offset - other) === other;
  });
  return isTwice ? text + offsetText(offset) : text;
}

function offsetText(offset: number): string {
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}
