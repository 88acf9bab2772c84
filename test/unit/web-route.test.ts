/** Addresses of the page: each route has one, and each address leads to its route. */
import { expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../cli/web/state/route.ts';

const BASE = '/admin/simcity/mission-control';
const RUN = { page: 'run', runId: '12' } as const;

function roundTrip(route: Route): { address: string; route: Route } {
  const address = formatRoute(route);
  const { pathname, search } = new URL(address, 'http://localhost');
  return { address, route: parseRoute(pathname, search) };
}

it.each<[Route, string]>([
  [{ ...RUN, view: null, at: null }, '/runs/12'],
  [{ ...RUN, view: 'live', at: null }, '/runs/12?view=live'],
  [{ ...RUN, view: 'replay', at: 7 }, '/runs/12?view=replay&at=7'],
  [{ ...RUN, view: 'events', at: 120 }, '/runs/12?view=events&event=120'],
  [
    { ...RUN, view: 'events', at: 0, filter: 'op:12 by:7', search: 'a&b' },
    '/runs/12?view=events&event=0&q=op%3A12+by%3A7&search=a%26b',
  ],
])('%j has the address %s', (route, address) => {
  expect(roundTrip(route)).toEqual({ address: `${BASE}${address}`, route });
});

it('keeps of an address only what the view has', () => {
  expect(parseRoute(`${BASE}/runs/12`, '?view=replay&event=5&q=op:1&at=3')).toEqual({
    ...RUN,
    view: 'replay',
    at: 3,
  });
  expect(parseRoute(`${BASE}/runs/12`, '?view=nothing&event=-5')).toEqual({ ...RUN, view: null, at: null });
});
