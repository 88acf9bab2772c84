/** One run: what it is and how it stands, and the chosen view of it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { attemptText, isQueuedAgain } from '../../run/attempts.ts';
import { engineTextOf } from '../../run/engine-text.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { elapsedMs, heartbeatAgeMs, outcomeOfData } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { ConfirmStop } from '../components/confirm-stop.tsx';
import { Heading } from '../components/heading.tsx';
import { lazyView } from '../components/lazy-view.tsx';
import { Link } from '../components/link.tsx';
import { SaveButton } from '../components/save-button.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { announce } from '../state/announce.ts';
import { HistoryCount } from '../state/count-history.ts';
import { useKeys } from '../state/keys.ts';
import { launchStore } from '../state/launching.ts';
import { goTo } from '../state/navigation.ts';
import { LIVE_KEYS, VIEW_KEYS } from '../state/page-keys.ts';
import { HOME, type RunRoute, VIEWS, type View } from '../state/route.ts';
import { RunFollower, type RunState } from '../state/run-follower.ts';
import { mayControl, sessionStore } from '../state/session.ts';
import { useNow, useStore } from '../state/store.ts';
import { ChecksView } from './checks-view.tsx';
import { ForensicsView } from './forensics-view.tsx';
import { LiveView } from './live-view.tsx';
import { ReplayView } from './replay-view.tsx';

const VIEW_TITLE: Record<View, string> = {
  live: 'Live',
  events: 'Events',
  forensics: 'Forensics',
  replay: 'Replay',
  checks: 'Checks',
};
const EventsView = lazyView(() => import('./events-view.tsx').then((module) => module.EventsView));
/** From then on a heartbeat is late. */
const LATE_MS = 5_000;

export function RunView({ route }: { route: RunRoute }) {
  const follower = useMemo(() => new RunFollower(route.runId), [route.runId]);
  useEffect(() => () => follower.close(), [follower]);
  const state = useStore(follower.store);
  const { data, problem, link } = state;
  useAnnouncements(state);
  const count = useCount(data);
  const onStored = useCallback(() => void follower.read(), [follower]);
  useViewKeys(route);
  const runId = data?.run.id;
  const opening = useOpening(data);
  useEffect(() => {
    if (runId !== undefined && runId !== route.runId) goTo({ ...route, runId }, { replace: true });
  }, [runId, route]);

  if (problem !== null) return <NoRun message={problem.message} />;
  if (data === null) {
    return (
      <p class="empty" role={link.status === 'lost' ? 'alert' : undefined}>
        {link.status === 'lost' ? 'The server does not answer. Trying again.' : 'Asking for the run…'}
      </p>
    );
  }
  const view = route.view ?? opening;
  return (
    <>
      <RunHead state={state} data={data} onPause={() => follower.togglePause()} view={view} />
      <nav class="tabs" aria-label="Views of the run">
        {VIEWS.map((each) => (
          <Link
            key={each}
            to={{ page: 'run', runId: route.runId, view: each, at: null }}
            class="tab"
            isCurrent={each === view}
          >
            {VIEW_TITLE[each]}
          </Link>
        ))}
      </nav>
      <Chosen view={view} route={route} state={state} data={data} count={count} onStored={onStored} />
    </>
  );
}

function useViewKeys(route: RunRoute): void {
  useKeys(VIEW_KEYS, (intent) => {
    const view = VIEWS.find((each) => intent === `show-${each}`);
    goTo(view === undefined ? HOME : { ...route, view, at: null });
  });
}

interface ChosenProps {
  view: View;
  route: RunRoute;
  state: RunState;
  data: RunData;
  count: HistoryCount | null;
  /** Called when something was stored with the run. */
  onStored: () => void;
}

function Chosen({ view, route, state, data, count, onStored }: ChosenProps) {
  switch (view) {
    case 'live':
      return <LiveView data={state.frozen ?? data} route={route} count={count} />;
    case 'events':
      return <EventsView key={data.run.id} data={data} route={route} />;
    case 'replay':
      return <ReplayView key={data.run.id} data={data} count={count} route={route} />;
    case 'forensics':
      return <ForensicsView data={data} onStored={onStored} />;
    case 'checks':
      return <ChecksView data={data} count={count} />;
  }
}

/** The view where an address names none: what broke of a run that had failed when it was opened, else Live. */
function useOpening(data: RunData | null): View {
  const opening = useRef<View | null>(null);
  if (data !== null) opening.current ??= data.status === 'FAIL' ? 'forensics' : 'live';
  return opening.current ?? 'live';
}

interface RunHeadProps {
  state: RunState;
  data: RunData;
  view: View;
  onPause: () => void;
}

function RunHead({ state, data, view, onPause }: RunHeadProps) {
  const [isAsking, setAsking] = useState(false);
  const session = useStore(sessionStore);
  const { run, status } = data;
  const { frozen } = state;
  const hasEnded = isTerminal(status);
  const canStop = !hasEnded && status !== 'STOPPING' && mayControl(session);
  // What was paused while it ended can be gone on with, too.
  const canPause = view === 'live' && (!hasEnded || frozen !== null);
  const canRepeat = hasEnded && mayControl(session);
  const again = () => launchStore.set({ like: run });
  useKeys(
    LIVE_KEYS,
    (intent) => {
      if (intent === 'toggle-pause') return canPause && onPause();
      if (intent === 'ask-stop') return canStop && setAsking(true);
      return canRepeat && again();
    },
    view === 'live',
  );
  return (
    <div class="run-head">
      <div class="run-title">
        <StatusBadge outcome={outcomeOfData(data)} isLarge />
        <Heading>
          {safeText(run.scenario)}@{safeText(run.target)} <span class="seed">seed {run.seed}</span>
        </Heading>
      </div>
      <Facts state={state} data={data} />
      <div class="run-actions">
        {canPause && (
          <button type="button" title="space" aria-pressed={frozen !== null} onClick={onPause}>
            {frozen === null ? 'Pause the picture' : 'Paused: go on'}
          </button>
        )}
        <Link to={{ page: 'compare', left: null, right: String(run.number) }} class="button">
          Compare with…
        </Link>
        {isTerminal(status) && <SaveButton title="Save the report" runId={run.id} what="reportDownload" />}
        {run.failForensic !== null && (
          <SaveButton title="Save the bundle" runId={run.id} what="bundleDownload" />
        )}
        {canRepeat && (
          <button type="button" title="a" onClick={again}>
            Launch again…
          </button>
        )}
        {canStop && (
          <button type="button" class="danger" title="s" onClick={() => setAsking(true)}>
            Stop…
          </button>
        )}
      </div>
      {isAsking && <ConfirmStop run={run} onClose={() => setAsking(false)} />}
    </div>
  );
}

function Facts({ state, data }: { state: RunState; data: RunData }) {
  const { run, eventIndex, eventsPerSecond, status } = data;
  const nowMs = useNow(500, !isTerminal(status));
  const moment = { data, frozen: null, nowMs };
  const attempt = attemptText(run);
  // Nobody executes it, so that nothing beats.
  const isWaiting = isQueuedAgain(data);
  const engine = engineTextOf(run);
  const ended = data.end !== null || isTerminal(status);
  const elapsed =
    data.end === null && run.durationSecondsActual !== null
      ? run.durationSecondsActual * 1_000
      : elapsedMs(moment);
  return (
    <dl class="facts">
      <Fact name="Event" value={eventIndex < 0 ? 'none' : formatNumber(eventIndex)} />
      {!ended && !isWaiting && status !== 'QUEUED' && (
        <Fact name="Rate" value={`${formatNumber(Math.round(eventsPerSecond))}/s`} />
      )}
      <Fact name="Time" value={formatClock(elapsed, 1)} />
      {!ended && <LinkFact state={state} ageMs={isWaiting ? null : heartbeatAgeMs(moment)} />}
      <Fact name="Run" value={runName(run)} />
      {engine !== null && (
        <Fact name="Engine" value={`generation ${engine.generation}, SimCity ${engine.version}`} />
      )}
      {attempt !== null && <Fact name="Attempts" value={safeText(attempt)} class="quiet" />}
      {run.config.bug !== null && <Fact name="Bug" value={safeText(run.config.bug)} />}
      {run.campaign !== null && (
        <div>
          <dt>Campaign</dt>
          <dd>
            <Link to={{ page: 'campaign', name: run.campaign }}>{safeText(run.campaign)}</Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Fact({ name, value, class: className }: { name: string; value: string; class?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={className}>{value}</dd>
    </div>
  );
}

function LinkFact({ state, ageMs }: { state: RunState; ageMs: number | null }) {
  const { link } = state;
  if (link.status === 'lost')
    return <Fact name="Link" value={`lost, trying again (${link.attempt})`} class="warn" />;
  if (link.status === 'connecting') return <Fact name="Link" value="connecting" />;
  if (ageMs === null) return null;
  const late = ageMs > LATE_MS;
  return (
    <Fact
      name="Heartbeat"
      value={`♥ ${(ageMs / 1_000).toFixed(1)} s${late ? ' (late)' : ''}`}
      class={late ? 'warn' : 'heart'}
    />
  );
}

function NoRun({ message }: { message: string }) {
  useEffect(() => {
    document.title = 'No run · SimCity';
  }, []);
  return (
    <div class="panel empty-state">
      <h1 tabIndex={-1}>No such run</h1>
      <p>{safeText(message)}</p>
      <p>
        <Link to={HOME}>To the list of runs</Link>
      </p>
    </div>
  );
}

/** A longer history is counted only when it is asked for. */
const COUNTED_AT_ONCE = 50_000;

/** The count of the run's whole history, made by itself once the run has ended; null before the run is known. */
function useCount(data: RunData | null): HistoryCount | null {
  const runId = data?.run.id;
  const isShort = data !== null && data.end !== null && data.eventIndex < COUNTED_AT_ONCE;
  const count = useMemo(() => (runId === undefined ? null : new HistoryCount(runId)), [runId]);
  useEffect(() => () => count?.close(), [count]);
  useEffect(() => {
    if (isShort) void count?.go();
  }, [count, isShort]);
  return count;
}

/** The window's title, and what a screen reader is told: how the run stands, and whether the server is there. */
function useAnnouncements({ data, link }: RunState): void {
  const before = useRef<string | null>(null);
  const wasLost = useRef(false);
  const outcome = data === null ? null : outcomeOfData(data);
  const isAgain = data !== null && isQueuedAgain(data);
  const seed = data?.run.seed;
  useEffect(() => {
    if (outcome === null) return;
    document.title = `${outcome} · seed ${seed} · SimCity`;
    const said = isAgain ? 'The run was lost and waits to be executed again.' : `The run is ${outcome}.`;
    if (before.current !== null && before.current !== outcome) announce(said);
    before.current = outcome;
  }, [outcome, isAgain, seed]);
  useEffect(() => {
    if (link.status === 'lost' && !wasLost.current) announce('The server does not answer. Trying again.');
    if (link.status === 'connected' && wasLost.current) announce('The server answers again.');
    if (link.status !== 'connecting') wasLost.current = link.status === 'lost';
  }, [link.status]);
}
