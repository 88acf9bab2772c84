/** The panes of each view of a run that can have the focus, also those that there is no room for. Pure. */
import { chartsOf } from '../../run/chart-choice.ts';
import { isLoss } from '../../run/outcome.ts';
import { outcomeOfData, shown } from '../../run/picture.ts';
import { whyEvent } from './selectors.ts';
import type { State, ViewId } from './state.ts';
import { type PaneName, zoomedPane } from './workspace.ts';

/** In the order in which the focus goes round. */
export function panesOf(state: State): readonly PaneName[] {
  return PANES[state.view](state);
}

/** The name of the pane that takes the whole body; null: none does. */
export function zoomedOf(state: State): string | null {
  return zoomedPane(state.workspace, panesOf(state));
}

const PANES: Record<ViewId, (state: State) => readonly PaneName[]> = {
  live: (state) => {
    const data = shown(state);
    return [
      ...chartPanes(state),
      ...(data.end === null ? [] : [{ name: 'verdict', title: 'Verdict' }]),
      { name: 'metrics', title: 'Metrics' },
      { name: 'checks', title: 'Checks' },
      { name: 'events', title: 'Events' },
      { name: 'faults', title: 'Newest faults' },
    ];
  },
  events: () => [
    { name: 'list', title: 'Events' },
    { name: 'detail', title: 'The chosen event' },
  ],
  forensics: (state) => [
    ...toldPanes(state),
    ...(state.job === null ? [] : [{ name: 'job', title: state.job.title }]),
  ],
  replay: (state) => [...chartPanes(state), ...(state.replay.other === null ? INSTANT : BESIDE)],
  checks: () => [
    { name: 'checks', title: 'Checks' },
    { name: 'faults', title: 'Faults' },
    { name: 'newest', title: 'Newest faults' },
  ],
};

function toldPanes(state: State): readonly PaneName[] {
  const { bundle, tab } = state.forensics;
  if (bundle === null) return [];
  if (tab === 'bundle') return [{ name: 'bundle', title: 'Bundle' }];
  return [
    { name: 'story', title: 'The whole story' },
    ...(isLoss(outcomeOfData(state.data)) ? [] : SECTIONS),
    ...(whyEvent(state.forensics) === null ? [] : [{ name: 'city', title: 'City' }]),
  ];
}

const SECTIONS: readonly PaneName[] = [
  { name: 'why', title: 'Why it broke' },
  { name: 'broke', title: 'What broke' },
  { name: 'history', title: 'The history of the object' },
  { name: 'else', title: 'What else is known' },
];
const INSTANT: readonly PaneName[] = [
  { name: 'city', title: 'City' },
  { name: 'events', title: 'Events around' },
  { name: 'metrics', title: 'Metrics' },
];
const BESIDE: readonly PaneName[] = [
  { name: 'this', title: 'This run' },
  { name: 'other', title: 'The other run' },
];

/** The name of the pane of a chart. */
export function chartPane(metric: string): string {
  return `chart ${metric}`;
}

function chartPanes(state: State): readonly PaneName[] {
  return chartsOf(shown(state)).map(({ title, metric }) => ({ name: chartPane(metric), title }));
}
