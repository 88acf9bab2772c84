/** WRONG: each look of a booking is a transaction of its own, and so is its insert: no isolation level helps. */
import { sqlBookingService } from '../../../runner/scenarios/bookings/services/postgres.ts';
import { bugSteps } from '../bug-steps.ts';

export default sqlBookingService({
  ...bugSteps('check-then-insert'),
  transaction: (client, work) => work(client),
});
