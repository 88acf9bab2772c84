import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../cli/web/state/route.ts';
import { CAMPAIGNS_PATH, MISSION_CONTROL_PATH, RUNNERS_PATH } from '../../server/contract/index.ts';

const leadsTo = (address: string): Route => {
  const { pathname, search } = new URL(address, 'http://here');
  return parseRoute(pathname, search);
};

const ROUTES: [address: string, route: Route][] = [
  ['', { page: 'runs', status: null, campaign: null }],
  [
    '?status=ADAPTER+ERROR&campaign=a%26b&q=%2312+bug%3Aphantom&sort=duration',
    {
      ...{ page: 'runs', status: 'ADAPTER ERROR', campaign: 'a&b' },
      ...{ search: '#12 bug:phantom', order: 'duration' },
    },
  ],
  ['/compare?left=12&right=14', { page: 'compare', left: '12', right: '14' }],
  ['/compare?right=14', { page: 'compare', left: null, right: '14' }],
  ['/runs/latest?view=replay&at=7', { page: 'run', runId: 'latest', view: 'replay', at: 7 }],
];

describe('an address of the page', () => {
  it.each(ROUTES)('%s says where one is, and is written so again', (address, route) => {
    expect(leadsTo(MISSION_CONTROL_PATH + address)).toEqual(route);
    expect(formatRoute(route)).toBe(MISSION_CONTROL_PATH + address);
  });

  it.each([
    [RUNNERS_PATH, { page: 'runners' }],
    [CAMPAIGNS_PATH, { page: 'campaigns' }],
    [`${CAMPAIGNS_PATH}/a%2Fb%20c`, { page: 'campaign', name: 'a/b c' }],
  ] as [string, Route][])('%s is beside the runs', (path, route) => {
    expect(leadsTo(path)).toEqual(route);
    expect(formatRoute(route)).toBe(path);
  });

  it('that names no state and no order there is leads to all, the newest first', () => {
    expect(leadsTo(`${MISSION_CONTROL_PATH}?status=DONE&sort=colour&q=`)).toEqual({
      page: 'runs',
      status: null,
      campaign: null,
    });
  });
});

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
  expect(roundTrip(route)).toEqual({ address: `${MISSION_CONTROL_PATH}${address}`, route });
});

it('keeps of an address only what the view has', () => {
  expect(parseRoute(`${MISSION_CONTROL_PATH}/runs/12`, '?view=replay&event=5&q=op:1&at=3')).toEqual({
    ...RUN,
    view: 'replay',
    at: 3,
  });
  expect(parseRoute(`${MISSION_CONTROL_PATH}/runs/12`, '?view=nothing&event=-5')).toEqual({
    ...RUN,
    view: null,
    at: null,
  });
});
