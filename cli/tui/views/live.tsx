/** The Live view: three charts, what broke, how far it is, the metrics, the checks and the newest events. */

import type { ChartStyle, RunStatus } from '../../../server/contract/index.ts';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { type ChartChoice, chartsOf, LATENCY_CHART } from '../../run/chart-choice.ts';
import { checkRows, faultRows, sometimesRows } from '../../run/checks.ts';
import { formatNumber } from '../../run/format.ts';
import { eventsBehind, progressOf, shown } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { framed, innerSize } from '../components/frame.ts';
import { type Line, span } from '../paint/line.ts';
import { type PaneLooks, pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';
import { chartPane } from '../state/panes.ts';
import type { State } from '../state/state.ts';
import { looksOf } from '../state/workspace.ts';
import { CHART_COLORS } from '../theme.ts';
import { ChartPane } from './chart-pane.tsx';
import { checkLine, closingRows, faultLine, sometimesLine } from './check-lines.ts';
import { RecentPane } from './checks.tsx';
import { FaultStrip } from './fault-strip.tsx';
import { HealthPane } from './health-pane.tsx';
import { LogPane } from './log-pane.tsx';
import { MetricsPane } from './metrics-pane.tsx';
import { ProgressPane } from './progress-pane.tsx';
import { VerdictPane, verdictHeight } from './verdict-pane.tsx';
import type { DrawPane, ViewProps } from './view-props.ts';

const EVENTS_WIDTH = 88;
/** On a lower screen the health line stands alone. */
const ROOM_FOR_TRAFFIC = 18;

export function LiveView({ state, area }: ViewProps) {
  const data = shown(state);
  const { width } = area;
  const glance = area.height < ROOM_FOR_TRAFFIC ? 1 : 2;
  const y = area.y + glance;
  const verdict = verdictHeight(data, width, Math.floor(area.height * 0.4));
  const rest = area.height - glance - verdict - 2;
  const charts = Math.max(5, Math.min(18, Math.floor(rest * 0.45)));
  const lower = rest - charts;
  const left = Math.max(28, Math.min(48, Math.floor(width * 0.34)));
  const checks = checksHeight(data, lower);
  // Events need no more than that, so a very wide screen shows the newest faults beside them.
  const faults = width - left >= EVENTS_WIDTH + 44 ? Math.min(64, width - left - EVENTS_WIDTH) : 0;
  const belowCharts = y + charts + 1;
  const lowerY = belowCharts + 1 + verdict;
  return (
    <>
      <HealthPane data={data} x={0} y={area.y} width={width} height={glance} />
      <Charts state={state} data={data} y={y} width={width} height={charts} />
      <FaultStrip data={data} x={0} y={y + charts} width={width} height={1} />
      <Progress state={state} y={belowCharts} width={width} />
      {verdict > 0 && livePane(state, 'verdict', { x: 0, y: belowCharts + 1, width, height: verdict })}
      {livePane(state, 'metrics', { x: 0, y: lowerY, width: left, height: lower - checks })}
      {checks > 0 &&
        livePane(state, 'checks', { x: 0, y: lowerY + lower - checks, width: left, height: checks })}
      {livePane(state, 'events', { x: left, y: lowerY, width: width - left - faults, height: lower })}
      {faults > 0 &&
        livePane(state, 'faults', { x: width - faults, y: lowerY, width: faults, height: lower })}
    </>
  );
}

export const livePane: DrawPane = (state, name, place) => {
  const data = shown(state);
  const looks = { ...place, ...looksOf(state.workspace, name) };
  switch (name) {
    case 'verdict':
      return <VerdictPane data={data} {...looks} />;
    case 'metrics':
      return (
        <MetricsPane
          title="Metrics"
          metrics={data.metrics}
          changes={data.changes}
          timeline={data.timeline}
          {...looks}
        />
      );
    case 'checks':
      return <ChecksPane data={data} {...looks} />;
    case 'events':
      return (
        <LogPane
          events={data.events}
          aside={asideOf(state)}
          empty={QUEUED_SAYS[state.data.status] ?? 'no event yet'}
          {...looks}
        />
      );
    case 'faults':
      return <RecentPane data={data} {...looks} />;
    default:
      return <Chart data={data} style={state.charts} of={name} {...looks} />;
  }
};

/** The checks get a panel where the metrics leave room for one. */
function checksHeight(data: RunData, lower: number): number {
  const metrics = Object.keys(data.metrics).length + 2;
  const room = lower - Math.max(8, metrics);
  return room < 5 ? 0 : room;
}

/** The charts side by side, as many as there is room for. */
export function Charts({ state, data, y, width, height, at = null }: ChartsProps) {
  const charts = chartsFor(data, width);
  const share = Math.floor(width / charts.length);
  // What they do not divide evenly goes to the first ones.
  const widths = charts.map((_, i) => share + (i < width % charts.length ? 1 : 0));
  return charts.map(({ metric }, i) => (
    <Chart
      key={metric}
      data={data}
      style={state.charts}
      of={chartPane(metric)}
      at={at}
      x={widths.slice(0, i).reduce((sum, each) => sum + each, 0)}
      y={y}
      width={widths[i] ?? share}
      height={height}
      {...looksOf(state.workspace, chartPane(metric))}
    />
  ));
}

/** The chart whose pane has this name; nothing for another name. */
export function Chart({ data, style, of, at = null, ...place }: ChartProps) {
  const charts = chartsOf(data);
  const number = charts.findIndex(({ metric }) => chartPane(metric) === of);
  const chart = charts[number];
  if (chart === undefined) return null;
  const { title, metric, isRate = false } = chart;
  return (
    <ChartPane
      title={isRate ? `${title}/s (virtual)` : title}
      metric={metric}
      color={CHART_COLORS[number % CHART_COLORS.length] ?? 'cyan'}
      timeline={data.timeline}
      value={at === null ? data.metrics[metric] : undefined}
      at={at}
      isRate={isRate}
      style={style}
      empty={emptyText(data)}
      {...place}
    />
  );
}

interface ChartProps extends Place, PaneLooks {
  data: RunData;
  style: ChartStyle;
  /** The name of its pane. */
  of: string;
  /** The event at which it has its cursor. */
  at?: number | null;
}

/** Narrower, a fourth chart would take too much from the others. */
const CHART_WIDTH = 36;
const LEAST_CHARTS = 3;

function chartsFor(data: RunData, width: number): readonly ChartChoice[] {
  const room = Math.max(LEAST_CHARTS, Math.floor(width / CHART_WIDTH));
  const charts = chartsOf(data);
  // The latency is last, and is told in the line of progress, too.
  const own = room > LEAST_CHARTS ? charts : charts.filter((each) => each !== LATENCY_CHART);
  return own.slice(0, room);
}

/** Of a run that has ended there are snapshots to come from the server, or none. */
function emptyText({ status, end }: RunData): string {
  if (!isTerminal(status)) return 'no snapshot yet';
  return end === null ? 'loading' : 'no snapshot';
}

interface ChartsProps {
  state: State;
  data: RunData;
  y: number;
  width: number;
  height: number;
  /** The event at which the charts have their cursor. */
  at?: number | null;
}

function Progress({ state, y, width }: { state: State; y: number; width: number }) {
  const data = shown(state);
  const progress = progressOf(state);
  const received = data.events.at(-1)?.index ?? data.eventIndex;
  const lag = data.eventIndex - received;
  return (
    <ProgressPane
      share={progress === null ? null : Math.round(progress.share * 200) / 200}
      leftSeconds={progress === null || progress.leftMs === null ? null : Math.ceil(progress.leftMs / 1_000)}
      operations={data.metrics['operations'] ?? 0}
      operationsPlanned={data.run.config.operations}
      durationSeconds={data.run.config.durationSeconds}
      p50={data.metrics['p50_latency_ms']}
      p95={data.metrics['p95_latency_ms']}
      p99={data.metrics['p99_latency_ms']}
      // What comes within a second is no lag.
      lag={lag > Math.max(1_000, data.eventsPerSecond) ? lag : 0}
      hasEnded={data.end !== null}
      x={0}
      y={y}
      width={width}
      height={1}
    />
  );
}

/** As many of the checks, situations and faults as there is room for. */
const ChecksPane = pane<{ data: RunData }>('ChecksPane', ({ data }, { width, height }) => {
  const inner = innerSize(width, height);
  const checks = checkRows(data);
  const broken = checks.filter(({ state }) => state === 'broken').length;
  const lines: Line[] = [
    ...checks.map((row) => checkLine(row, inner.width)),
    ...closingRows(data, inner.width),
    ...sometimesRows(data).map((row) => sometimesLine(row, data.end !== null, inner.width)),
    ...faultRows(data).map((row) => faultLine(row, inner.width)),
  ];
  const visible = lines.length > inner.height ? lines.slice(0, inner.height - 1) : lines;
  const more = lines.length - visible.length;
  if (more > 0) visible.push([span(`  ${more} more in 5 Checks`, { dim: true })]);
  return framed(
    {
      title: 'Checks',
      aside: broken > 0 ? `${broken} broken` : '',
      width,
      height,
      color: broken > 0 ? 'red' : undefined,
    },
    visible,
  );
});

const QUEUED_SAYS: Partial<Record<RunStatus, string>> = {
  QUEUED: 'waiting for a runner; `simcity runner` starts one',
};

function asideOf(state: State): string {
  const behind = eventsBehind(state);
  return behind === null ? '' : `paused, ${formatNumber(behind)} behind`;
}
