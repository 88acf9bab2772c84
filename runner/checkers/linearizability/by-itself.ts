/** What becomes of a state by itself, without anybody asking. */
import type { SequentialModel, When } from '../model.ts';

/** States that are looked at, at most. */
const MOST_STATES = 64;

/** `state`, and the states to which effects lead that nobody asked for, one after the other. */
export function statesByThemselves<State, Call, Answer>(
  model: SequentialModel<State, Call, Answer>,
  state: State,
  when: When,
): State[] {
  if (!model.internal) return [state];
  const byKey = new Map([[model.key(state), state]]);
  for (const one of byKey.values()) {
    for (const next of model.internal(one, when)) {
      if (byKey.size >= MOST_STATES) break;
      const key = model.key(next);
      if (!byKey.has(key)) byKey.set(key, next);
    }
  }
  return [...byKey.values()];
}
