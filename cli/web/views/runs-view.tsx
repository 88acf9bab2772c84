/** The list of runs, newest first, as they go on. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../../../server/contract/index.ts';
import { attemptParts, isQueuedAgain, waitingText } from '../../run/attempts.ts';
import { formatCompact, formatNumber, formatSeconds } from '../../run/format.ts';
import { isLoss, reasonOf, runOutcome } from '../../run/outcome.ts';
import { type CampaignRow, campaignRows, isActive, isExecuted } from '../../run/run-list.ts';
import { runName } from '../../run/run-name.ts';
import { bugText, faultsText, filterRuns } from '../../run/run-search.ts';
import { safeText } from '../../run/sanitize.ts';
import { api, asProblem } from '../client/api.ts';
import { refreshing } from '../client/refresh.ts';
import { Link } from '../components/link.tsx';
import { Panel } from '../components/panel.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { announce } from '../state/announce.ts';
import { useKeys } from '../state/keys.ts';
import { launchStore } from '../state/launching.ts';
import { goTo } from '../state/navigation.ts';
import { LIST_KEYS } from '../state/page-keys.ts';
import type { Route } from '../state/route.ts';
import { askForToken, mayControl, sessionStore } from '../state/session.ts';
import { useNow, useStore } from '../state/store.ts';

type RunsRoute = Extract<Route, { page: 'runs' }>;

const REFRESH_MS = 2_000;
const FILTERS = [null, 'RUNNING', 'QUEUED', 'PASS', 'FAIL', 'STOPPED'] as const;

export function RunsView({ route }: { route: RunsRoute }) {
  const { runs: all, hasMore, problem, more } = useRuns(route);
  useListKeys();
  const search = route.search ?? '';
  const runs = useMemo(() => all && filterRuns(all, search), [all, search]);
  const title = route.campaign === null ? 'Runs' : `Campaign ${safeText(route.campaign)}`;
  useEffect(() => {
    document.title = `${title} · SimCity`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        <nav aria-label="Runs by state" class="chips">
          {FILTERS.map((status) => (
            <Link
              key={status ?? 'all'}
              to={{ ...route, status }}
              class="chip"
              isCurrent={route.status === status}
            >
              {status ?? 'All'}
            </Link>
          ))}
        </nav>
        <Search route={route} />
      </div>
      {problem !== null && (
        <p class="banner" role="alert">
          {problem} Trying again.
        </p>
      )}
      {route.campaign !== null && (
        <p>
          <Link to={{ ...route, campaign: null }}>All runs</Link>
        </p>
      )}
      {runs !== null && <Campaigns rows={campaignRows(runs)} route={route} isPart={hasMore} />}
      <RunsTable runs={runs} isFiltered={route.status !== null || route.campaign !== null || search !== ''} />
      {hasMore && (
        <div class="actions">
          <button type="button" onClick={more}>
            Show older runs
          </button>
        </div>
      )}
    </>
  );
}

function useListKeys(): void {
  const session = useStore(sessionStore);
  useKeys(LIST_KEYS, (intent) => {
    if (intent === 'ask-search') document.querySelector<HTMLElement>('.search')?.focus();
    if (intent === 'launch' && mayControl(session)) launchStore.set({ like: null });
    if (intent === 'down') focusRun(1);
    if (intent === 'up') focusRun(-1);
  });
}

/** The run beside the focused one; the first where none is. */
function focusRun(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('.run-name > a')];
  const place = links.indexOf(document.activeElement as HTMLElement);
  links[place < 0 ? 0 : place + by]?.focus();
}

/** Narrows the list as it is typed. */
function Search({ route }: { route: RunsRoute }) {
  return (
    <input
      type="search"
      class="search"
      aria-label="Filter runs"
      placeholder="Filter: 12, bug:phantom, target:postgres"
      maxLength={200}
      value={route.search ?? ''}
      onInput={({ currentTarget: { value } }) => goTo({ ...route, search: value }, { replace: true })}
    />
  );
}

/** The newest page, again and again, and the older ones that were asked for. */
function useRuns({ status, campaign }: RunsRoute) {
  const [newest, setNewest] = useState<{ runs: readonly Run[]; next: string | null } | null>(null);
  const [older, setOlder] = useState<{ runs: readonly Run[]; next: string | null } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const wasLost = useRef(false);
  useEffect(
    () =>
      refreshing(async (signal) => {
        try {
          setNewest(await api.runs({ status, campaign, before: null }, signal));
          setProblem(null);
          if (wasLost.current) announce('The server answers again.');
          wasLost.current = false;
        } catch (error) {
          if (signal.aborted || askForToken(error)) return;
          wasLost.current = true;
          setProblem(asProblem(error).message);
        }
      }, REFRESH_MS),
    [status, campaign],
  );
  const next = older === null ? (newest?.next ?? null) : older.next;
  const more = async () => {
    try {
      const page = await api.runs({ status, campaign, before: next });
      setOlder((before) => ({ runs: [...(before?.runs ?? []), ...page.runs], next: page.next }));
    } catch (error) {
      if (!askForToken(error)) setProblem(asProblem(error).message);
    }
  };
  return { runs: joined(newest?.runs, older?.runs), hasMore: next !== null, problem, more };
}

/** What moved from the newest page into the older ones is there once. */
function joined(newest: readonly Run[] | undefined, older: readonly Run[] = []): readonly Run[] | null {
  if (newest === undefined) return null;
  const known = new Set(newest.map(({ id }) => id));
  return [...newest, ...older.filter(({ id }) => !known.has(id))];
}

function RunsTable({ runs, isFiltered }: { runs: readonly Run[] | null; isFiltered: boolean }) {
  const now = useNow(1_000, runs?.some(isActive) ?? false);
  if (runs === null) return <p class="empty">Asking the server for its runs…</p>;
  if (runs.length === 0) return <NoRuns isFiltered={isFiltered} />;
  return (
    <div class="panel">
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Run</th>
            <th scope="col" class="number">
              Events
            </th>
            <th scope="col" class="number wide-only">
              Took
            </th>
            <th scope="col" class="what">
              Why
            </th>
            <th scope="col" class="wide-only">
              Launched
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunRow({ run, now }: { run: Run; now: number }) {
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
        <StatusBadge outcome={outcome} />
      </td>
      <td class="run-name">
        <Link to={{ page: 'run', runId: id, view: 'live', at: null }}>
          {runName(run)} {safeText(scenario)}@{safeText(target)} seed {seed}
        </Link>
        <span class="dim run-more">
          {bug !== '' && `bug ${bug} `}faults {safeText(faultsText(run))}
          {failForensic !== null && <span class={`${reasonClass} phone-only`}> {reason}</span>}
          {campaign !== null && (
            <>
              {' campaign '}
              <Link to={{ page: 'runs', status: null, campaign }}>{safeText(campaign)}</Link>
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

interface CampaignsProps {
  rows: readonly CampaignRow[];
  route: RunsRoute;
  /** True while older runs are not loaded. */
  isPart: boolean;
}

function Campaigns({ rows, route, isPart }: CampaignsProps) {
  if (rows.length === 0) return null;
  return (
    <Panel
      title={route.campaign === null ? 'Campaigns' : 'Outcome'}
      aside={isPart ? 'of the runs shown' : undefined}
    >
      <ul class="campaigns">
        {rows.map(({ name, runs, active, passed, failed, unjudged, failures }) => (
          <li key={name}>
            <Link to={{ page: 'runs', status: null, campaign: name }}>{safeText(name)}</Link>
            <span>
              {formatNumber(runs)} runs: {passed} passed,{' '}
              <span class={failed > 0 ? 'broke' : ''}>{failed} failed</span>
              {unjudged > 0 && `, ${unjudged} without a verdict`}
              {active > 0 && `, ${active} active`}
            </span>
            <span class="dim">
              {failures.map(({ invariant, count }) => `${safeText(invariant)} ×${count}`).join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
