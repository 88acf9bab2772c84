/** The list of runs on the whole screen. */
import type { Run } from '../../../server/contract/index.ts';
import { attemptParts } from '../../run/attempts.ts';
import { formatCompact, formatNumber, formatSeconds, shortId } from '../../run/format.ts';
import { reasonOf, runOutcome } from '../../run/outcome.ts';
import { campaignRows, isActive, isExecuted } from '../../run/run-list.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight } from '../../terminal/columns.ts';
import { HeaderPane, KeyBarPane, TooSmallPane } from '../app.tsx';
import { framed, innerSize } from '../components/frame.ts';
import type { KeyBarProps } from '../components/key-bar.ts';
import { ANSWERS, bindingsOf, TYPING } from '../input/keymap.ts';
import { type Stroke, useKeys } from '../input/use-keys.ts';
import { DIM, fitLine, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { MINIMUM, OUTCOME_COLOR } from '../theme.ts';
import { HelpPane, helpPlace } from '../views/help.tsx';
import { FORM_HEIGHT, FormPane } from './form-pane.tsx';
import { isAsking } from './reducer.ts';
import { CampaignsPane, RunDetailPane } from './run-panes.tsx';
import { chosenPlace, listedRuns, type RunsState } from './state.ts';

export interface RunsAppProps {
  state: RunsState;
  onStroke: (stroke: Stroke) => void;
}

const DETAIL_ROWS = 9;

export function RunsApp({ state, onStroke }: RunsAppProps) {
  useKeys(onStroke);
  const { columns, rows } = state.size;
  if (columns < MINIMUM.columns || rows < MINIMUM.rows) {
    return <TooSmallPane x={0} y={0} width={columns} height={rows} />;
  }
  const area = { x: 0, y: 1, width: columns, height: rows - 2 };
  const listed = listedRuns(state);
  const chosen = listed[chosenPlace(state, listed)];
  const detail = rows >= 24 && chosen !== undefined ? DETAIL_ROWS : 0;
  const campaigns = rows >= 30 ? campaignRows(state.runs) : [];
  const below = campaigns.length === 0 ? 0 : Math.min(8, campaigns.length + 2);
  const list = area.height - detail - below;
  return (
    <>
      <HeaderPane parts={headerOf(state)} x={0} y={0} width={columns} height={1} />
      <RunListPane state={state} x={0} y={1} width={columns} height={list} />
      {below > 0 && <CampaignsPane rows={campaigns} x={0} y={1 + list} width={columns} height={below} />}
      {detail > 0 && chosen !== undefined && (
        <RunDetailPane run={chosen} x={0} y={1 + list + below} width={columns} height={detail} />
      )}
      {state.overlay === 'help' && <HelpPane scope="runs" title="Runs" {...helpPlace('runs', area)} />}
      {state.form !== null && <FormPane form={state.form} {...formPlace(columns, rows)} />}
      <KeyBarPane {...keysOf(state)} x={0} y={rows - 1} width={columns} height={1} />
    </>
  );
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

const KEYS = bindingsOf('runs');

function keysOf(state: RunsState): Omit<KeyBarProps, 'width'> {
  const bar = { views: [], chosen: null };
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
  return { ...bar, keys: KEYS, said: state.notice === null ? null : { text: state.notice, as: 'notice' } };
}

const RunListPane = pane<{ state: RunsState }>('RunListPane', ({ state }, { width, height }) => {
  const inner = innerSize(width, height);
  const listed = listedRuns(state);
  const place = chosenPlace(state, listed);
  const rows = inner.height - 1;
  const top = Math.max(0, Math.min(place - Math.floor(rows / 2), listed.length - rows));
  const columns = { width: inner.width, state: stateWidth(listed) };
  const lines = listed
    .slice(top, top + rows)
    .map((run, i) => runLine(run, columns, top + i === place, run.id === state.marked, state.nowMs));
  const empty =
    state.next === undefined
      ? 'loading'
      : state.runs.length === 0
        ? 'no runs yet; n launches one'
        : 'no run is in this state';
  return framed(
    {
      title: state.filter === 'ALL' ? 'Runs' : `Runs  ${state.filter}`,
      aside: `${formatNumber(listed.length)}${typeof state.next === 'string' ? '+' : ''}`,
      footRight: `by ${state.order}`,
      width,
      height,
      color: state.filter === 'ALL' ? undefined : 'cyan',
    },
    [headLine(columns), ...(lines.length === 0 ? [[span(empty, DIM)]] : lines)],
  );
});

/** Of the list, and of its first column: in columns of the screen. */
interface Columns {
  width: number;
  state: number;
}

/** Words of states are never cut, and their column is no wider than what is in it. */
function stateWidth(runs: readonly Run[]): number {
  return Math.max(10, ...runs.map((run) => runOutcome(run).length + 2));
}

function headLine(columns: Columns): Line {
  const heads = ['STATE', 'RUN', 'WHAT', 'SEED', 'EVENTS', 'TIME', 'AGE', 'CAMPAIGN', 'FAILURE'];
  return cells(heads, columns).map((text) => span(text, DIM));
}

function runLine(run: Run, columns: Columns, isChosen: boolean, isMarked: boolean, nowMs: number): Line {
  const { width } = columns;
  const outcome = runOutcome(run);
  const rate =
    width >= WIDE && isExecuted(run) && run.live.eventsPerSecond > 0
      ? ` ${formatCompact(Math.round(run.live.eventsPerSecond))}/s`
      : '';
  const texts = cells(
    [
      `${isMarked ? '◆' : '●'} ${outcome}`,
      shortId(run.id),
      `${safeText(run.scenario)}@${safeText(run.target)}`,
      String(run.seed),
      `${formatCompact(run.live.eventIndex + 1)}${rate}`,
      run.durationSecondsActual === null ? '' : formatSeconds(run.durationSecondsActual),
      ageText(nowMs - Date.parse(run.createdAt)),
      safeText(run.campaign ?? ''),
      safeText(reasonOf(run) || (attemptParts(run)?.attempt ?? '')),
    ],
    columns,
  );
  // Whatever ended for good with something wrong stands out.
  const style = { color: OUTCOME_COLOR[outcome], bold: run.failForensic !== null };
  const line = texts.map((text, i) => span(text, i === 0 ? style : {}));
  return isChosen
    ? fitLine(line, width).map(({ text, style }) => span(text, { ...style, inverse: true }))
    : line;
}

/** From this inner width on there is room for the seed, the rate and the time. */
const WIDE = 110;
/** And from this one on for the campaign. */
const WIDEST = 150;

/** Column widths; the last takes what is left, and narrow screens leave out the least needed. */
function cells(texts: readonly string[], { width, state: stateColumns }: Columns): string[] {
  const [
    state = '',
    id = '',
    what = '',
    seed = '',
    events = '',
    time = '',
    age = '',
    campaign = '',
    failure = '',
  ] = texts;
  const isWide = width >= WIDE;
  const fixed = [
    alignLeft(state, stateColumns),
    `  ${alignLeft(id, 13)}`,
    `  ${alignLeft(what, isWide ? 20 : 17)}`,
    ...(isWide ? [`  ${alignRight(seed, 12)}`] : []),
    `  ${alignRight(events, isWide ? 13 : 8)}`,
    ...(isWide ? [`  ${alignRight(time, 10)}`] : []),
    `  ${alignRight(age, 6)}`,
    ...(width >= WIDEST ? [`  ${alignLeft(campaign, 24)}`] : []),
  ];
  const used = fixed.reduce((sum, text) => sum + text.length, 0);
  return [...fixed, `  ${alignLeft(failure, Math.max(0, width - used - 2))}`];
}

function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
