/** Which events of the run's own history the requests of its smallest reproduction are: the run is executed once more. */

import type { Attempt } from '../harness/attempt.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { Findings, Laboratory, RecordedRequest } from './findings.ts';

/** Indices of the events at which a request was asked and answered; null: it was not, or in another way. */
export interface RequestEvents {
  readonly invoked: number;
  readonly completed: number | null;
}

/** Holds nobody, and remembers who asked what. */
class Listener implements Guide {
  readonly attempts = new Map<string, Attempt>();

  holds(attempt: Attempt): boolean {
    this.attempts.set(requestKey(attempt), attempt);
    return false;
  }

  gaveWay(): void {}
}

/**
 * By planned operation and attempt, as both executions name them. A request that asks something else in the run, or is
 * not made there, has none; all have none when the run does not fail again as it did.
 */
export async function eventsOfRun(
  { subject, recording }: Findings,
  lab: Laboratory,
): Promise<ReadonlyMap<RecordedRequest, RequestEvents>> {
  const found = new Map<RecordedRequest, RequestEvents>();
  const listener = new Listener();
  const { fails, events } = await lab.run({ config: subject.config, frozen: null, guide: listener });
  if (fails !== 'same') return found;
  for (const request of recording.requests) {
    const attempt = listener.attempts.get(request.key);
    if (!attempt || attempt.actor !== request.actor) continue;
    if (attempt.call.operation !== request.call.operation) continue;
    const ended = events.find(
      ({ type, data }) => data['op'] === attempt.id && /\.(ok|refused|unknown)$/.test(type),
    );
    // Answered otherwise in the run, it is no event of this answer.
    const isAlike = ended?.type.endsWith(`.${request.outcome}`) ?? false;
    found.set(request, {
      invoked: attempt.invokedIndex,
      completed: ended && isAlike ? ended.index : null,
    });
  }
  return found;
}
