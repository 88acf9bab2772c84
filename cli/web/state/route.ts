/** Where the user is: told from the address, so that a link leads there. */

import {
  CAMPAIGNS_PATH,
  campaignPagePath,
  MISSION_CONTROL_PATH,
  RUNNERS_PATH,
} from '../../../server/contract/paths.ts';
import { type ChartRange, formatRange, parseRange } from '../../run/chart-range.ts';
import { ORDERS, type Order } from '../../run/run-order.ts';
import { FILTERS, type Filter } from '../../run/run-search.ts';

export const VIEWS = ['live', 'events', 'forensics', 'replay', 'checks'] as const;
export type View = (typeof VIEWS)[number];
/** Views with charts, which can be zoomed. */
const HAVE_CHARTS: readonly View[] = ['live', 'replay'];

export type Route =
  | {
      page: 'runs';
      /** Null: all. */
      status: Exclude<Filter, 'ALL'> | null;
      campaign: string | null;
      /** What was typed to find runs. */
      search?: string;
      /** The newest first where it is left out. */
      order?: Order;
    }
  | {
      page: 'compare';
      /** What names the runs; null where that is still to be chosen. */
      left: string | null;
      right: string | null;
    }
  | {
      page: 'run';
      /** What names a run: its number, its id, the beginning or end of that, or `latest`. */
      runId: string;
      /** Null: the one that says most of the run when it is opened. */
      view: View | null;
      /** For the replay and the events: the event; null: the newest. */
      at: number | null;
      /** For the events: only those that match this are shown. */
      filter?: string;
      /** For the events: what the next and the previous match are looked for by. */
      search?: string;
      /** What of the run its charts show; null or left out: all of it. */
      zoom?: ChartRange | null;
    }
  | { page: 'campaigns' }
  | { page: 'campaign'; name: string }
  | { page: 'runners' };

export type RunRoute = Extract<Route, { page: 'run' }>;

export const HOME: Route = { page: 'runs', status: null, campaign: null };
export const CAMPAIGNS: Route = { page: 'campaigns' };
export const RUNNERS: Route = { page: 'runners' };
const CAMPAIGN_PREFIX = `${CAMPAIGNS_PATH}/`;
const RUN_PREFIX = `${MISSION_CONTROL_PATH}/runs/`;
const COMPARE_PATH = `${MISSION_CONTROL_PATH}/compare`;

/** The route of an address on this server; an address of nothing leads to the list. */
export function parseRoute(path: string, queryText: string): Route {
  const query = new URLSearchParams(queryText);
  if (path.startsWith(RUN_PREFIX)) {
    const runId = decoded(path.slice(RUN_PREFIX.length).split('/')[0] ?? '');
    if (runId !== '') return { page: 'run', runId, ...placeIn(query) };
  }
  if (path === CAMPAIGNS_PATH || path === CAMPAIGN_PREFIX) return CAMPAIGNS;
  if (path.startsWith(CAMPAIGN_PREFIX)) {
    return { page: 'campaign', name: decoded(path.slice(CAMPAIGN_PREFIX.length).split('/')[0] ?? '') };
  }
  if (path === RUNNERS_PATH) return RUNNERS;
  if (path === COMPARE_PATH) {
    return { page: 'compare', left: query.get('left') || null, right: query.get('right') || null };
  }
  return runsRoute(query);
}

function runsRoute(query: URLSearchParams): Route {
  const status = FILTERS.find((each) => each === query.get('status')) ?? 'ALL';
  const order = ORDERS.find((each) => each === query.get('sort')) ?? 'newest';
  const search = query.get('q') ?? '';
  return {
    page: 'runs',
    status: status === 'ALL' ? null : status,
    campaign: query.get('campaign') || null,
    ...(search === '' ? {} : { search }),
    ...(order === 'newest' ? {} : { order }),
  };
}

/** The view of a run, and where in it. */
function placeIn(query: URLSearchParams): Omit<RunRoute, 'page' | 'runId'> {
  const view = VIEWS.find((each) => each === query.get('view')) ?? null;
  const index = query.get(view === 'events' ? 'event' : 'at') ?? '';
  const at = /^\d{1,15}$/.test(index) ? Number(index) : null;
  if (view !== 'events') {
    const zoom = view === null || HAVE_CHARTS.includes(view) ? parseRange(query.get('zoom') ?? '') : null;
    return { view, at, ...(zoom && { zoom }) };
  }
  const [filter, search] = [query.get('q') ?? '', query.get('search') ?? ''];
  return { view, at, ...(filter && { filter }), ...(search && { search }) };
}

/** The address of a route. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  if (route.page === 'runs') {
    if (route.status !== null) query.set('status', route.status);
    if (route.campaign !== null) query.set('campaign', route.campaign);
    if (route.search) query.set('q', route.search);
    if (route.order && route.order !== 'newest') query.set('sort', route.order);
    return withQuery(MISSION_CONTROL_PATH, query);
  }
  if (route.page === 'campaigns') return CAMPAIGNS_PATH;
  if (route.page === 'campaign') return campaignPagePath(route.name);
  if (route.page === 'runners') return RUNNERS_PATH;
  if (route.page === 'compare') {
    if (route.left !== null) query.set('left', route.left);
    if (route.right !== null) query.set('right', route.right);
    return withQuery(COMPARE_PATH, query);
  }
  const { view, at, filter, search } = route;
  if (view !== null) query.set('view', view);
  if (view === 'replay' && at !== null) query.set('at', String(at));
  if (view === 'events') {
    if (at !== null) query.set('event', String(at));
    if (filter) query.set('q', filter);
    if (search) query.set('search', search);
  }
  if (route.zoom && (view === null || HAVE_CHARTS.includes(view))) query.set('zoom', formatRange(route.zoom));
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
