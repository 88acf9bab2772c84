/** Which keys a view of a run has as it stands: of what cannot be done just now there is none. Pure. */
import { isTerminal } from '../../../server/contract/run-values.ts';
import { isLoss } from '../../run/outcome.ts';
import { outcomeOfData } from '../../run/picture.ts';
import type { Binding } from '../input/binding.ts';
import { bindingsOf } from '../input/keymap.ts';
import { VIEW_BINDINGS } from '../input/view-keys.ts';
import type { State } from './state.ts';

const OTHER_KEYS = (scope: State['view']): readonly Binding[] =>
  bindingsOf(scope).filter((binding) => !VIEW_BINDINGS.includes(binding));

/** The keys that mean something in the view as it stands, without those of the views. */
export function keysHere({ view, data }: State): readonly Binding[] {
  if (isTerminal(data.status) && (view === 'live' || view === 'checks')) return KEYS_AT_END[view];
  return view === 'forensics' && isLoss(outcomeOfData(data)) ? KEYS_OF_LOSS : KEYS_OF[view];
}

/** The same lists each time, so that the key bar is drawn anew only when it changes. */
/** What comes after a run, once it has ended. */
const isOfEnd = ({ intent }: Binding) => intent === 'launch-again' || intent === 'show-campaign';

const KEYS_OF: Record<State['view'], readonly Binding[]> = {
  live: OTHER_KEYS('live').filter((binding) => !isOfEnd(binding)),
  events: OTHER_KEYS('events'),
  forensics: OTHER_KEYS('forensics'),
  replay: OTHER_KEYS('replay'),
  checks: OTHER_KEYS('checks'),
};

/** Nothing is left to be stopped, or moves. */
const isOfGoing = ({ intent }: Binding) => intent === 'ask-stop' || intent === 'toggle-pause';
const KEYS_AT_END = {
  live: OTHER_KEYS('live').filter((binding) => !isOfGoing(binding)),
  checks: KEYS_OF.checks.filter((binding) => !isOfGoing(binding)),
};

/** Of the forensics of a run that says nothing about the service. */
const KEYS_OF_LOSS = KEYS_OF.forensics.filter(({ intent }) => intent !== 'verify' && intent !== 'shrink');
