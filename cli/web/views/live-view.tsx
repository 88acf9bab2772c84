/** The run as it goes: charts, progress, metrics, checks, and the newest events. */
import { useCallback } from 'preact/hooks';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { isQueuedAgain, waitingText } from '../../run/attempts.ts';
import { checkRows, faultRows, sometimesRows } from '../../run/checks.ts';
import { closingLines } from '../../run/closing.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { plannedText } from '../../run/health.ts';
import { causeOf, isLoss, LOSS_SAYS } from '../../run/outcome.ts';
import { failureOf, outcomeOfData, progressOf } from '../../run/picture.ts';
import { proofLines } from '../../run/proof.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeText } from '../../run/sanitize.ts';
import { Charts } from '../components/charts.tsx';
import { Checks, Sometimes } from '../components/checks.tsx';
import { EventLink, eventRoute } from '../components/event-link.tsx';
import { EventList } from '../components/event-list.tsx';
import { Glance } from '../components/glance.tsx';
import { Link } from '../components/link.tsx';
import { MetricsAtCursor } from '../components/metrics.tsx';
import { Panel } from '../components/panel.tsx';
import { useChartCursor } from '../state/chart-cursor.ts';
import { type HistoryCount, useCounted } from '../state/count-history.ts';
import { goTo, zoomOf } from '../state/navigation.ts';
import type { Route } from '../state/route.ts';
import { useNow } from '../state/store.ts';

/** Events in the log; more than that nobody reads as they pass. */
const SHOWN = 60;
const RECENT_FAULTS = 8;

interface LiveViewProps {
  data: RunData;
  route: Extract<Route, { page: 'run' }>;
  count: HistoryCount | null;
}

export function LiveView({ data, route, count }: LiveViewProps) {
  const { data: whole, counted } = useCounted(data, count);
  const isCounted = counted > data.eventIndex;
  const { metrics, changes, timeline, events } = data;
  const pick = useCallback((at: number) => goTo({ ...route, view: 'replay', at }), [route]);
  const cursor = useChartCursor();
  const newest = events.slice(-SHOWN).reverse();
  return (
    <>
      <Glance data={isCounted ? whole : data} />
      <Verdict data={data} />
      <Waiting data={data} />
      <Charts
        data={isCounted ? whole : data}
        metrics={metrics}
        at={null}
        cursor={cursor}
        {...zoomOf(route)}
        onPick={pick}
      />
      <Progress data={data} />
      <div class="live-grid">
        <MetricsAtCursor
          title="Metrics"
          metrics={metrics}
          changes={changes}
          timeline={timeline}
          cursor={cursor}
        />
        <Panel title="Events" class="log" aside="newest first">
          {newest.length === 0 ? (
            <p class="empty">No event yet.</p>
          ) : (
            <EventList
              label="Newest events, newest first"
              events={newest}
              to={(at) => eventRoute(data.run.id, at)}
            />
          )}
        </Panel>
        <div class="side">
          <Checks rows={checkRows(isCounted ? whole : data)} areCounted={isCounted} />
          <Sometimes rows={sometimesRows(data)} hasEnded={isTerminal(data.status)} />
          {isCounted ? <FaultCounts data={whole} /> : <Faults data={data} />}
        </div>
      </div>
    </>
  );
}

function Verdict({ data }: { data: RunData }) {
  const failure = failureOf(data) ?? data.run.failForensic;
  const outcome = outcomeOfData(data);
  if (failure !== null) {
    const loss = isLoss(outcome) ? outcome : null;
    return (
      <section
        class={`verdict ${loss === null ? 'verdict-fail' : 'verdict-loss'}`}
        aria-label={loss === null ? 'What broke' : 'What went wrong'}
      >
        <p>
          <strong>{safeText(causeOf(outcome, failure))}</strong> {safeText(failure.message)}
          {loss !== null && <span class="dim block">{LOSS_SAYS[loss]}</span>}
          {proofLines(data.tally.closing).map((line) => (
            <span key={line} class="dim block">
              {line}
            </span>
          ))}
        </p>
        <Link to={{ page: 'run', runId: data.run.id, view: 'forensics', at: null }}>
          {loss === null ? 'Why it failed' : 'What went wrong'}
        </Link>
      </section>
    );
  }
  const { stopReason } = data.run;
  if (data.status === 'STOPPED') {
    return (
      <p class="verdict">Stopped before a verdict{stopReason === null ? '' : `: ${safeText(stopReason)}`}.</p>
    );
  }
  const limits = data.status === 'PASS' ? closingLines(data.tally.closing) : [];
  if (limits.length > 0) return <p class="verdict">Passed; {limits.join('; ')}.</p>;
  return null;
}

function Waiting({ data }: { data: RunData }) {
  if (isQueuedAgain(data)) {
    const waiting = waitingText(data.run);
    return <p class="verdict">The run was lost and is {waiting}.</p>;
  }
  if (data.status === 'QUEUED') {
    return (
      <p class="verdict">
        <span>
          Queued: waiting for a runner. If none comes, start one with <code>npx simcity runner</code>.
        </span>
      </p>
    );
  }
  if (data.status === 'STOPPING') return <p class="verdict">Stopping: what is under way is flushed.</p>;
  return null;
}

function Progress({ data }: { data: RunData }) {
  const nowMs = useNow(500, !isTerminal(data.status));
  const progress = progressOf({ data, frozen: null, nowMs });
  const { operations, durationSeconds } = data.run.config;
  const begun = data.metrics['operations'] ?? 0;
  // What failed or was stopped got only so far, and never to the end.
  const isCutShort = data.status === 'FAIL' || data.status === 'STOPPED' || data.status === 'QUEUED';
  const share = isCutShort ? Math.min(0.99, begun / operations) : (progress?.share ?? 0);
  const left = progress?.leftMs ?? null;
  return (
    <div class="progress">
      <progress aria-label="How much of the run is done" max={1} value={share} />
      <span>
        <strong>{Math.floor(share * 100)} %</strong> {plannedText(begun, operations)} operations
        {durationSeconds !== null && `, at most ${formatClock(durationSeconds * 1_000, 0)}`}
        {left !== null && !isTerminal(data.status) && `, about ${formatClock(left, 0)} left`}
      </span>
    </div>
  );
}

function Faults({ data }: { data: RunData }) {
  const recent = data.tally.recent.slice(-RECENT_FAULTS).reverse();
  const total = data.metrics['faults'];
  return (
    <Panel title="Faults" aside={total === undefined ? undefined : `${formatNumber(total)} struck`}>
      <p class="dim">Profile {data.run.config.faults}. Lately:</p>
      {recent.length === 0 ? (
        <p class="empty">None came by.</p>
      ) : (
        <ul class="rows">
          {recent.map(({ index, virtualMs, data: said }) => (
            <li key={index}>
              <span class="fault-name">
                {typeof said['name'] === 'string' ? safeText(said['name']) : 'fault'}
              </span>
              <span class="dim">
                <EventLink runId={data.run.id} at={index} /> at {formatClock(virtualMs)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Once the whole history is counted. */
function FaultCounts({ data }: { data: RunData }) {
  const rows = faultRows(data);
  return (
    <Panel title="Faults" aside={`profile ${data.run.config.faults}`}>
      {rows.length === 0 ? (
        <p class="empty">None struck.</p>
      ) : (
        <ul class="rows">
          {rows.map(({ name, count }) => (
            <li key={name}>
              <span class="fault-name">{safeText(name)}</span>
              <span class="dim">{formatNumber(count)}×</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
