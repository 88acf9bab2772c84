/** Holds that can have run out meanwhile, where only that explains an answer. */
import type { When } from '../../public.ts';
import type { TicketCall } from './calls.ts';
import { type EventState, endable, type KnownOrder, orderOf, withoutName } from './event-state.ts';
import { concerns } from './scope.ts';

/** Some holds, by their place in the list of all, and the state without them. */
interface Ended {
  readonly places: readonly number[];
  readonly state: EventState;
}

/**
 * What follows once some of the wanted holds have run out, as few of them as will do: any of these choices can be true.
 * The holds that end first come first.
 */
export function afterEnds(
  state: EventState,
  isWanted: (order: KnownOrder) => boolean,
  when: When,
  follow: (ended: EventState) => EventState | null,
): EventState[] {
  const holds = endable(state, isWanted, when.to);
  const enough: Ended[] = [];
  let level: Ended[] = [{ places: [], state }];
  while (level.length > 0) {
    const further: Ended[] = [];
    for (const ended of level.flatMap((one) => withOneMore(one, holds))) {
      if (enough.some(({ places }) => places.every((place) => ended.places.includes(place)))) continue;
      const after = follow(ended.state);
      if (after) enough.push({ places: ended.places, state: after });
      else further.push(ended);
    }
    level = further;
  }
  return enough.map((ended) => ended.state);
}

/** The state once all holds have run out that are not shown. */
export function afterAllEnds(
  state: EventState,
  shown: readonly { readonly id: string }[],
  when: When,
): EventState {
  const isGone = ({ id }: KnownOrder) => !shown.some((order) => order.id === id);
  return endable(state, isGone, when.to).reduce(
    (ended, { id, ends }) => withoutName(ended, id, ends.lo),
    state,
  );
}

/** The holds whose end could explain an answer to the call. */
export function endsToHelp(
  state: EventState,
  call: Exclude<TicketCall, { operation: 'read' }>,
): (order: KnownOrder) => boolean {
  const isOfOne = call.operation !== 'transfer' && orderOf(state, call.order) !== undefined;
  return isOfOne ? ({ id }) => id === call.order : concerns(state, call);
}

function withOneMore({ places, state }: Ended, holds: readonly KnownOrder[]): Ended[] {
  const from = (places.at(-1) ?? -1) + 1;
  return holds.slice(from).map(({ id, ends }, i) => ({
    places: [...places, from + i],
    state: withoutName(state, id, ends.lo),
  }));
}
