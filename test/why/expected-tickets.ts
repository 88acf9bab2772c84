/** What reading the box office over PostgreSQL says of its known bugs. */
import { alone, type ExpectedWhy, meets, meetsForAll, type Passes } from './expected-why.ts';

/** It needs the time to pass, and nobody else. */
const aloneInTime: Passes = { serial: null, turn: null, serializable: false };

export const tickets: readonly Omit<ExpectedWhy, 'scenario'>[] = [
  // The look for who is next finds those who left, too; the promotion writes to their row.
  {
    bug: 'cancelled-waiter-promoted',
    kinds: ['wrong-condition', 'wrong-write', 'wrong-value'],
    read: null,
    write:
      /^\s*(select w\.order_id|update waiting set state = 'promoted'|insert into orders|update events set places_free = places_free -)/,
    passes: alone,
  },
  // Whoever comes after the deadline takes the seats of an order of another that is paid; that shows when they are held again.
  {
    bug: 'cleaner-frees-sold',
    kinds: ['wrong-write'],
    read: null,
    write:
      /^\s*(update orders set freed = true where event|update seats set order_id = null|update events set places_free)/,
    passes: aloneInTime,
  },
  // It looks for the hold in one transaction and pays it in another.
  {
    bug: 'expires-while-paying',
    kinds: ['split-check'],
    read: /^\s*select id, owner, places, state/,
    write: /^\s*(update orders|insert into orders)/,
    passes: meetsForAll,
  },
  // The payment is written down as not given back.
  {
    bug: 'late-payment-lost',
    kinds: ['wrong-value'],
    read: null,
    write: /^\s*insert into payments/,
    passes: aloneInTime,
  },
  // The update that ends holds leaves the offers out.
  {
    bug: 'offer-never-ends',
    kinds: ['wrong-condition', 'void-write'],
    read: null,
    write: /^\s*(update orders set freed = true|select places_free)/,
    passes: aloneInTime,
  },
  // The time of the opening that it has looked up, with the event, is compared after it is cut to the minute.
  {
    bug: 'opens-early',
    kinds: ['wrong-condition'],
    read: null,
    write: /^\s*(update events e set version|select places_free)/,
    passes: aloneInTime,
  },
  // What is acknowledged is written by the next request; a crash comes before that.
  {
    bug: 'paid-before-stored',
    kinds: ['torn-write'],
    read: null,
    write: /^\s*(update orders set state = 'paid'|insert into payments)/,
    passes: aloneInTime,
  },
  // A payment that was told of before is not found; and what is paid already counts as payable, also for another payment.
  {
    bug: 'paid-twice',
    kinds: ['double-effect', 'wrong-condition'],
    read: null,
    write: /^\s*(insert into payments|select id, owner, places, state)/,
    passes: alone,
  },
  {
    bug: 'partial-order',
    kinds: ['kept-refusal'],
    read: null,
    write:
      /^\s*(insert into orders|update seats set order_id|insert into order_seats|update events set places_free)/,
    passes: alone,
  },
  // The place is freed in one transaction, and offered after it by statements that are transactions of their own and lock
  // nothing: two look who is next, or somebody comes between who is promoted and what is written of it.
  {
    bug: 'promoted-twice',
    kinds: ['stale-check', 'split-check', 'lost-update', 'torn-write'],
    read: /^\s*(select (w\.order_id|places_free)|update events e set version)/,
    write: /^\s*(update waiting|insert into orders|update events|insert into waiting)/,
    passes: meets,
  },
  {
    bug: 'quota-check-then-count',
    kinds: ['split-check'],
    read: /^\s*select \(\s*\(?select count\(\*\) from waiting/,
    write: /^\s*(insert into (orders|waiting|order_seats)|update orders|update waiting)/,
    passes: meetsForAll,
  },
  // What a refund frees is counted up once more.
  {
    bug: 'refund-frees-two',
    kinds: ['wrong-value'],
    read: null,
    write: /^\s*update events set places_free = places_free \+/,
    passes: alone,
  },
  // A release that is refused has freed seats, which may be those of another by now.
  {
    bug: 'sold-twice-after-release',
    kinds: ['kept-refusal', 'wrong-write', 'double-effect'],
    read: null,
    write: /^\s*update seats set order_id = null/,
    passes: alone,
  },
  // The old owner's order is left as it is.
  {
    bug: 'transfer-keeps-both',
    kinds: ['wrong-value'],
    read: null,
    write: /^\s*insert into (orders|order_seats)/,
    passes: alone,
  },
  // The deadline is compared to another clock.
  {
    bug: 'two-clocks',
    faultRates: { 'clock-skew': 0.02 },
    kinds: ['wrong-condition', 'wrong-value'],
    read: null,
    write: /^\s*(select id, owner, places, state|update orders set state = 'paid'|insert into payments)/,
    passes: aloneInTime,
  },
];
