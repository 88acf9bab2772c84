/** The named invariants of `stays`, judged from what is seen at one instant. */
import type { Violation } from '../../public.ts';
import type { Calendar, SeriesItem } from './calls.ts';
import { collides } from './resource.ts';

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
    if (!rival) continue;
    return {
      invariant: 'unit-taken-once',
      message: `${stay.id} and ${rival.id} take unit ${stay.unit} of ${object} at the same time${buffer > 0 ? `, with the ${buffer} minutes between them` : ''}.`,
      actual: [stay, rival],
      expected: 'times apart',
      object,
    };
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
