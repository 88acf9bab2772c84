/** The named invariants of `stays`, judged from what is seen at one instant. */
import type { Violation } from '../../public.ts';
import type { Calendar, Range, Resource, SeriesItem, Stay } from './calls.ts';
import type { KnownStay } from './known-stays.ts';
import { collides, isSame } from './resource.ts';

/** After a resource was shown. */
export function checkCalendar({ id: object, units, buffer, bookings }: Calendar): Violation | null {
  for (const [index, stay] of bookings.entries()) {
    if (stay.unit < 1 || stay.unit > units) {
      return {
        invariant: 'units-exist',
        message: `${stay.id} takes unit ${stay.unit} of ${object}, which has ${units}.`,
        actual: stay,
        expected: `units 1 to ${units}`,
        object,
      };
    }
    const rival = bookings
      .slice(index + 1)
      .find((other) => other.unit === stay.unit && collides(stay, other, buffer));
    if (rival) return takenTwice(object, stay, rival, buffer);
  }
  return null;
}

/** After all resources were shown as they were at one instant. */
export function checkPlaces(calendars: readonly Calendar[]): Violation | null {
  const places = new Map<string, string>();
  for (const { id: object, bookings } of calendars) {
    for (const { id } of bookings) {
      const other = places.get(id);
      if (other !== undefined) {
        return {
          invariant: 'booking-in-one-place',
          message: `${id} is at ${other} and at ${object}.`,
          actual: [other, object],
          expected: 'one of them',
          object,
        };
      }
      places.set(id, object);
    }
  }
  return null;
}

/** After all resources were shown, of a series that nobody could change. */
export function checkSeries(
  series: string,
  items: readonly SeriesItem[],
  calendars: readonly Calendar[],
): Violation | null {
  const made = new Set(calendars.flatMap(({ bookings }) => bookings.map(({ id }) => id)));
  const there = items.filter(({ booking }) => made.has(booking));
  if (there.length === 0 || there.length === items.length) return null;
  return {
    invariant: 'series-all-or-nothing',
    message: `Of the ${items.length} bookings of ${series} there are ${there.length}.`,
    actual: there.map(({ booking }) => booking),
    expected: 'all or none',
    object: there[0]?.resource ?? null,
  };
}

/** After a resource was shown, beside what was certain of it before it was asked. */
export function checkKnown(
  { id: object, bookings }: Calendar,
  { unchanged, changing }: { unchanged: readonly KnownStay[]; changing: readonly KnownStay[] },
  timeOf: (range: Range) => string,
): Violation | null {
  const shown = new Map(bookings.map((stay) => [stay.id, stay]));
  for (const stay of unchanged) {
    const there = shown.get(stay.id);
    if (there && isSame(there, stay)) continue;
    const instead = there ? `shows it at unit ${there.unit}, ${timeOf(there)}` : 'does not show it';
    return {
      invariant: 'acknowledged-booking-stays',
      message: `${stay.id} was acknowledged for unit ${stay.unit}, ${timeOf(stay)}, and nobody began to change it, but ${object} ${instead}.`,
      actual: there ?? bookings,
      expected: stay,
      object,
    };
  }
  const gone = changing.find(({ id }) => !shown.has(id));
  if (!gone) return null;
  return {
    invariant: 'change-at-one-instant',
    message: `${gone.id} only changes its time within ${object}, but ${object} does not show it: a change frees and takes at one instant.`,
    actual: bookings,
    expected: `a list with ${gone.id}`,
    object,
  };
}

/** After these units were shown as free, beside bookings that nobody began to change since before it was asked. */
export function checkFree(
  { id: object, buffer }: Resource,
  range: Range,
  units: readonly number[],
  unchanged: readonly KnownStay[],
  timeOf: (range: Range) => string,
): Violation | null {
  const taken = unchanged.find((stay) => units.includes(stay.unit) && collides(stay, range, buffer));
  if (!taken) return null;
  return {
    invariant: 'shown-free-can-be-taken',
    message: `Unit ${taken.unit} of ${object} is shown as free ${timeOf(range)}, but ${taken.id} has it ${timeOf(taken)}${apartText(buffer)}: it was acknowledged before, and nobody began to change it.`,
    actual: units,
    expected: `none of ${taken.id}'s`,
    object,
  };
}

/** After a booking was acknowledged, beside those at its resource that nobody began to change. */
export function checkTaken(
  { id: object, buffer }: Resource,
  given: Stay,
  unchanged: readonly KnownStay[],
): Violation | null {
  const rival = unchanged.find(
    (stay) => stay.id !== given.id && stay.unit === given.unit && collides(stay, given, buffer),
  );
  return rival ? takenTwice(object, rival, given, buffer) : null;
}

/** A change found no booking, although it is the first since this one was acknowledged. */
export function vanished({ id, resource: object }: KnownStay): Violation {
  return {
    invariant: 'acknowledged-booking-stays',
    message: `${id} was acknowledged at ${object}, and this is the first change of it since, but there is no such booking.`,
    actual: 'refused: no-such-booking',
    expected: 'a booking that is there',
    object,
  };
}

function takenTwice(object: string, stay: Stay, rival: Stay, buffer: number): Violation {
  return {
    invariant: 'unit-taken-once',
    message: `${stay.id} and ${rival.id} take unit ${stay.unit} of ${object} at the same time${apartText(buffer)}.`,
    actual: [stay, rival],
    expected: 'times apart',
    object,
  };
}

function apartText(buffer: number): string {
  return buffer > 0 ? `, with the ${buffer} minutes between them` : '';
}
