/** The zoo: every known bug by name. */
import type { Bug } from './bug.ts';
import { cancelByCitizen } from './cancel-by-citizen.ts';
import { checkThenInsert } from './check-then-insert.ts';
import { clockIds } from './clock-ids.ts';
import { closeDropsBookings } from './close-drops-bookings.ts';
import { closeRace } from './close-race.ts';
import { doubleFreeOnCancel } from './double-free-on-cancel.ts';
import { forgottenRollback } from './forgotten-rollback.ts';
import { idReuse } from './id-reuse.ts';
import { lateKey } from './late-key.ts';
import { lostAcknowledgement } from './lost-acknowledgement.ts';
import { lostCancel } from './lost-cancel.ts';
import { lostUpdate } from './lost-update.ts';
import { noIdempotency } from './no-idempotency.ts';
import { readCommittedSkew } from './read-committed-skew.ts';
import { revivedByRepeat } from './revived-by-repeat.ts';
import { staleAvailability } from './stale-availability.ts';
import { swallowedConflict } from './swallowed-conflict.ts';
import { tornRead } from './torn-read.ts';
import { truncatedKey } from './truncated-key.ts';
import { unscopedKey } from './unscoped-key.ts';

export const BUGS: readonly Bug[] = [
  cancelByCitizen,
  checkThenInsert,
  clockIds,
  closeDropsBookings,
  closeRace,
  doubleFreeOnCancel,
  forgottenRollback,
  idReuse,
  lateKey,
  lostAcknowledgement,
  lostCancel,
  lostUpdate,
  noIdempotency,
  readCommittedSkew,
  revivedByRepeat,
  staleAvailability,
  swallowedConflict,
  tornRead,
  truncatedKey,
  unscopedKey,
];
