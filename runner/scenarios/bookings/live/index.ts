/** What live attacks on services of bookings need beside what every scenario has. */
import type { LiveScenario } from '../../../harness/live/live-plan.ts';
import { type BookingCall, type BookingWorld, citizenNames } from '../calls.ts';
import { BookingsPlan } from './bookings-plan.ts';
import { firstLook } from './first-look.ts';
import { namesakes } from './patterns/alike-keys.ts';
import { MANAGER, OBSERVER, read } from './planned.ts';

/** So many citizens the first look has, however few the city has. */
const FIRST_LOOK = 10;

export const liveBookings = {
  citizens(workload, { isContract, offers }) {
    const { citizens } = workload.world as unknown as BookingWorld;
    const manages = offers('open') || offers('close');
    return [
      ...citizenNames(Math.max(citizens, FIRST_LOOK)),
      OBSERVER,
      ...(manages ? [MANAGER] : []),
      ...(isContract ? namesakes() : []),
    ];
  },
  plan: (options) => new BookingsPlan(options),
  firstLook,
  look: (slot) => read(slot),
} satisfies LiveScenario<BookingCall>;
