/** Where the user is: told from the address, so that a link leads there. */

import { CAMPAIGNS_PATH, MISSION_CONTROL_PATH } from '../../../server/contract/paths.ts';
import { ORDERS, type Order } from '../../run/run-order.ts';
import { FILTERS, type Filter } from '../../run/run-search.ts';

export const VIEWS = ['live', 'replay', 'forensics', 'checks'] as const;
export type View = (typeof VIEWS)[number];

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
      view: View;
      /** For the replay: the event; null: the newest. */
      at: number | null;
    }
  | { page: 'campaigns' }
  | { page: 'campaign'; name: string };

export const HOME: Route = { page: 'runs', status: null, campaign: null };
export const CAMPAIGNS: Route = { page: 'campaigns' };
const CAMPAIGN_PREFIX = `${CAMPAIGNS_PATH}/`;
const RUN_PREFIX = `${MISSION_CONTROL_PATH}/runs/`;
const COMPARE_PATH = `${MISSION_CONTROL_PATH}/compare`;

/** The route of an address on this server; an address of nothing leads to the list. */
export function parseRoute(path: string, queryText: string): Route {
  const query = new URLSearchParams(queryText);
  if (path.startsWith(RUN_PREFIX)) {
    const runId = decoded(path.slice(RUN_PREFIX.length).split('/')[0] ?? '');
    const view = VIEWS.find((each) => each === query.get('view')) ?? 'live';
    const at = /^\d{1,15}$/.test(query.get('at') ?? '') ? Number(query.get('at')) : null;
    if (runId !== '') return { page: 'run', runId, view, at };
  }
  if (path === CAMPAIGNS_PATH || path === CAMPAIGN_PREFIX) return CAMPAIGNS;
  if (path.startsWith(CAMPAIGN_PREFIX)) {
    return { page: 'campaign', name: decoded(path.slice(CAMPAIGN_PREFIX.length).split('/')[0] ?? '') };
  }
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
  if (route.page === 'campaign') return `${CAMPAIGN_PREFIX}${encodeURIComponent(route.name)}`;
  if (route.page === 'compare') {
    if (route.left !== null) query.set('left', route.left);
    if (route.right !== null) query.set('right', route.right);
    return withQuery(COMPARE_PATH, query);
  }
  if (route.view !== 'live') query.set('view', route.view);
  if (route.view === 'replay' && route.at !== null) query.set('at', String(route.at));
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
