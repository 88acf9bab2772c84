import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../cli/web/state/route.ts';
import { MISSION_CONTROL_PATH } from '../../server/contract/index.ts';

const at = (address: string): Route => {
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
    expect(at(MISSION_CONTROL_PATH + address)).toEqual(route);
    expect(formatRoute(route)).toBe(MISSION_CONTROL_PATH + address);
  });

  it('that names no state and no order there is leads to all, the newest first', () => {
    expect(at(`${MISSION_CONTROL_PATH}?status=DONE&sort=colour&q=`)).toEqual({
      page: 'runs',
      status: null,
      campaign: null,
    });
  });
});
