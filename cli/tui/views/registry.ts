/** The views by their names. A further view is one more entry here and in the key table. */
import type { ViewId } from '../state/state.ts';
import { ChecksView, checksPane } from './checks.tsx';
import { EventsView, eventsPane } from './events.tsx';
import { ForensicsView, forensicsPane } from './forensics.tsx';
import { LiveView, livePane } from './live.tsx';
import { ReplayView, replayPane } from './replay.tsx';
import type { ViewOfRun } from './view-props.ts';

export const VIEWS: Readonly<Record<ViewId, ViewOfRun>> = {
  live: { View: LiveView, panes: livePane },
  events: { View: EventsView, panes: eventsPane },
  forensics: { View: ForensicsView, panes: forensicsPane },
  replay: { View: ReplayView, panes: replayPane },
  checks: { View: ChecksView, panes: checksPane },
};
