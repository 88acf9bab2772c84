/** Calendars as rows of bars: each unit with what is booked of it, what collides apart, under days of their true lengths. */
import type { Calendars } from '../../server/contract/city.ts';
import { offsetAt, wallClockAt } from '../../server/contract/wall-clock.ts';
import { instantOf, laterDay, type Range } from '../../server/contract/zone.ts';

type Resource = Calendars['resources'][number];
type Booking = Resource['bookings'][number];

export interface Bar extends Booking {
  /** It overlaps another of its unit, and nothing about the two is in doubt. */
  collides: boolean;
}

/** Bars of one unit that do not overlap; those that do are in the rows below it. */
export interface CalendarRow {
  resource: string;
  unit: number;
  /** From 0, which is the row with the unit's name. */
  lane: number;
  /** True when the row above it is of the same resource. */
  isOfAbove: boolean;
  /** True when the resource has no such unit. */
  isBeyond: boolean;
  /** True when a checker found this resource wrong. */
  hasFailed: boolean;
  bars: readonly Bar[];
}

export interface Day extends Range {
  /** `2026-10-25`. */
  day: string;
  /** Where the clock is put forward or back; null: it is not. */
  change: ClockChange | null;
}

export interface ClockChange {
  at: number;
  /** Minutes by which it is put forward; negative: back. */
  by: number;
}

/** More of them no screen can show. */
const MOST_DAYS = 400;
const MOST_UNITS = 200;
const MOST_BARS = 1_000;

/** The row of each unit, that of `failed` (a resource) first. */
export function calendarRows(
  { resources }: Pick<Calendars, 'resources'>,
  failed: string | null,
): CalendarRow[] {
  const ordered = [
    ...resources.filter(({ id }) => id === failed),
    ...resources.filter(({ id }) => id !== failed),
  ];
  return ordered.flatMap((resource) => resourceRows(resource, resource.id === failed));
}

function resourceRows(resource: Resource, hasFailed: boolean): CalendarRow[] {
  const units = new Set(Array.from({ length: Math.min(MOST_UNITS, resource.units) }, (_, i) => i + 1));
  for (const { unit } of resource.bookings) if (units.size < MOST_UNITS) units.add(unit);
  return [...units]
    .sort((a, b) => a - b)
    .flatMap((unit, place) =>
      lanesOf(barsOf(resource, unit)).map((bars, lane) => ({
        resource: resource.id,
        unit,
        lane,
        isOfAbove: place > 0 || lane > 0,
        isBeyond: unit < 1 || unit > resource.units,
        hasFailed,
        bars,
      })),
    );
}

/** In the order of time. */
function barsOf({ bookings, buffer }: Resource, unit: number): Bar[] {
  const own = bookings
    .filter((booking) => booking.unit === unit)
    .slice(0, MOST_BARS)
    .sort((a, b) => a.from - b.from || a.to - b.to || (a.id < b.id ? -1 : 1));
  const colliding = collidingIn(own, buffer);
  return own.map((booking) => ({ ...booking, collides: colliding.has(booking) }));
}

/** Of bookings in the order of time. What overlaps any before it overlaps that which ends last. */
function collidingIn(own: readonly Booking[], buffer: number): ReadonlySet<Booking> {
  const colliding = new Set<Booking>();
  let latest: Booking | null = null;
  for (const booking of own) {
    if (booking.uncertain) continue;
    if (latest !== null && booking.from < latest.to + buffer) colliding.add(latest).add(booking);
    if (latest === null || booking.to > latest.to) latest = booking;
  }
  return colliding;
}

/** Of bars in the order of time; one lane at least. */
function lanesOf(bars: readonly Bar[]): Bar[][] {
  const lanes: Bar[][] = [[]];
  for (const bar of bars) {
    const lane = lanes.find((each) => (each.at(-1)?.to ?? bar.from) <= bar.from);
    if (lane === undefined) lanes.push([bar]);
    else lane.push(bar);
  }
  return lanes;
}

/** Resources of which a unit is taken twice. */
export function collidingResources(rows: readonly CalendarRow[]): number {
  return new Set(
    rows.filter(({ bars }) => bars.some(({ collides }) => collides)).map(({ resource }) => resource),
  ).size;
}

/** The days of the zone in which there is anything, each as long as it is there. */
export function daysOf({ zone, asked, resources }: Calendars): Day[] {
  const ranges = [...(asked === null ? [] : [asked]), ...resources.flatMap(({ bookings }) => bookings)];
  if (ranges.length === 0) return [];
  const last = Math.max(...ranges.map(({ from, to }) => Math.max(from, to - 1)));
  const days: Day[] = [];
  let day = wallClockAt(zone, Math.min(...ranges.map(({ from }) => from))).slice(0, 10);
  let from = instantOf(zone, day);
  while (from <= last && days.length < MOST_DAYS) {
    const next = laterDay(day, 1);
    const to = instantOf(zone, next);
    days.push({ day, from, to, change: changeIn(zone, { from, to }) });
    [day, from] = [next, to];
  }
  return days;
}

/** To the minute. */
function changeIn(zone: string, { from, to }: Range): ClockChange | null {
  const before = offsetAt(zone, from);
  const by = offsetAt(zone, to) - before;
  if (by === 0) return null;
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return { at: high, by };
}

/** When the clock shows this hour of the day. */
export function hourOf({ from, change }: Pick<Day, 'from' | 'change'>, hour: number): number {
  const plain = from + hour * 60;
  return change !== null && plain >= change.at ? plain - change.by : plain;
}

/** The day that is shown alone after a step through them, by its number; null, between the last and the first: all are. */
export function turnedDay(day: number | null, step: 1 | -1, days: number): number | null {
  const place = (day === null ? 0 : day + 1) + step;
  const next = (place + days + 1) % (days + 1);
  return next === 0 ? null : next - 1;
}

/** The days that are shown; `day` is the number of one that is alone. */
export function shownDays(days: readonly Day[], day: number | null): readonly Day[] {
  const only = day === null ? undefined : days[day];
  return only === undefined ? days : [only];
}
