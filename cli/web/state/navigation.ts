/** Goes from one address to another within the page. */
import type { ChartRange } from '../../run/chart-range.ts';
import { formatRoute, parseRoute, type Route } from './route.ts';
import { Store } from './store.ts';

const here = () => parseRoute(location.pathname, location.search);

export const routeStore = new Store<Route>(here());

addEventListener('popstate', () => routeStore.set(here()));

/** Shows `route`. With `replace` the address that was shown is not gone back to. */
export function goTo(route: Route, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', formatRoute(route));
  routeStore.set(route);
}

type RunRoute = Extract<Route, { page: 'run' }>;

/** Changes the address of the run that is shown, whatever else of it was changed since it was drawn. */
export function amendRun(change: Partial<RunRoute>): void {
  const route = routeStore.value;
  if (route.page === 'run') goTo({ ...route, ...change }, { replace: true });
}

/** For the charts: what of the run they show, which stands in the address. */
export function zoomOf({ zoom = null }: RunRoute) {
  return { zoom, onZoom };
}

function onZoom(zoom: ChartRange | null): void {
  amendRun({ zoom });
}

/** For links: within the page by a plain click; any other click is the browser's. */
export function onLinkClick(route: Route) {
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(route);
  };
}
