/** What the palette offers in a view of a run. Pure. */
import { isTerminal } from '../../../server/contract/run-values.ts';
import { commandsWithoutKey } from '../input/keymap.ts';
import { VIEW_BINDINGS } from '../input/view-keys.ts';
import type { Offer } from './commands.ts';
import { keysHere } from './keys-here.ts';
import type { State } from './state.ts';

/** The commands of the view as it stands. */
export function offerOf(state: State): Offer {
  const { view, workspace, data } = state;
  const bindings = [...VIEW_BINDINGS, ...keysHere(state), ...commandsWithoutKey(view)];
  return {
    bindings: isTerminal(data.status) ? bindings.filter(({ intent }) => intent !== 'ask-stop') : bindings,
    runs: workspace.runs,
    newest: data.eventIndex < 0 ? null : data.eventIndex,
  };
}
