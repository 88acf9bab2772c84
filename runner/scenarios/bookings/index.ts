/** The built-in scenario `bookings`: citizens book and cancel seats in slots that managers open and close. */

import { findNamed } from '../../find-named.ts';
import type { Scenario } from '../scenario.ts';
import { BUGS } from './bugs/index.ts';
import { BOOKING_OPERATIONS, type BookingCall } from './calls.ts';
import { contractApi } from './http.ts';
import { liveBookings } from './live/index.ts';
import { MemoryBookingService } from './services/memory.ts';
import { sqlBookingService } from './services/postgres.ts';
import { BookingsWorkload } from './workload.ts';

export const bookings: Scenario<BookingCall> = {
  name: 'bookings',
  operations: BOOKING_OPERATIONS,
  objectNoun: 'slot',
  bugs: BUGS.map(({ name }) => name),
  memoryService(bug) {
    if (bug === null) return new MemoryBookingService();
    const { memory } = findNamed(BUGS, bug, 'bug of bookings');
    if (!memory) throw new Error(`The bug "${bug}" is one of databases: it needs --target postgres.`);
    return new MemoryBookingService(memory());
  },
  sqlService: (bug) => sqlBookingService(bug === null ? {} : findNamed(BUGS, bug, 'bug of bookings').sql()),
  http: contractApi,
  live: liveBookings,
  workload: (seed, config, _prng, rules) => new BookingsWorkload(seed, config, rules),
};
