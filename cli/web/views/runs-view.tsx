/** The list of runs, newest first, as they go on. */
import { useEffect } from 'preact/hooks';
import { formatNumber } from '../../run/format.ts';
import { FILTERS } from '../../run/run-search.ts';
import { safeText } from '../../run/sanitize.ts';
import { Link } from '../components/link.tsx';
import { RunsTable } from '../components/runs-table.tsx';
import { useKeys } from '../state/keys.ts';
import { launchStore } from '../state/launching.ts';
import { goTo } from '../state/navigation.ts';
import { LIST_KEYS } from '../state/page-keys.ts';
import type { Route } from '../state/route.ts';
import { type RunsList, useRunsList } from '../state/runs-list.ts';
import { mayControl, sessionStore } from '../state/session.ts';
import { useStore } from '../state/store.ts';

type RunsRoute = Extract<Route, { page: 'runs' }>;

export function RunsView({ route }: { route: RunsRoute }) {
  const list = useRunsList(route);
  const { problem } = list;
  const isNarrowed = route.status !== null || (route.search ?? '') !== '';
  const title = route.campaign === null ? 'Runs' : `Runs of ${safeText(route.campaign)}`;
  useListKeys();
  useEffect(() => {
    document.title = `${title} · SimCity`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        <nav aria-label="Runs by state" class="chips">
          {FILTERS.map((filter) => {
            const status = filter === 'ALL' ? null : filter;
            return (
              <Link key={filter} to={{ ...route, status }} class="chip" isCurrent={route.status === status}>
                {status ?? 'All'}
              </Link>
            );
          })}
        </nav>
        <Search route={route} />
      </div>
      {problem !== null && (
        <p class="banner" role="alert">
          {safeText(problem)} Trying again.
        </p>
      )}
      {route.campaign !== null && (
        <p class="page-note">
          <Link to={{ page: 'campaign', name: route.campaign }}>Its progress and failures</Link>
          <Link to={{ ...route, campaign: null }}>All runs</Link>
        </p>
      )}
      <RunsTable list={list} route={route} isFiltered={isNarrowed || route.campaign !== null} />
      <Older list={list} isNarrowed={isNarrowed} isSorted={(route.order ?? 'newest') !== 'newest'} />
    </>
  );
}

interface OlderProps {
  list: RunsList;
  isNarrowed: boolean;
  isSorted: boolean;
}

/** Of how many runs those are that are listed, and the way to the others. */
function Older({ list, isNarrowed, isSorted }: OlderProps) {
  const { listed, read, hasMore, isReading, more } = list;
  if (!hasMore || listed === null) return null;
  const newest = `of the ${formatNumber(read)} newest runs`;
  return (
    <div class="actions older">
      <span class="dim" role="status">
        {isReading && isNarrowed
          ? `Searching: ${formatNumber(listed.length)} ${newest} so far…`
          : isNarrowed || isSorted
            ? `${formatNumber(listed.length)} ${newest}.`
            : ''}
      </span>
      <button type="button" onClick={more} disabled={isReading}>
        {isNarrowed ? 'Search older runs' : 'Show older runs'}
      </button>
    </div>
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
