/**
 * What an explanation must say of each known fault: written by reading the services, before the code that derives it.
 * No name in here is known to that code.
 */
import { stays } from './expected-stays.ts';
import { tickets } from './expected-tickets.ts';
import { alone, type ExpectedWhy, meets, meetsForAll } from './expected-why.ts';
import { inOtherNames } from './renamed.ts';

/** Anything that changes who sits in a slot, or whether it is open. */
const changesSlot = /^(insert into bookings|update bookings|update slots)/;

const zoo: readonly Omit<ExpectedWhy, 'scenario'>[] = [
  // The cancel's own look-up finds whatever the citizen has in the slot by now; no order helps.
  {
    bug: 'cancel-by-citizen',
    kinds: ['wrong-write'],
    read: null,
    write: /^update bookings set active = false where active/,
    passes: alone,
  },
  // Any of the three looks of a booking can be the stale one: the slot, the key (a repeat overlaps its original), the holders.
  {
    bug: 'check-then-insert',
    kinds: ['stale-check', 'repeat-race'],
    read: /^select (id, capacity, open from slots|citizen from bookings|id from bookings)/,
    write: changesSlot,
    passes: meets,
  },
  {
    bug: 'clock-ids',
    kinds: ['id-clash'],
    read: null,
    write: /^insert into bookings \(number/,
    passes: { serial: null, turn: null, serializable: false },
  },
  {
    bug: 'close-drops-bookings',
    kinds: ['wrong-write'],
    read: null,
    write: /^update bookings set active = false where slot/,
    passes: alone,
  },
  {
    bug: 'close-race',
    kinds: ['stale-check'],
    read: /^select open from slots/,
    write: /^update slots set open/,
    passes: meets,
  },
  // A cancel that is refused frees a seat all the same; when that cancel is a repeat, its effect is doubled.
  {
    bug: 'double-free-on-cancel',
    kinds: ['kept-refusal', 'double-effect'],
    read: null,
    write: /^update slots set taken = taken - 1/,
    passes: alone,
  },
  {
    bug: 'forgotten-rollback',
    kinds: ['kept-refusal'],
    read: null,
    write: /^insert into bookings/,
    passes: alone,
  },
  {
    bug: 'id-reuse',
    kinds: ['id-clash'],
    read: null,
    write: /^insert into bookings \(number/,
    passes: alone,
  },
  // When nobody overlaps, a fault has struck between the two transactions.
  {
    bug: 'late-key',
    kinds: ['repeat-race', 'split-check', 'double-effect'],
    read: /^select id from bookings where slot/,
    write: /^(update bookings set key|insert into bookings)/,
    passes: { serial: null, turn: null, serializable: false },
  },
  {
    bug: 'lost-acknowledgement',
    kinds: ['lost-ack'],
    read: null,
    write: /^(insert into bookings|commit)/,
    passes: { serial: null, turn: null, serializable: false },
  },
  // The version is read in one transaction and compared in another; the write then changes nothing, and nobody looks.
  {
    bug: 'lost-cancel',
    kinds: ['split-check', 'void-write'],
    read: /^select s\.id as slot, s\.version/,
    write: /^update slots set (version|open)/,
    passes: meetsForAll,
  },
  {
    bug: 'lost-update',
    kinds: ['lost-update'],
    read: /^select s\.id, s\.taken/,
    write: /^update slots set taken/,
    passes: meets,
  },
  {
    bug: 'no-idempotency',
    kinds: ['double-effect'],
    read: null,
    write: /^(insert into bookings|update slots set version)/,
    passes: alone,
  },
  {
    bug: 'read-committed-skew',
    kinds: ['old-snapshot'],
    read: /^select id, capacity, open, \(select string_agg/,
    write: /^(insert into bookings|update bookings)/,
    passes: meets,
  },
  // The repeat's own look-up writes.
  {
    bug: 'revived-by-repeat',
    kinds: ['double-effect', 'wrong-write'],
    read: null,
    write: /^update bookings set active = true/,
    passes: alone,
  },
  {
    bug: 'stale-availability',
    kinds: ['cache-race'],
    read: /^select s\.id as slot, s\.capacity/,
    write: changesSlot,
    passes: { serial: true, turn: null, serializable: false },
  },
  {
    bug: 'swallowed-conflict',
    kinds: ['error-as-answer'],
    read: null,
    write: /./,
    passes: { serial: null, turn: null, serializable: false },
  },
  {
    bug: 'torn-read',
    kinds: ['read-skew'],
    read: /^select id, citizen from bookings where slot = \S+ and active order by number limit|^select s\.id as slot/,
    write: changesSlot,
    passes: meetsForAll,
  },
  { bug: 'truncated-key', kinds: ['key-scope'], read: /left\(key/, write: null, passes: alone },
  {
    bug: 'unscoped-key',
    kinds: ['key-scope'],
    read: /^select id from bookings where key/,
    write: null,
    passes: alone,
  },
];

const bank: readonly Omit<ExpectedWhy, 'scenario'>[] = [
  {
    bug: 'lost-update',
    kinds: ['lost-update'],
    read: /^select id, balance from accounts where id in/,
    write: /^update accounts set balance/,
    passes: meets,
  },
  {
    bug: 'no-idempotency',
    kinds: ['double-effect'],
    read: null,
    write: /^(insert into transfers|update accounts)/,
    passes: alone,
  },
  {
    bug: 'torn-statement',
    kinds: ['read-skew'],
    read: /^select balance from accounts where id/,
    write: /^update accounts set balance/,
    passes: meetsForAll,
  },
];

const cases: readonly Omit<ExpectedWhy, 'scenario'>[] = [
  // A repeat's insert is refused (23505), and the transaction is given up with the look that follows (25P02).
  {
    service: 'fails-repeats',
    kinds: ['error-as-answer'],
    read: null,
    write: /^(insert into requests|select id from bookings)/,
    passes: alone,
  },
  // What a transaction that is tried again does outside of itself is done once more each time.
  {
    service: 'leaks-seats',
    kinds: ['retry-leak'],
    read: null,
    write: /^update slots set taken = taken \+ 1/,
    passes: { serial: null, turn: null, serializable: false },
  },
  // No statement fails: the effect is committed, and the answer is an internal error all the same.
  {
    service: 'fails-after-cancels',
    kinds: ['error-as-answer'],
    read: null,
    write: /^update bookings set active = false/,
    passes: alone,
  },
];

const own: readonly Omit<ExpectedWhy, 'scenario'>[] = [
  {
    service: 'counts-before-it-locks',
    kinds: ['stale-check'],
    read: /^select b\.citizen/,
    write: /^(insert into bookings|update bookings)/,
    passes: meets,
  },
  {
    service: 'writes-its-count',
    // Two who write the count that both have read; or one who was closed out, or repeats itself, in between.
    kinds: ['lost-update', 'stale-check', 'repeat-race'],
    read: /^select (taken, open|citizen from bookings|id from bookings)/,
    write: /^(update slots set|insert into bookings|update bookings)/,
    passes: meets,
  },
  // A repeat comes before the answer is kept; or a fault comes in between, and what stands is the booking without one.
  {
    service: 'answers-kept-late',
    kinds: ['repeat-race', 'split-check', 'double-effect'],
    read: /^select answer from answers/,
    write: /^insert into (answers|bookings)/,
    passes: { serial: null, turn: null, serializable: false },
  },
  {
    service: 'looks-then-books',
    kinds: ['split-check', 'repeat-race'],
    read: /^select (id, capacity, open from slots|citizen from bookings|id from bookings)/,
    write: changesSlot,
    passes: meetsForAll,
  },
  // Its index holds nobody off whose booking has not ended; bookings of a slot wait for each other, so nobody reads too early.
  {
    service: 'nulls-not-equal',
    kinds: ['missing-constraint'],
    read: null,
    write: /^insert into bookings/,
    passes: alone,
  },
];

const RENAMED_BUGS = [
  'check-then-insert',
  'close-race',
  'lost-cancel',
  'lost-update',
  'read-committed-skew',
  'torn-read',
  'forgotten-rollback',
  'close-drops-bookings',
  'unscoped-key',
];

/** The same answers, of services whose tables and columns have other names. */
const variants = [...zoo.filter(({ bug }) => RENAMED_BUGS.includes(bug ?? '')), ...cases].map((known) => ({
  service: `renamed-${known.bug ?? known.service}`,
  kinds: known.kinds,
  read: inPatternOfOtherNames(known.read),
  write: inPatternOfOtherNames(known.write),
  passes: known.passes,
}));

function inPatternOfOtherNames(pattern: RegExp | null): RegExp | null {
  // `\S` and the like are no names.
  return (
    pattern &&
    new RegExp(pattern.source.replace(/(\\\w)|([a-z_]+)/g, (all, escaped) => escaped ?? inOtherNames(all)))
  );
}

export const EXPECTED: readonly ExpectedWhy[] = [
  ...[...zoo, ...cases, ...own, ...variants].map((each) => ({ ...each, scenario: 'bookings' as const })),
  ...bank.map((each) => ({ ...each, scenario: 'transfers' as const })),
  ...stays.map((each) => ({ ...each, scenario: 'stays' as const })),
  ...tickets.map((each) => ({ ...each, scenario: 'tickets' as const })),
];
