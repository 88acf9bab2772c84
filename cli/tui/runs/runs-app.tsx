/** The list of runs on the whole screen. */
import type { Run } from '../../../server/contract/index.ts';
import { attemptParts } from '../../run/attempts.ts';
import { formatCompact, formatNumber, formatSeconds } from '../../run/format.ts';
import { reasonOf, runOutcome } from '../../run/outcome.ts';
import { isActive, isExecuted } from '../../run/run-list.ts';
import { runName } from '../../run/run-name.ts';
import { bugText, faultsText } from '../../run/run-search.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight, textWidth } from '../../terminal/columns.ts';
import { HeaderPane, KeyBarPane, TooSmallPane } from '../app.tsx';
import { framed, innerSize } from '../components/frame.ts';
import type { KeyBarProps } from '../components/key-bar.ts';
import { ANSWERS, IN_PALETTE, TYPING } from '../input/keymap.ts';
import { type Listeners, useKeys } from '../input/use-keys.ts';
import { clickable, DIM, type Line, restyle, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';
import { topAround } from '../state/anchor.ts';
import { looksOf, zoomedPane } from '../state/workspace.ts';
import { MINIMUM, OUTCOME_COLOR } from '../theme.ts';
import { HelpPane, helpPlace } from '../views/help.tsx';
import { OverPanes } from '../views/over-panes.tsx';
import { FORM_HEIGHT, FormPane } from './form-pane.tsx';
import { isAsking } from './reducer.ts';
import { CampaignsPane, RunDetailPane } from './run-panes.tsx';
import { chosenPlace, chosenRun, keysHere, listedRuns, offerOf, panesOf, type RunsState } from './state.ts';

export interface RunsAppProps extends Listeners {
  state: RunsState;
}

const DETAIL_ROWS = 9;

export function RunsApp({ state, ...listeners }: RunsAppProps) {
  useKeys(listeners);
  const { columns, rows } = state.size;
  if (columns < MINIMUM.columns || rows < MINIMUM.rows) {
    return <TooSmallPane x={0} y={0} width={columns} height={rows} />;
  }
  const area = { x: 0, y: 1, width: columns, height: rows - 2 };
  const zoomed = zoomedPane(state.workspace, panesOf(state));
  return (
    <>
      <HeaderPane parts={headerOf(state)} x={0} y={0} width={columns} height={1} />
      {zoomed === null ? <Panes state={state} area={area} /> : listPane(state, zoomed, area)}
      {state.overlay === 'help' && <HelpPane scope="runs" title="Runs" {...helpPlace('runs', area)} />}
      {state.form !== null && <FormPane form={state.form} {...formPlace(columns, rows)} />}
      <OverPanes workspace={state.workspace} offer={() => offerOf(state)} area={area} />
      <KeyBarPane {...keysOf(state)} x={0} y={rows - 1} width={columns} height={1} />
    </>
  );
}

/** The list, and below it what there is room for. */
function Panes({ state, area: { width, height } }: { state: RunsState; area: Place }) {
  const detail = height >= 22 && chosenRun(state) !== undefined ? DETAIL_ROWS : 0;
  const campaigns = height >= 28 ? state.campaigns.length : 0;
  const below = campaigns === 0 ? 0 : Math.min(8, campaigns + 2);
  const list = height - detail - below;
  return (
    <>
      {listPane(state, 'runs', { x: 0, y: 1, width, height: list })}
      {below > 0 && listPane(state, 'campaigns', { x: 0, y: 1 + list, width, height: below })}
      {detail > 0 && listPane(state, 'run', { x: 0, y: 1 + list + below, width, height: detail })}
    </>
  );
}

function listPane(state: RunsState, name: string, place: Place) {
  const looks = { ...place, ...looksOf(state.workspace, name) };
  if (name === 'runs') return <RunListPane state={state} {...looks} />;
  if (name === 'campaigns') return <CampaignsPane campaigns={state.campaigns} {...looks} />;
  const run = chosenRun(state);
  return run && <RunDetailPane run={run} {...looks} />;
}

function formPlace(columns: number, rows: number) {
  const width = Math.min(columns - 4, 76);
  const height = Math.min(rows - 2, FORM_HEIGHT);
  return {
    x: Math.floor((columns - width) / 2),
    y: Math.max(1, Math.floor((rows - height) / 2)),
    width,
    height,
  };
}

function headerOf(state: RunsState) {
  const active = state.runs.filter(isActive).length;
  return [
    { text: ' SIMCITY ', style: { bold: true, inverse: true }, drop: 7 },
    { text: 'runs', drop: 6 },
    { text: `${active} active`, style: active > 0 ? ({ color: 'cyan' } as const) : DIM, drop: 3 },
    {
      text: state.problem === null ? '' : safeText(state.problem),
      style: { color: 'yellow', bold: true } as const,
      drop: 1,
    },
    { text: state.readOnly ? 'read-only' : '', style: DIM, drop: 8 },
  ];
}

export function keysOf(state: RunsState): Omit<KeyBarProps, 'width'> {
  const bar = { views: [], chosen: null };
  if (state.workspace.palette !== null) return { ...bar, keys: IN_PALETTE, said: null };
  if (isAsking(state)) {
    const text =
      state.overlay === 'confirm-quit' ? 'Leaving stops what is executed here. Leave?' : 'Stop this run?';
    return { ...bar, keys: ANSWERS, said: { text, as: 'question' } };
  }

  if (state.form !== null) {
    return {
      ...bar,
      keys: TYPING,
      said: { text: '↑ ↓ field   ← → choice   empty: the default', as: 'input' },
    };
  }
  if (state.isTyping) {
    return { ...bar, keys: TYPING, said: { text: `filter: ${safeText(state.search)}▏`, as: 'input' } };
  }
  const isZoomed = zoomedPane(state.workspace, panesOf(state)) !== null;
  const said = state.notice === null ? null : ({ text: state.notice, as: 'notice' } as const);
  return { ...bar, isZoomed, keys: keysHere(state), said };
}

const RunListPane = pane<{ state: RunsState }>('RunListPane', ({ state }, { width, height }) =>
  listLines(state, width, height),
);

/** The list in its frame, as wide and as high as said. */
export function listLines(state: RunsState, width: number, height: number): Line[] {
  const inner = innerSize(width, height);
  const listed = listedRuns(state);
  const place = chosenPlace(state, listed);
  const rows = inner.height - 1;
  const top = topAround(place, rows, listed.length, state.workspace.anchor);
  const columns = columnsFor(listed, state, inner.width);
  const lines = listed
    .slice(top, top + rows)
    .map((run, i) => runLine(run, columns, top + i === place, inner.width));
  const isAll = state.filter === 'ALL' && state.search === '';
  return framed(
    {
      title: ['Runs', state.filter === 'ALL' ? '' : state.filter, safeText(state.search)]
        .filter(Boolean)
        .join('  '),
      aside: `${formatNumber(listed.length)}${typeof state.next === 'string' ? '+' : ''}`,
      footRight: `by ${state.order}`,
      width,
      height,
      color: isAll ? undefined : 'cyan',
    },
    [headLine(columns), ...(lines.length === 0 ? [[span(emptyText(state), DIM)]] : lines)],
  );
}

function emptyText({ next, runs, search }: RunsState): string {
  if (next === undefined) return 'loading';
  if (runs.length === 0) return 'no runs yet; n launches one';
  return search === '' ? 'no run is in this state' : 'no run matches; Esc shows all';
}

/** A column of the list, with the text of each run's cell. */
interface ListColumn {
  title: string;
  text: (run: Run) => string;
  /** Numbers stand at the right. */
  right?: boolean;
  /** In columns of the screen; the last takes what is left. */
  width: number;
  /** Text may be cut to that before the column goes; left out: it is never cut. */
  least?: number;
  /** The highest give way first when there is no room. */
  drop: number;
}

const GAP = 2;
/** What stands under FAILURE is worth that much. */
const FAILURE_LEAST = 18;

/** The columns there is room for, each as wide as what is in it, within bounds. */
function columnsFor(runs: readonly Run[], state: RunsState, width: number): ListColumn[] {
  const wanted = [...wantedColumns(state)].map((column): ListColumn => {
    const widest = Math.max(textWidth(column.title), ...runs.map((run) => textWidth(column.text(run))));
    return { ...column, width: Math.min(column.width, widest) };
  });
  const kept = wanted.filter((column) => column.drop === 0 || runs.some((run) => column.text(run) !== ''));
  const used = () => kept.reduce((sum, column) => sum + column.width + GAP, 0);
  while (used() + FAILURE_LEAST > width && kept.some(({ drop }) => drop > 0)) {
    const worst = kept.reduce((a, b) => (b.drop > a.drop ? b : a));
    const { least = worst.width } = worst;
    if (worst.width > least) worst.width = Math.max(least, worst.width - (used() + FAILURE_LEAST - width));
    else kept.splice(kept.indexOf(worst), 1);
  }
  const failure = {
    title: 'FAILURE',
    text: (run: Run) => safeText(reasonOf(run) || (attemptParts(run)?.attempt ?? '')),
    width: Math.max(0, width - used()),
    drop: 0,
  };
  return [...kept, failure];
}

/** In their order, with the most that each may take. */
function wantedColumns({ marked, nowMs }: RunsState): readonly ListColumn[] {
  return [
    {
      title: 'STATE',
      text: (run) => `${run.id === marked ? '◆' : '●'} ${runOutcome(run)}`,
      width: 20,
      drop: 0,
    },
    { title: 'RUN', text: runName, right: true, width: 12, drop: 0 },
    { title: 'SCENARIO', text: ({ scenario }) => safeText(scenario), width: 20, least: 9, drop: 6 },
    { title: 'TARGET', text: ({ target }) => safeText(target), width: 20, least: 8, drop: 1 },
    { title: 'BUG', text: (run) => safeText(bugText(run)), width: 20, least: 12, drop: 2 },
    { title: 'FAULTS', text: (run) => safeText(faultsText(run)), width: 16, least: 6, drop: 3 },
    { title: 'SEED', text: ({ seed }) => String(seed), right: true, width: 16, drop: 7 },
    {
      title: 'EVENTS',
      text: ({ live }) => formatCompact(live.eventIndex + 1),
      right: true,
      width: 8,
      drop: 5,
    },
    { title: 'RATE', text: rateText, right: true, width: 8, drop: 8 },
    { title: 'TIME', text: timeText, right: true, width: 12, drop: 9 },
    {
      title: 'AGE',
      text: (run) => ageText(nowMs - Date.parse(run.createdAt)),
      right: true,
      width: 5,
      drop: 4,
    },
    { title: 'CAMPAIGN', text: ({ campaign }) => safeText(campaign ?? ''), width: 24, least: 10, drop: 10 },
  ];
}

function rateText(run: Run): string {
  const { eventsPerSecond } = run.live;
  return isExecuted(run) && eventsPerSecond > 0 ? `${formatCompact(Math.round(eventsPerSecond))}/s` : '';
}

function timeText({ durationSecondsActual }: Run): string {
  return durationSecondsActual === null ? '' : formatSeconds(durationSecondsActual);
}

function headLine(columns: readonly ListColumn[]): Line {
  return columns.map((column, i) => span(cell(column, column.title, i), DIM));
}

function runLine(run: Run, columns: readonly ListColumn[], isChosen: boolean, width: number): Line {
  // Whatever ended for good with something wrong stands out.
  const style = { color: OUTCOME_COLOR[runOutcome(run)], bold: run.failForensic !== null };
  const cells = columns.map((column, i) => span(cell(column, column.text(run), i), i === 0 ? style : {}));
  const line = clickable(cells, width, { on: 'run', id: run.id });
  return isChosen ? restyle(line, { inverse: true }) : line;
}

function cell({ right, width }: ListColumn, text: string, place: number): string {
  const gap = place === 0 ? '' : ' '.repeat(GAP);
  return gap + (right ? alignRight(text, width) : alignLeft(text, width));
}

function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
