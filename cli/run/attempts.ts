/** The attempts at a run, in words: what infrastructure ended and was begun again. */
import type { LostAttempt, Run } from '../../server/contract/run.ts';
import { formatNumber } from './format.ts';
import { runOutcome } from './outcome.ts';

/** With so many losses a run is lost for good. */
const MOST_LOSSES = 3;
const ORDINALS = ['first', 'second', 'third'];

type Attempted = Pick<Run, 'status' | 'failForensic' | 'lostAttempts'>;

/** The number of the run's last attempt, from 1. */
function attemptOf(run: Attempted): number {
  return (lostBefore(run).at(-1)?.attempt ?? 0) + 1;
}

/** The attempts before the last. A run that is lost for good lists its last one too, which its diagnosis tells. */
function lostBefore(run: Attempted): readonly LostAttempt[] {
  return runOutcome(run) === 'LOST' ? run.lostAttempts.slice(0, -1) : run.lostAttempts;
}

/**
 * `attempt 2`, and which came before it: `(the first was lost at event 1,204: harness-lost)`. Null for a first
 * attempt. Not safe to print.
 */
export function attemptParts(run: Attempted): { attempt: string; before: string } | null {
  const [first, ...others] = lostBefore(run);
  if (first === undefined) return null;
  const told = [
    `the ${ordinal(first.attempt)} was ${first.handedOver ? 'handed over' : 'lost'} ${placeAndReason(first)}`,
    ...others.map((each) => `the ${ordinal(each.attempt)} ${placeAndReason(each)}`),
  ];
  return { attempt: `attempt ${attemptOf(run)}`, before: `(${told.join('; ')})` };
}

/** Both parts in one; null for a first attempt. Not safe to print. */
export function attemptText(run: Attempted): string | null {
  const parts = attemptParts(run);
  return parts === null ? null : `${parts.attempt} ${parts.before}`;
}

/** True when a run that was begun already waits for a runner again. */
export function isQueuedAgain(live: Pick<Run['live'], 'status' | 'eventIndex'>): boolean {
  return live.status === 'QUEUED' && live.eventIndex >= 0;
}

/** What such a run waits for. It may not be known yet which attempt was lost; one that was handed over is beside the count. */
export function waitingText(run: Attempted): string {
  const attempt = attemptOf(run);
  const waiting = 'waiting to be executed again';
  if (attempt === 1) return waiting;
  const most = MOST_LOSSES + run.lostAttempts.filter(({ handedOver }) => handedOver).length;
  return `${waiting} (attempt ${attempt}${attempt > most ? '' : ` of ${most}`})`;
}

function ordinal(attempt: number): string {
  return ORDINALS[attempt - 1] ?? `${attempt}th`;
}

function placeAndReason({ eventIndex, reason }: LostAttempt): string {
  const place = eventIndex < 0 ? 'before its first event' : `at event ${formatNumber(eventIndex)}`;
  return `${place}: ${reason.replace(/\.$/, '')}`;
}
