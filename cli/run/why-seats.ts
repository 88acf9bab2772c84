/** How many seats were taken through a story in lanes: after which step, and of how many. */
import type { ExplainedLane, ExplainedStep, Forensic, Why } from '../../server/contract/index.ts';
import { capacityOf } from './object-history.ts';

export interface SeatsPoint {
  step: number;
  taken: number;
}

/** The object that the seats are of; from the bundle of the failure. */
export interface SeatsOf {
  object: string;
  capacity: number;
}

/** Null: the bundle's object has no seats. */
export function seatsOf(bundle: Pick<Forensic, 'city' | 'object'>): SeatsOf | null {
  const { object } = bundle;
  const capacity = capacityOf(bundle);
  return object === null || capacity === null ? null : { object, capacity };
}

/** After each step in which a request's booking or cancellation was made; empty: there is none of that object. */
export function seatsThrough(why: Pick<Why, 'lanes' | 'steps'>, { object }: SeatsOf): SeatsPoint[] {
  const changes = why.lanes.flatMap((lane, at): { step: number; by: number }[] => {
    const by = changeOf(lane, object);
    const step = by === 0 ? null : effectiveStep(why.steps, at, by);
    return step === null ? [] : [{ step, by }];
  });
  let taken = 0;
  return changes
    .sort((a, b) => a.step - b.step)
    .map(({ step, by }) => {
      taken += by;
      return { step, taken };
    });
}

function changeOf({ operation, words, outcome }: ExplainedLane, object: string): number {
  if (outcome !== 'ok' || !words.split(' ').includes(object)) return 0;
  return operation === 'book' ? 1 : operation === 'cancel' ? -1 : 0;
}

/** Its last commit; where no statements are known a booking counts from its answer on, and until its cancellation is asked for. */
function effectiveStep(steps: readonly ExplainedStep[], lane: number, by: number): number | null {
  const own = steps.filter((step) => step.lane === lane);
  const end = by < 0 ? own.find(({ kind }) => kind === 'request') : own.find(({ kind }) => kind === 'answer');
  return (own.findLast(({ kind }) => kind === 'commit') ?? end)?.step ?? null;
}
