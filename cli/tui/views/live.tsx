/** The Live view: three charts, what broke, how far it is, the metrics, the checks and the newest events. */

import type { ChartStyle, RunStatus } from '../../../server/contract/index.ts';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { type ChartChoice, LATENCY_CHART, usualCharts } from '../../run/chart-choice.ts';
import { checkRows, faultRows, sometimesRows } from '../../run/checks.ts';
import { formatNumber } from '../../run/format.ts';
import { eventsBehind, progressOf, shown } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { framed, innerSize } from '../components/frame.ts';
import { type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { State } from '../state/state.ts';
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
import type { ViewProps } from './view-props.ts';

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
      <Charts data={data} style={state.charts} y={y} width={width} height={charts} />
      <FaultStrip data={data} x={0} y={y + charts} width={width} height={1} />
      <Progress state={state} y={belowCharts} width={width} />
      {verdict > 0 && <VerdictPane data={data} x={0} y={belowCharts + 1} width={width} height={verdict} />}
      <MetricsPane
        title="Metrics"
        metrics={data.metrics}
        changes={data.changes}
        timeline={data.timeline}
        x={0}
        y={lowerY}
        width={left}
        height={lower - checks}
      />
      {checks > 0 && (
        <ChecksPane data={data} x={0} y={lowerY + lower - checks} width={left} height={checks} />
      )}
      <LogPane
        events={data.events}
        aside={asideOf(state)}
        empty={QUEUED_SAYS[state.data.status] ?? 'no event yet'}
        x={left}
        y={lowerY}
        width={width - left - faults}
        height={lower}
      />
      {faults > 0 && <RecentPane data={data} x={width - faults} y={lowerY} width={faults} height={lower} />}
    </>
  );
}

/** The checks get a panel where the metrics leave room for one. */
function checksHeight(data: RunData, lower: number): number {
  const metrics = Object.keys(data.metrics).length + 2;
  const room = lower - Math.max(8, metrics);
  return room < 5 ? 0 : room;
}

export function Charts({ data, style, y, width, height, at = null }: ChartsProps) {
  const charts = chartsFor(data, width);
  const share = Math.floor(width / charts.length);
  // What they do not divide evenly goes to the first ones.
  const widths = charts.map((_, i) => share + (i < width % charts.length ? 1 : 0));
  return charts.map(({ title, metric, isRate = false }, i) => (
    <ChartPane
      key={metric}
      title={isRate ? `${title}/s (virtual)` : title}
      metric={metric}
      color={CHART_COLORS[i % CHART_COLORS.length] ?? 'cyan'}
      timeline={data.timeline}
      value={at === null ? data.metrics[metric] : undefined}
      at={at}
      isRate={isRate}
      style={style}
      empty={emptyText(data)}
      x={widths.slice(0, i).reduce((sum, each) => sum + each, 0)}
      y={y}
      width={widths[i] ?? share}
      height={height}
    />
  ));
}

/** Narrower, a fourth chart would take too much from the others. */
const ROOM_FOR_LATENCY = 144;

function chartsFor({ charts, metrics }: RunData, width: number): readonly ChartChoice[] {
  const chosen = charts ?? usualCharts(metrics);
  const hasLatency = width >= ROOM_FOR_LATENCY && LATENCY_CHART.metric in metrics;
  return hasLatency ? [...chosen, LATENCY_CHART] : chosen;
}

/** Of a run that has ended there are snapshots to come from the server, or none. */
function emptyText({ status, end }: RunData): string {
  if (!isTerminal(status)) return 'no snapshot yet';
  return end === null ? 'loading' : 'no snapshot';
}

interface ChartsProps {
  data: RunData;
  style: ChartStyle;
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
