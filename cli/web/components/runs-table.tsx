/** The runs of a list, a row each; two that are ticked can be compared. */
import { useState } from 'preact/hooks';
import type { Run } from '../../../server/contract/index.ts';
import { attemptParts, isQueuedAgain, waitingText } from '../../run/attempts.ts';
import { formatCompact, formatNumber, formatSeconds } from '../../run/format.ts';
import { isLoss, reasonOf, runOutcome } from '../../run/outcome.ts';
import { isActive, isExecuted } from '../../run/run-list.ts';
import { runName } from '../../run/run-name.ts';
import { bugText, faultsText } from '../../run/run-search.ts';
import { safeText } from '../../run/sanitize.ts';
import type { Route } from '../state/route.ts';
import type { RunsList } from '../state/runs-list.ts';
import { useNow } from '../state/store.ts';
import { Link } from './link.tsx';
import { SortHead, SortLink } from './sort-head.tsx';
import { StatusBadge } from './status-badge.tsx';

interface RunsTableProps {
  list: RunsList;
  route: Extract<Route, { page: 'runs' }>;
  isFiltered: boolean;
}

export function RunsTable({ list: { listed, isReading }, route, isFiltered }: RunsTableProps) {
  const now = useNow(1_000, listed?.some(isActive) ?? false);
  const [ticked, setTicked] = useState<readonly Run[]>([]);
  if (listed === null) return <p class="empty">Asking the server for its runs…</p>;
  if (listed.length === 0) return isReading ? null : <NoRuns isFiltered={isFiltered} />;
  const tick = (run: Run) =>
    setTicked((before) =>
      before.some(({ id }) => id === run.id)
        ? before.filter(({ id }) => id !== run.id)
        : [...before.slice(-1), run],
    );
  return (
    <div class="panel">
      <ComparePair ticked={ticked} />
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">Compare</span>
            </th>
            <SortHead title="State" order="status" route={route} />
            <SortHead title="Run" order="newest" route={route}>
              <SortLink title="seed" order="seed" route={route} />
            </SortHead>
            <SortHead title="Events" order="events" route={route} class="number" />
            <SortHead title="Took" order="duration" route={route} class="number wide-only" />
            <th scope="col" class="what">
              Why
            </th>
            <th scope="col" class="wide-only">
              Launched
            </th>
          </tr>
        </thead>
        <tbody>
          {listed.map((run) => (
            <RunRow
              key={run.id}
              run={run}
              now={now}
              isTicked={ticked.some(({ id }) => id === run.id)}
              onTick={() => tick(run)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The way to compare what is ticked; of two runs the older stands left. */
function ComparePair({ ticked }: { ticked: readonly Run[] }) {
  const [left, right] = ticked.toSorted((a, b) => a.number - b.number);
  if (left === undefined) return null;
  return (
    <p class="compare-pair" role="status">
      {right === undefined ? (
        `${runName(left)} is ticked: tick another to compare them.`
      ) : (
        <Link to={{ page: 'compare', left: String(left.number), right: String(right.number) }} class="button">
          Compare {runName(left)} and {runName(right)}
        </Link>
      )}
    </p>
  );
}

interface RunRowProps {
  run: Run;
  now: number;
  isTicked: boolean;
  onTick: () => void;
}

function RunRow({ run, now, isTicked, onTick }: RunRowProps) {
  const { id, scenario, target, seed, failForensic, campaign, live, createdAt } = run;
  const outcome = runOutcome(run);
  const reason = safeText(reasonOf(run));
  const bug = safeText(bugText(run));
  const reasonClass = outcome === 'FAIL' ? 'broke' : isLoss(outcome) ? 'warn' : 'dim';
  const took =
    run.durationSecondsActual ?? (run.startedAt === null ? null : (now - Date.parse(run.startedAt)) / 1_000);
  return (
    <tr>
      <td>
        <input type="checkbox" aria-label={`Compare ${runName(run)}`} checked={isTicked} onChange={onTick} />
      </td>
      <td>
        <StatusBadge outcome={outcome} />
      </td>
      <td class="run-name">
        <Link to={{ page: 'run', runId: id, view: null, at: null }}>
          {runName(run)} {safeText(scenario)}@{safeText(target)} seed {seed}
        </Link>
        <span class="dim run-more">
          {bug !== '' && `bug ${bug} `}faults {safeText(faultsText(run))}
          {failForensic !== null && <span class={`${reasonClass} phone-only`}> {reason}</span>}
          {campaign !== null && (
            <>
              {' campaign '}
              <Link to={{ page: 'campaign', name: campaign }}>{safeText(campaign)}</Link>
            </>
          )}
        </span>
      </td>
      <td class="number">
        {formatNumber(live.eventIndex + 1)}
        {isExecuted(run) && live.eventsPerSecond > 0 && (
          <span class="dim block">{formatCompact(Math.round(live.eventsPerSecond))}/s</span>
        )}
      </td>
      <td class="number wide-only">{took === null ? '' : formatSeconds(Math.max(0, took))}</td>
      <td class="what">
        <span class={reasonClass} title={failForensic === null ? undefined : safeText(failForensic.message)}>
          {reason}
        </span>
        {isActive(run) && <span class="dim">{attemptWord(run)}</span>}
      </td>
      <td class="wide-only">
        <time dateTime={createdAt}>{new Date(createdAt).toLocaleString()}</time>
      </td>
    </tr>
  );
}

/** Which attempt it is, where the first was lost. */
function attemptWord(run: Run): string {
  return isQueuedAgain(run.live) ? waitingText(run) : (attemptParts(run)?.attempt ?? '');
}

function NoRuns({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <p class="empty">No run is like that.</p>;
  return (
    <div class="panel empty-state">
      <h2>No run yet</h2>
      <p>Launch one above, or on a terminal:</p>
      <p>
        <code>npx simcity run --seed 7 --bug check-then-insert</code>
      </p>
    </div>
  );
}
