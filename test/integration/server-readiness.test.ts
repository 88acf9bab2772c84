/** `/readyz` tells the truth about the database, its migrations and the listener. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DatabaseDisk } from '../../server/db/disk.ts';
import { StandbyWatch } from '../../server/db/standby.ts';
import { Readiness } from '../../server/readiness.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

it('is ready, says which migrations are missing or others, and is ready again', async () => {
  const databaseUrl = await postgres.createDatabase();
  const sql = postgres.open(databaseUrl);
  const server = await startTestServer(databaseUrl);
  expect((await call(server.url, 'GET', '/readyz')).status).toBe(200);
  await sql`update simcity_migrations set name = 'x' || name where name like '%\\_retention.sql'`;
  const { status, body, headers } = await call(server.url, 'GET', '/readyz');
  expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect(body).toMatchObject({
    error: {
      code: 'unavailable',
      message: expect.stringMatching(/1 migration.*retention\.sql.*simcity migrate/),
    },
  });
  expect((await call(server.url, 'GET', '/healthz')).status).toBe(200);
  await sql`update simcity_migrations set name = substr(name, 2) where name like 'x%'`;
  expect((await call(server.url, 'GET', '/readyz')).status).toBe(200);
  await sql`update simcity_migrations set checksum = 'x' || checksum where name like '%\\_retention.sql'`;
  expect(await call(server.url, 'GET', '/readyz')).toMatchObject({
    status: 503,
    body: { error: { message: expect.stringMatching(/development version.*retention\.sql/) } },
  });
  await server.stop();
});

it('says that the listener is lost, once it has been for long', async () => {
  const sql = postgres.open(await postgres.createDatabase());
  const problems = (lostForMs: number) =>
    new Readiness(sql, new DatabaseDisk(null), { lostForMs }, new StandbyWatch(sql)).problems();
  expect(await problems(0)).toEqual([]);
  expect(await problems(4_000)).toEqual([]);
  expect(await problems(61_000)).toEqual([expect.stringContaining('lost for 61 s')]);
});

it('says that the database is away, counts without it, and is ready when it is back', async () => {
  const server = await startTestServer(await postgres.createDatabase());
  await postgres.killPostmaster();
  let away = await call(server.url, 'GET', '/readyz');
  while (away.status === 200) away = await call(server.url, 'GET', '/readyz');
  expect([away.status, away.body]).toMatchObject([503, { error: { code: 'unavailable' } }]);
  const metrics = await fetch(`${server.url}/metrics`);
  expect(metrics.status).toBe(200);
  while ((await call(server.url, 'GET', '/readyz')).status !== 200);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^simcity_database_up 1$/m);
  await server.stop();
});
