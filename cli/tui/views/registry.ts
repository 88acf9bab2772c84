/** The views by their names. A further view is one more entry here and in the key table. */
import type { ComponentType } from 'react';
import type { ViewId } from '../state/state.ts';
import { ChecksView } from './checks.tsx';
import { EventsView } from './events.tsx';
import { ForensicsView } from './forensics.tsx';
import { LiveView } from './live.tsx';
import { ReplayView } from './replay.tsx';
import type { ViewProps } from './view-props.ts';

export const VIEWS: Readonly<Record<ViewId, ComponentType<ViewProps>>> = {
  live: LiveView,
  events: EventsView,
  forensics: ForensicsView,
  replay: ReplayView,
  checks: ChecksView,
};
