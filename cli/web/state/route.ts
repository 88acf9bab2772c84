/** Where the user is: told from the address, so that a link leads there. */

import { MISSION_CONTROL_PATH } from '../../../server/contract/paths.ts';
import { RUN_STATUSES, type RunStatus } from '../../../server/contract/run-values.ts';
import { type ChartRange, formatRange, parseRange } from '../../run/chart-range.ts';

export const VIEWS = ['live', 'replay', 'forensics', 'checks'] as const;
export type View = (typeof VIEWS)[number];
/** Views with charts, which can be zoomed. */
const HAVE_CHARTS: readonly View[] = ['live', 'replay'];

export type Route =
  | {
      page: 'runs';
      status: RunStatus | null;
      campaign: string | null /** What was typed to find runs. */;
      search?: string;
    }
  | {
      page: 'run';
      /** What names a run: its number, its id, the beginning or end of that, or `latest`. */
      runId: string;
      view: View;
      /** For the replay: the event; null: the newest. */
      at: number | null;
      /** What of the run its charts show; null or left out: all of it. */
      zoom?: ChartRange | null;
    };

export const HOME: Route = { page: 'runs', status: null, campaign: null };
const RUN_PREFIX = `${MISSION_CONTROL_PATH}/runs/`;

/** The route of an address on this server; an address of nothing leads to the list. */
export function parseRoute(path: string, queryText: string): Route {
  const query = new URLSearchParams(queryText);
  if (path.startsWith(RUN_PREFIX)) {
    const runId = decoded(path.slice(RUN_PREFIX.length).split('/')[0] ?? '');
    const view = VIEWS.find((each) => each === query.get('view')) ?? 'live';
    const at = /^\d{1,15}$/.test(query.get('at') ?? '') ? Number(query.get('at')) : null;
    const zoom = parseRange(query.get('zoom') ?? '');
    if (runId !== '') return { page: 'run', runId, view, at, ...(zoom && { zoom }) };
  }
  const status = RUN_STATUSES.find((each) => each === query.get('status')) ?? null;
  const search = query.get('q') ?? '';
  return {
    page: 'runs',
    status,
    campaign: query.get('campaign') || null,
    ...(search === '' ? {} : { search }),
  };
}

/** The address of a route. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  if (route.page === 'runs') {
    if (route.status !== null) query.set('status', route.status);
    if (route.campaign !== null) query.set('campaign', route.campaign);
    if (route.search) query.set('q', route.search);
    return withQuery(MISSION_CONTROL_PATH, query);
  }
  if (route.view !== 'live') query.set('view', route.view);
  if (route.view === 'replay' && route.at !== null) query.set('at', String(route.at));
  if (route.zoom && HAVE_CHARTS.includes(route.view)) query.set('zoom', formatRange(route.zoom));
  return withQuery(`${RUN_PREFIX}${encodeURIComponent(route.runId)}`, query);
}

function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
