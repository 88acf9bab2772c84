/** What each view of a run is given. */
import type { Place } from '../paint/surface.ts';
import type { State } from '../state/state.ts';

export interface ViewProps {
  state: State;
  /** What is left of the screen between the header and the key bar. */
  area: Place;
}
