/** The Replay view: the whole run under a scrubber, and the city, metrics and events at that instant. */
import { formatClock, formatNumber } from '../../run/format.ts';
import { brokenOf, failedObjectOf } from '../../run/picture.ts';
import { SPEEDS } from '../../run/replay-speeds.ts';
import { type Point, risesOf } from '../../run/timeline.ts';
import { scrubber } from '../components/scrubber.ts';
import { BOLD, DIM, type Line, span, spread } from '../paint/line.ts';
import { type PaneLooks, pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';
import { cityAt, knownEvent, replayIndex } from '../state/selectors.ts';
import type { State } from '../state/state.ts';
import { looksOf } from '../state/workspace.ts';
import { CityPane } from './city-pane.tsx';
import { Chart, Charts } from './live.tsx';
import { MetricsPane } from './metrics-pane.tsx';
import { BesidePane, ReplayEventsPane } from './replay-events.tsx';
import type { DrawPane, ViewProps } from './view-props.ts';

const SCRUBBER_ROWS = 3;

export function ReplayView({ state, area }: ViewProps) {
  const { x, y, width, height } = area;
  const charts = Math.max(5, Math.min(12, Math.floor((height - SCRUBBER_ROWS) * 0.32)));
  const lower = { x, y: y + charts + SCRUBBER_ROWS, width, height: height - charts - SCRUBBER_ROWS };
  const at = replayIndex(state);
  return (
    <>
      <Charts state={state} data={state.data} y={y} width={width} height={charts} at={at} />
      <ScrubberPane state={state} x={x} y={y + charts} width={width} height={SCRUBBER_ROWS} />
      {state.replay.other === null ? (
        <Instant state={state} {...lower} />
      ) : (
        <SideBySide state={state} {...lower} />
      )}
    </>
  );
}

/** Metrics where there is room, the city, the events around. */
function Instant({ state, x, y, width, height }: { state: State } & Place) {
  const metrics = width >= 110 ? Math.min(44, Math.floor(width * 0.26)) : 0;
  const events = Math.max(40, Math.floor(width * 0.42));
  const city = width - metrics - events;
  return (
    <>
      {metrics > 0 && replayPane(state, 'metrics', { x, y, width: metrics, height })}
      {replayPane(state, 'city', { x: x + metrics, y, width: city, height })}
      {replayPane(state, 'events', { x: x + metrics + city, y, width: events, height })}
    </>
  );
}

export const replayPane: DrawPane = (state, name, place) => {
  const looks = { ...place, ...looksOf(state.workspace, name) };
  switch (name) {
    case 'metrics':
      return <InstantMetrics state={state} {...looks} />;
    case 'city':
      return (
        <CityPane
          cities={state.replay.cities}
          at={replayIndex(state)}
          failed={failedObjectOf(state.data)}
          scroll={state.replay.cityRow}
          day={state.replay.cityDay}
          {...looks}
        />
      );
    case 'events':
      return <ReplayEventsPane state={state} {...looks} />;
    case 'this':
    case 'other':
      return <BesidePane state={state} side={name} {...looks} />;
    default:
      return <Chart data={state.data} style={state.charts} of={name} at={replayIndex(state)} {...looks} />;
  }
};

function InstantMetrics({ state, ...looks }: { state: State } & Place & PaneLooks) {
  const point = metricsAt(state);
  return (
    <MetricsPane
      title={point === undefined ? 'Metrics' : `Metrics after ${formatNumber(point.index)}`}
      metrics={point?.metrics ?? NO_METRICS}
      changes={null}
      timeline={state.data.timeline}
      {...looks}
    />
  );
}

const NO_METRICS = {};

function SideBySide({ state, x, y, width, height }: { state: State } & Place) {
  const left = Math.floor(width / 2);
  return (
    <>
      {replayPane(state, 'this', { x, y, width: left, height })}
      {replayPane(state, 'other', { x: x + left, y, width: width - left, height })}
    </>
  );
}

/** The metrics at the place, folded as the city is; of a server that does not fold them, the newest before it. */
function metricsAt(state: State): Pick<Point, 'index' | 'metrics'> | undefined {
  const at = replayIndex(state);
  const city = cityAt(state.replay.cities, at);
  if (city?.metrics !== undefined) return { index: city.index, metrics: city.metrics };
  return state.data.timeline.points.findLast(({ index }) => index <= at);
}

const ScrubberPane = pane<{ state: State }>('ScrubberPane', ({ state }, { width }) => {
  const { data, replay } = state;
  const at = replayIndex(state);
  const { points } = data.timeline;
  const rises = risesOf(points, 'faults');
  const [marks, bar] = scrubber({
    at: Math.max(0, at),
    newest: Math.max(0, data.eventIndex),
    faults: points.map(({ index }, i) => ({ index, count: rises[i] ?? 0 })),
    failedAt: replay.other?.partsAt ?? brokenOf(data)?.eventIndex ?? null,
    width: width - 2,
  });
  return [[span(' '), ...marks], [span(' '), ...bar], placeLine(state, at, width)];
});

function placeLine(state: State, at: number, width: number): Line {
  const { replay, data } = state;
  const event = knownEvent(state, at);
  const clock = event === undefined ? '' : `  ${formatClock(event.virtualMs, 3)}`;
  const speed = `${formatNumber(SPEEDS[replay.speed] ?? 1)} events/s`;
  const mode = replay.isPlaying
    ? span(`▸ playing at ${speed}`, { color: 'green', bold: true })
    : replay.at === null
      ? span(data.end === null ? 'following the run; ← scrubs back' : 'at the end', { color: 'cyan' })
      : span(`held; space plays at ${speed}`, DIM);
  return spread(
    [
      span(' event '),
      span(formatNumber(Math.max(0, at)), BOLD),
      span(` of ${formatNumber(Math.max(0, data.eventIndex))}${clock}`, DIM),
    ],
    [mode, span(' ')],
    width,
  );
}
