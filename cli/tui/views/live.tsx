/** The Live view: three charts, what broke, the metrics and the newest events. */
import { Box, Text } from 'ink';
import type { RunStatus } from '../../../server/contract/index.ts';
import { formatNumber } from '../../format.ts';
import { safeJson, safeText, truncate, wrap } from '../../safe-text.ts';
import { Chart } from '../components/chart.tsx';
import { EventLog } from '../components/event-log.tsx';
import { Panel } from '../components/panel.tsx';
import { Table } from '../components/table.tsx';
import { Violation } from '../components/violation.tsx';
import { comparisonOf, eventsBehind, failureOf, metricRows, shown } from '../state/selectors.ts';
import { sample } from '../state/series.ts';
import { CHART_METRICS, type ChartMetric, type RunData, type Size, type State } from '../state/state.ts';
import { CHART_COLOR } from '../theme.ts';

const CHART_TITLE: Record<ChartMetric, string> = {
  bookings: 'Bookings (active)',
  cancellations: 'Cancellations',
  slots_available: 'Slots available',
};

export function LiveView({ state, area }: { state: State; area: Size }) {
  const data = shown(state);
  const heights = layout(data, area);
  return (
    <Box flexDirection="column" width={area.columns} height={area.rows}>
      <Charts data={data} width={area.columns} height={heights.charts} />
      {heights.violation > 0 && <Failure data={data} width={area.columns} height={heights.violation} />}
      <Box height={heights.lower}>
        <Metrics data={data} width={metricsWidth(area.columns)} height={heights.lower} />
        <Events state={state} width={area.columns - metricsWidth(area.columns)} height={heights.lower} />
      </Box>
    </Box>
  );
}

/** How the rows are shared out; they add up to the area's. */
function layout(data: RunData, area: Size): { charts: number; violation: number; lower: number } {
  const violation = violationHeight(data, area);
  const rest = area.rows - violation;
  const charts = Math.max(5, Math.min(16, Math.floor(rest * 0.45)));
  return { charts, violation, lower: rest - charts };
}

function violationHeight(data: RunData, area: Size): number {
  const content = violationContent(data, area.columns - 4);
  if (content === null) return 0;
  const lines =
    wrap(content.message, area.columns - 4).length +
    [content.expected, content.actual].filter((each) => each !== null).length +
    (content.reproduce === null ? 0 : wrap(content.reproduce, area.columns - 15).length);
  return Math.max(3, Math.min(lines + 2, Math.floor(area.rows * 0.4)));
}

const metricsWidth = (columns: number) => Math.max(28, Math.min(38, Math.floor(columns * 0.32)));

function Charts({ data, width, height }: { data: RunData; width: number; height: number }) {
  return (
    <Box height={height}>
      {CHART_METRICS.map((name, i) => {
        // What three do not divide evenly goes to the first ones.
        const outer = Math.floor(width / 3) + (i < width % 3 ? 1 : 0);
        const value = data.metrics[name];
        return (
          <Panel
            key={name}
            title={CHART_TITLE[name]}
            aside={value === undefined ? '' : formatNumber(value)}
            width={outer}
            height={height}
          >
            <Chart
              values={sample(data.series[name], outer - 4 - 5)}
              width={outer - 4}
              height={height - 2}
              color={CHART_COLOR[name]}
            />
          </Panel>
        );
      })}
    </Box>
  );
}

function violationContent(data: RunData, width: number) {
  const failure = failureOf(data);
  if (failure === null) return null;
  const comparison = comparisonOf(data);
  const oneLine = (value: unknown) =>
    truncate(typeof value === 'string' ? safeText(value) : safeJson(value ?? null), width - 11);
  return {
    title: `FAIL  ${safeText(failure.invariant ?? 'violation')}`,
    at: typeof failure.eventIndex === 'number' ? `event ${formatNumber(failure.eventIndex)}` : '',
    message: safeText(failure.message),
    expected: comparison === null ? null : oneLine(comparison.expected),
    actual: comparison === null ? null : oneLine(comparison.actual),
    reproduce: failure.reproduce === undefined ? null : safeText(failure.reproduce),
  };
}

function Failure({ data, width, height }: { data: RunData; width: number; height: number }) {
  const content = violationContent(data, width - 4);
  if (content === null) return null;
  return (
    <Panel title={content.title} aside={content.at} width={width} height={height} color="red">
      <Violation {...content} width={width - 4} height={height - 2} />
    </Panel>
  );
}

function Metrics({ data, width, height }: { data: RunData; width: number; height: number }) {
  const rows = metricRows(data).map(({ name, value, change }) => ({
    name: metricLabel(name),
    value: formatNumber(Math.round(value * 10) / 10),
    change: changeText(change).padStart(4),
  }));
  const visible = rows.slice(0, Math.max(0, height - 2));
  const hidden = rows.length - visible.length;
  return (
    <Panel title="Metrics" aside={hidden > 0 ? `${hidden} more` : ''} width={width} height={height}>
      {visible.length === 0 ? (
        <Text dimColor>no metrics yet</Text>
      ) : (
        <Table
          data={visible}
          columns={['name', 'value', 'change']}
          padding={1}
          width={width - 4}
          colorOf={(row, column) => (column === 'change' ? changeColor(row.change) : undefined)}
        />
      )}
    </Panel>
  );
}

/** Short enough for a narrow table: `p95_latency_ms` is `p95 ms`. */
function metricLabel(name: string): string {
  if (name === 'slots_available') return 'slots free';
  return safeText(name.replace(/_latency_ms$/, ' ms').replaceAll('_', ' '));
}

function changeText(change: number): string {
  if (change === 0) return '';
  const rounded = Math.round(change * 10) / 10;
  return rounded > 0 ? `+${formatNumber(rounded)}` : formatNumber(rounded);
}

const changeColor = (text: string) => (text.includes('+') ? 'green' : 'yellow');

const QUEUED_SAYS: Partial<Record<RunStatus, string>> = {
  QUEUED: 'waiting for a runner; `simcity runner` starts one',
};

function Events({ state, width, height }: { state: State; width: number; height: number }) {
  const behind = eventsBehind(state);
  const aside = behind === null ? '' : `paused, ${formatNumber(behind)} behind`;
  return (
    <Panel title="Events" aside={aside} width={width} height={height}>
      <EventLog
        events={shown(state).events}
        width={width - 4}
        height={height - 2}
        empty={QUEUED_SAYS[state.data.status] ?? 'no event yet'}
      />
    </Panel>
  );
}
