/** WRONG as `read-committed-skew` of the zoo is, over tables and columns of other names. */

import { sqlBookingService } from '../../../runner/scenarios/bookings/services/postgres.ts';
import { bugSteps } from '../bug-steps.ts';
import { renamed } from '../renamed.ts';

export default renamed(sqlBookingService(bugSteps('read-committed-skew')));
