/** A campaign on the whole screen: the view that was chosen, below how far it is. */
import { CAMPAIGN_WORDS } from '../../run/campaign-progress.ts';
import { formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { HeaderPane, KeyBarPane, TooSmallPane } from '../app.tsx';
import { framed, innerSize } from '../components/frame.ts';
import type { HeaderPart } from '../components/header.ts';
import type { KeyBarProps } from '../components/key-bar.ts';
import { CAMPAIGN_VIEW_BINDINGS } from '../input/campaign-keys.ts';
import { ANSWERS, IN_PALETTE } from '../input/keymap.ts';
import { type Listeners, useKeys } from '../input/use-keys.ts';
import { type Color, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';
import { looksOf, zoomedPane } from '../state/workspace.ts';
import { CAMPAIGN_COLOR, MINIMUM } from '../theme.ts';
import { HelpPane, helpPlace } from '../views/help.tsx';
import { OverPanes } from '../views/over-panes.tsx';
import { CoursePane, UntilPane } from './course-panes.tsx';
import { FailurePane, FailuresPane } from './failure-panes.tsx';
import { ProgressPane } from './progress-pane.tsx';
import { ReachedPane } from './reached-pane.tsx';
import { type CampaignView, chosenRow, keysHere, offerOf, type Phase } from './state.ts';
import { type CampaignViewId, countOf, panesOf } from './views.ts';
import { RunnersPane, ShardsPane } from './work-panes.tsx';

const PROGRESS_ROWS = 4;
const SAID_ROWS = 6;

export function CampaignApp({ view, ...listeners }: { view: CampaignView } & Listeners) {
  useKeys(listeners);
  const { columns: width, rows } = view.size;
  if (width < MINIMUM.columns || rows < MINIMUM.rows) {
    return <TooSmallPane x={0} y={0} width={width} height={rows} />;
  }
  const area = { x: 0, y: 1, width, height: rows - 2 };
  const zoomed = zoomedPane(view.workspace, panesOf(view));
  return (
    <>
      <HeaderPane parts={headerOf(view)} x={0} y={0} width={width} height={1} />
      {zoomed === null ? <Panes view={view} area={area} /> : campaignPane(view, zoomed, area)}
      {view.overlay === 'help' && (
        <HelpPane scope="campaign" title="Campaign" {...helpPlace('campaign', area)} />
      )}
      <OverPanes workspace={view.workspace} offer={() => offerOf(view)} area={area} />
      <KeyBarPane {...keysOf(view)} x={0} y={rows - 1} width={width} height={1} />
    </>
  );
}

function Panes({ view, area }: { view: CampaignView; area: Place }) {
  return placesOf(view, area).map(([name, place]) => campaignPane(view, name, place));
}

/** Where the panes of the view stand. */
function placesOf(view: CampaignView, area: Place): (readonly [string, Place])[] {
  const known = view.picture.campaign !== null;
  const progress = known ? PROGRESS_ROWS : 0;
  const rest = { ...area, y: area.y + progress, height: area.height - progress };
  const top = known ? [['progress', { ...area, height: progress }] as const] : [];
  return [...top, ...BELOW[view.view](view, rest)];
}

type Layout = (view: CampaignView, area: Place) => (readonly [string, Place])[];

/** Below the progress. */
const BELOW: Record<CampaignViewId, Layout> = {
  findings(view, area) {
    const said = area.height >= 24 && view.said.length > 0 ? SAID_ROWS : 0;
    const rest = area.height - said;
    const list = Math.max(4, Math.min(view.picture.rows.length + 3, Math.floor(rest / 2)));
    const log = { ...area, y: area.y + rest, height: said };
    return [
      ['failures', { ...area, height: list }],
      ['failure', { ...area, y: area.y + list, height: rest - list }],
      ...(said > 0 ? [['log', log] as const] : []),
    ];
  },
  course(_, area) {
    const height = Math.ceil(area.height / 2);
    const left = Math.floor(area.width / 2);
    return [
      ['seeds', { ...area, height, width: left }],
      ['rates', { ...area, height, x: area.x + left, width: area.width - left }],
      ['until', { ...area, y: area.y + height, height: area.height - height }],
    ];
  },
  shards(view, area) {
    const most = Math.ceil(area.height / 2);
    const height = Math.max(most, area.height - countOf(view, 'runners') - 3);
    return [
      ['shards', { ...area, height }],
      ['runners', { ...area, y: area.y + height, height: area.height - height }],
    ];
  },
  reached: (_, area) => [['reached', area]],
};

function campaignPane(view: CampaignView, name: string, place: Place) {
  const looks = { ...place, ...looksOf(view.workspace, name) };
  switch (name) {
    case 'progress':
      return <ProgressPane key={name} view={view} {...looks} />;
    case 'failures':
      return <FailuresPane key={name} view={view} {...looks} />;
    case 'seeds':
    case 'rates':
      return <CoursePane key={name} view={view} of={name} {...looks} />;
    case 'until':
      return <UntilPane key={name} view={view} {...looks} />;
    case 'shards':
      return <ShardsPane key={name} view={view} {...looks} />;
    case 'runners':
      return <RunnersPane key={name} view={view} {...looks} />;
    case 'reached':
      return <ReachedPane key={name} view={view} {...looks} />;
    case 'log':
      return <SaidPane key={name} said={view.said} {...looks} />;
    default:
      return <FailurePane key={name} row={chosenRow(view)} {...looks} />;
  }
}

/** Where the campaign does not tell it itself. */
const PHASE: Record<Phase, { text: string; color: Color }> = {
  going: { text: CAMPAIGN_WORDS.running, color: CAMPAIGN_COLOR.running },
  stopping: { text: 'STOPPING', color: 'yellow' },
  done: { text: CAMPAIGN_WORDS.done, color: CAMPAIGN_COLOR.done },
  stopped: { text: CAMPAIGN_WORDS.stopped, color: CAMPAIGN_COLOR.stopped },
  stored: { text: 'STORED', color: 'cyan' },
};

function headerOf({ picture, phase, problem }: CampaignView): HeaderPart[] {
  const { name, scenario, target, rows, campaign } = picture;
  // Its end is told once all is put away: until then leaving would stop it.
  const isTold = phase === 'stored' || (phase === 'going' && campaign?.state === 'recording');
  const { text, color } =
    isTold && campaign !== null
      ? { text: CAMPAIGN_WORDS[campaign.state], color: CAMPAIGN_COLOR[campaign.state] }
      : PHASE[phase];
  const kinds = rows.length === 1 ? '1 distinct failure' : `${formatNumber(rows.length)} distinct failures`;
  return [
    { text: ' SIMCITY ', style: { bold: true, inverse: true }, drop: 7 },
    { text: `campaign ${safeText(name)}`, drop: 3 },
    { text: `${safeText(scenario)}@${safeText(target)}`, drop: 6 },
    { text: `● ${text}`, style: { color, bold: true }, drop: 0 },
    { text: kinds, style: rows.length > 0 ? { color: 'red', bold: true } : DIM, drop: 2 },
    { text: problem ?? '', style: { color: 'yellow', bold: true }, drop: 1 },
  ];
}

const SaidPane = pane<{ said: readonly string[] }>('CampaignSaidPane', ({ said }, { width, height }) => {
  const inner = innerSize(width, height);
  const lines = said.slice(-inner.height).map((text): Line => [span(text, DIM)]);
  return framed({ title: 'Log', width, height }, lines);
});

const QUESTIONS = {
  'confirm-stop': 'Stop this campaign? --resume goes on with it.',
  'confirm-quit': 'Leaving stops this campaign; --resume goes on with it. Leave?',
} as const;

export function keysOf(view: CampaignView): Omit<KeyBarProps, 'width'> {
  const { overlay, notice, workspace } = view;
  const bar = { views: CAMPAIGN_VIEW_BINDINGS, chosen: `show-${view.view}` };
  if (workspace.palette !== null) return { ...bar, views: [], keys: IN_PALETTE, said: null };
  if (overlay === 'confirm-stop' || overlay === 'confirm-quit') {
    return { ...bar, keys: ANSWERS, said: { text: QUESTIONS[overlay], as: 'question' } };
  }
  const isZoomed = zoomedPane(workspace, panesOf(view)) !== null;
  const said = notice === null ? null : ({ text: notice, as: 'notice' } as const);
  return { ...bar, isZoomed, keys: keysHere(view), said };
}
