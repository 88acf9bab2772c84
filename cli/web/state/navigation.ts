/** Goes from one address to another within the page. */
import { useCallback } from 'preact/hooks';
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

/** What of the run the charts show, which stands in the address. */
export function useZoom(route: Extract<Route, { page: 'run' }>) {
  const onZoom = useCallback(
    (zoom: ChartRange | null) => goTo({ ...route, zoom }, { replace: true }),
    [route],
  );
  return { zoom: route.zoom ?? null, onZoom };
}

/** For links: within the page by a plain click; any other click is the browser's. */
export function onLinkClick(route: Route) {
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(route);
  };
}
