import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Access, DEFAULT_ACCESS } from '../../server/access/access.ts';
import { authorize } from '../../server/access/authorize.ts';
import { SESSION_COOKIE } from '../../server/access/sessions.ts';
import { hashOf } from '../../server/access/token.ts';
import { API_BASE, SESSION_PATH } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { type ApiError, answerError } from '../../server/errors.ts';
import type { ServerEnv } from '../../server/server-env.ts';
import { silentLog } from '../helpers/postgres.ts';

const RUN = '00000000-0000-4000-8000-000000000000';
/** So many at once, from one address. */
const BURST = 500;

/** What the database finds, whatever it is asked. */
let found: object[];
let asked: number;
let access: Access;
let app: Hono<ServerEnv>;

beforeEach(() => {
  vi.useFakeTimers();
  found = [];
  asked = 0;
  const sql = () => {
    asked += 1;
    return Promise.resolve(found);
  };
  access = new Access(sql as unknown as Sql, '127.0.0.1', DEFAULT_ACCESS, silentLog);
  app = new Hono<ServerEnv>();
  app.use(authorize(access));
  app.get(SESSION_PATH, async (c) => c.json((await access.credentials(c)).by));
  app.post(`${API_BASE}/runs/:runId/telemetry`, (c) => c.text('at the route'));
  app.onError((error, c) => answerError(c, error as ApiError));
});
afterEach(() => {
  vi.useRealTimers();
});

const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } });
const withCookie = async (cookie: string, address = '192.0.2.1') =>
  app.request(SESSION_PATH, { headers: { cookie: `${SESSION_COOKIE}=${cookie}` } }, from(address));
const withToken = async (token: string, address = '192.0.2.1') =>
  app.request(
    `${API_BASE}/runs/${RUN}/telemetry`,
    { method: 'POST', headers: { authorization: `Bearer ${token}` } },
    from(address),
  );

describe('what somebody makes up, counted by his address', () => {
  test('asks the database no more than the burst and fifty times a second, cookies and tokens of runs together', async () => {
    for (let i = 0; i < BURST / 2; i++) {
      expect((await withCookie(`made-up-${i}`)).status).toBe(200);
      expect((await withToken(`sci_made-up-${i}`)).status).toBe(200);
    }
    const before = asked;
    const refused = await withCookie('one-more');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect((await withToken('sci_one-more')).status).toBe(429);
    expect(asked).toBe(before);
    expect((await withCookie('of-another', '192.0.2.2')).status).toBe(200);
    vi.advanceTimersByTime(1_000);
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++) statuses.push((await withCookie(`later-${i}`)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
  });

  test('shuts out neither a session nor a harness of the same address', async () => {
    found = [{ token_id: 'env:reader' }];
    expect((await withCookie('real')).status).toBe(200);
    await access.ingestTokens.assertReal(RUN, hashOf('sci_real'));
    found = [];
    for (let i = 0; i <= BURST; i++) await withCookie(`made-up-${i}`);
    expect((await withCookie('made-up')).status).toBe(429);
    expect((await withCookie('real')).status).toBe(200);
    expect((await withToken('sci_real')).status).toBe(200);
  });
});
