/** The run at any of its events: a scrubber over the whole history, the charts' cursor, the metrics, the city. */
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type { RunEvent } from '../../../server/contract/index.ts';
import { kindOf } from '../../run/describe-event.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { INCIDENTS } from '../../run/matcher.ts';
import { failedObjectOf } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeJson, safeText } from '../../run/sanitize.ts';
import { Charts } from '../components/charts.tsx';
import { CityShown } from '../components/city-shown.tsx';
import { EventList } from '../components/event-list.tsx';
import { MetricsAtCursor } from '../components/metrics.tsx';
import { Panel } from '../components/panel.tsx';
import { Scrubber } from '../components/scrubber.tsx';
import { announce } from '../state/announce.ts';
import { useChartCursor } from '../state/chart-cursor.ts';
import { type HistoryCount, useCounted } from '../state/count-history.ts';
import { AROUND, HistoryWindow } from '../state/history-window.ts';
import { useKeys } from '../state/keys.ts';
import { useEventOfAddress, zoomOf } from '../state/navigation.ts';
import { usePlaying } from '../state/playing.ts';
import { REPLAY_KEYS, type ReplayIntent } from '../state/replay-keys.ts';
import type { RunRoute } from '../state/route.ts';
import { useStore } from '../state/store.ts';

interface ReplayViewProps {
  data: RunData;
  count: HistoryCount | null;
  route: RunRoute;
}

const NO_CHANGES = {};

const STEPS: Partial<Record<ReplayIntent, number>> = {
  left: -1,
  right: 1,
  'left-far': -10,
  'right-far': 10,
  'page-up': -100,
  'page-down': 100,
};

export function ReplayView({ data, count, route }: ReplayViewProps) {
  const newest = data.eventIndex;
  const [chosen, setChosen] = useEventOfAddress(route);
  const at = Math.max(0, Math.min(newest, chosen ?? newest));
  const history = useMemo(() => new HistoryWindow(data.run.id), [data.run.id]);
  useEffect(() => () => history.close(), [history]);
  const known = useStore(history.store);
  const stored = useStore(history.events.store);
  const playing = usePlaying(at, newest, setChosen);
  const askIndex = useRef<HTMLInputElement>(null);
  // How far the run has gone on matters only as far as it is looked at.
  const edge = Math.min(newest, at + AROUND);
  useEffect(() => history.want(at, edge), [history, at, edge]);
  const cursor = useChartCursor();
  const { data: whole, counted } = useCounted(data, count);

  const move = useCallback(
    (to: number | null) => {
      playing.hold();
      history.events.stopSeeking();
      setChosen(to === null ? null : Math.max(0, to));
    },
    [history, playing.hold, setChosen],
  );
  const seek = async (step: 1 | -1) => {
    playing.hold();
    const found = await history.events.seek(INCIDENTS, at, step, newest);
    if (found === 'ended') return;
    if (found === 'nothing') return announce(`No ${step === 1 ? 'later' : 'earlier'} fault or violation.`);
    setChosen(found);
    announce(`Event ${found}.`);
  };
  useKeys(REPLAY_KEYS, (intent) => {
    const by = STEPS[intent];
    if (by !== undefined) move(at + by);
    if (intent === 'first') move(0);
    if (intent === 'last' || intent === 'follow') move(null);
    if (intent === 'previous-incident') void seek(-1);
    if (intent === 'next-incident') void seek(1);
    if (intent === 'ask-index') askIndex.current?.focus();
    if (intent === 'toggle-play') playing.toggle();
    if (intent === 'faster') playing.faster(1);
    if (intent === 'slower') playing.faster(-1);
    if (intent === 'dismiss') history.events.stopSeeking();
  });

  if (newest < 0) return <p class="empty">No event is stored yet.</p>;
  const event = history.events.eventAt(at);
  const metrics = chosen === null ? data.metrics : history.metricsAt(at);
  const city = known.cities.get(at) ?? null;
  const problem = known.problem ?? stored.problem;
  return (
    <div class="replay">
      <Scrubber
        at={at}
        newest={newest}
        event={event}
        seekingAt={stored.seeking?.at ?? null}
        playing={playing}
        askIndex={askIndex}
        onMove={move}
        onSeek={(step) => void seek(step)}
      />
      {problem !== null && (
        <p class="banner" role="alert">
          {problem}{' '}
          <button type="button" onClick={() => history.want(at, newest)}>
            Try again
          </button>
        </p>
      )}
      <Charts
        data={counted > newest ? whole : data}
        metrics={metrics ?? {}}
        at={at}
        cursor={cursor}
        {...zoomOf(route)}
        onPick={move}
      />
      <div class="replay-grid">
        <Panel title="History" class="log" aside={`around event ${formatNumber(at)}`}>
          <EventList
            label="Events around this one"
            events={around(history, at, newest)}
            chosen={at}
            onPick={move}
          />
        </Panel>
        <Panel
          title={city === null ? 'The city' : `The city after event ${formatNumber(city.index)}`}
          class="city"
        >
          {city === null ? (
            <p class="empty">Folding the history up to here…</p>
          ) : (
            <CityShown city={city} failed={failedObjectOf(data)} />
          )}
        </Panel>
        <div class="side">
          <EventDetail at={at} event={event} />
          <MetricsAtCursor
            title="Metrics here"
            metrics={metrics ?? {}}
            changes={NO_CHANGES}
            timeline={data.timeline}
            cursor={cursor}
          />
        </div>
      </div>
    </div>
  );
}

function around(history: HistoryWindow, at: number, newest: number): RunEvent[] {
  const events: RunEvent[] = [];
  for (let index = Math.max(0, at - AROUND); index <= Math.min(newest, at + AROUND); index++) {
    const event = history.events.eventAt(index);
    if (event !== undefined) events.push(event);
  }
  return events;
}

function EventDetail({ at, event }: { at: number; event: RunEvent | undefined }) {
  return (
    <Panel title={`Event ${formatNumber(at)}`} class="event-detail-panel">
      {event === undefined ? (
        <p class="empty">Reading…</p>
      ) : (
        <>
          <p>
            <span class={`event-${kindOf(event)}`}>
              <span class="event-type">{safeText(event.type)}</span>
            </span>{' '}
            {safeText(event.actor)} <span class="dim">at {formatClock(event.virtualMs, 3)}</span>
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
          <pre tabIndex={0}>{safeJson(event.data, 2)}</pre>
        </>
      )}
    </Panel>
  );
}
