/** Goes from one address to another within the page. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChartRange } from '../../run/chart-range.ts';
import { formatRoute, parseRoute, type Route, type RunRoute } from './route.ts';
import { Store } from './store.ts';

const here = () => parseRoute(location.pathname, location.search);

export const routeStore = new Store<Route>(here());

addEventListener('popstate', () => routeStore.set(here()));

/** Shows `route`. With `replace` the address that was shown is not gone back to. */
export function goTo(route: Route, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', formatRoute(route));
  routeStore.set(route);
}

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

/** For links: `act` is done by a plain click; any other click is the browser's. */
export function onPlainClick(act: () => void) {
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    act();
  };
}

const ADDRESS_MS = 400;

/**
 * The event that is looked at, and what chooses another: as the address says, and kept there, so that it can be sent to somebody;
 * not at every step of a scrub.
 */
export function useEventOfAddress(route: RunRoute): [at: number | null, choose: (at: number | null) => void] {
  const [at, setAt] = useState(route.at);
  /** What the address was told from here, where somebody may be further by now. */
  const told = useRef<Route | null>(null);
  useEffect(() => {
    if (route !== told.current) setAt(route.at);
  }, [route]);
  useEffect(() => {
    if (route.at === at) return;
    const timer = setTimeout(() => {
      // What else of the address was changed since stays as it is.
      const newest = routeStore.value;
      told.current = { ...(newest.page === 'run' ? newest : route), at };
      goTo(told.current, { replace: true });
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [route, at]);
  return [at, setAt];
}
