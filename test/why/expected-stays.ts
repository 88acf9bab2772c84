/** What reading the house over PostgreSQL says of its known bugs. */
import { alone, type ExpectedWhy, meets, meetsForAll } from './expected-why.ts';

/** Anything that changes who has which unit when. */
const changesBookings = /^(insert into bookings|update bookings)/;
/** What a request looks at before it takes a time: whether it was made already, the booking itself, who has the units. */
const looksAtBookings = /^select (unit|first_unit as unit|id|id, unit, .*) from bookings/s;
/** Which units are free. */
const looksForUnits = /^select unit from bookings/;

/** A time is computed wrongly: it is stored so, or units are looked for at another time than was asked for. */
const computed: Pick<ExpectedWhy, 'kinds' | 'read' | 'write' | 'passes'> = {
  kinds: ['wrong-value', 'wrong-condition'],
  read: null,
  write: /^(insert into bookings|update bookings|select unit from bookings)/,
  passes: alone,
};

export const stays: readonly Omit<ExpectedWhy, 'scenario'>[] = [
  {
    bug: 'cached-ranges',
    kinds: ['cache-race'],
    read: /^select r\.id, r\.units/,
    write: changesBookings,
    passes: { serial: true, turn: null, serializable: false },
  },
  // Without the lock every look can be the stale one; two that change the end of one booking overwrite each other.
  {
    bug: 'check-then-insert',
    kinds: ['stale-check', 'repeat-race', 'lost-update'],
    read: looksAtBookings,
    write: changesBookings,
    passes: meets,
  },
  { bug: 'days-of-24-hours', ...computed },
  // Its constraint refuses nothing within a day, so it is as without the lock.
  {
    bug: 'exclusion-of-days',
    kinds: ['stale-check', 'repeat-race', 'lost-update'],
    read: looksAtBookings,
    write: changesBookings,
    passes: meets,
  },
  // A move is three transactions: others find the booking gone, or take its time, or it stays away when it is cut off.
  {
    bug: 'frees-before-taking',
    kinds: ['torn-write'],
    read: null,
    write: /^\s*update bookings set active = (false|true) where id/,
    passes: meetsForAll,
  },
  // One of its bookings is refused; or somebody looks, or it is cut off, when it is half done.
  {
    bug: 'half-series',
    kinds: ['kept-refusal', 'torn-write'],
    read: null,
    write: /^\s*insert into bookings/,
    passes: { serial: null, turn: null, serializable: false },
  },
  {
    bug: 'inclusive-ends',
    kinds: ['wrong-condition'],
    read: looksForUnits,
    write: null,
    passes: alone,
  },
  {
    bug: 'one-sided-buffer',
    kinds: ['wrong-condition'],
    read: looksForUnits,
    write: null,
    passes: alone,
  },
  { bug: 'second-of-two-times', ...computed },
  { bug: 'utc-days', ...computed },
];
