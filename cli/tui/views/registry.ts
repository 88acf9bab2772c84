/** The views by their names. A further view is one more entry here and in the key table. */
import type { ComponentType } from 'react';
import type { Place } from '../paint/surface.ts';
import type { State, ViewId } from '../state/state.ts';
import { ChecksView } from './checks.tsx';
import { EventsView } from './events.tsx';
import { ForensicsView } from './forensics.tsx';
import { LiveView } from './live.tsx';
import { ReplayView } from './replay.tsx';

export interface ViewProps {
  state: State;
  /** What is left of the screen between the header and the key bar. */
  area: Place;
}

export const VIEWS: Readonly<Record<ViewId, ComponentType<ViewProps>>> = {
  live: LiveView,
  events: EventsView,
  forensics: ForensicsView,
  replay: ReplayView,
  checks: ChecksView,
};
