/** A real PgBouncer between SimCity and its database: it works in session mode, and is refused in transaction mode. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import { testFolder } from '../helpers/folder.ts';
import { hasPooler, startPooler } from '../helpers/pooler.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

it.runIf(hasPooler)('works in session mode: telemetry, stops, leases and streams', async () => {
  const databaseUrl = await postgres.createDatabase();
  const pooler = await startPooler(databaseUrl, 'session');
  const server = await startTestServer(pooler.url);
  const harness = new FakeHarness(server.url, (await launch(server.url)).id);
  await harness.claim(postgres.open(databaseUrl));
  expect((await harness.send(50)).status).toBe(200);
  expect((await harness.send(5, { end: passed })).status).toBe(200);
  expect((await call(server.url, 'GET', apiPath.run(harness.runId))).body).toMatchObject({ status: 'PASS' });
  expect((await call(server.url, 'GET', '/readyz')).status).toBe(200);
  await server.stop();
  await pooler.close();
});

it.runIf(hasPooler)('executes runs through it in session mode, whose cities are behind it, too', async () => {
  const databaseUrl = await postgres.createDatabase();
  const pooler = await startPooler(databaseUrl, 'session');
  const folder = await testFolder();
  const options = { cwd: folder.path, env: { DATABASE_URL: pooler.url, SIMCITY_DATA_DIR: folder.path } };
  for (const flags of [['memory'], ['postgres', '--isolation', 'serializable', '--faults', 'rough']]) {
    const { exitCode, stderr } = await simcity(
      ['run', '--target', ...flags, '--seed', '1', '--operations', '50', '--log'],
      options,
    );
    expect(exitCode, stderr).toBe(0);
  }
  const cities = await postgres.open(databaseUrl)`
    select datname from pg_database where datname like 'simcity_city_%'`;
  expect([...cities]).toEqual([]);
  await folder.remove();
  await pooler.close();
});

it.runIf(hasPooler)('a city behind one in transaction mode is refused, and accuses nobody', async () => {
  const databaseUrl = await postgres.createDatabase();
  const pooler = await startPooler(databaseUrl, 'transaction');
  const folder = await testFolder();
  const { exitCode, stdout } = await simcity(
    ['run', '--target', 'postgres', '--target-url', pooler.url, '--seed', '1', '--log'],
    { cwd: folder.path, env: { DATABASE_URL: databaseUrl, SIMCITY_DATA_DIR: folder.path } },
  );
  expect(exitCode, stdout).toBe(4);
  expect(stdout).toContain('gives each transaction another connection');
  const runner = await simcity(['runner'], {
    cwd: folder.path,
    env: { DATABASE_URL: pooler.url, SIMCITY_URL: 'http://127.0.0.1:1' },
  });
  expect(runner.exitCode).toBe(4);
  expect(runner.stderr).toContain('pool_mode = session');
  await folder.remove();
  await pooler.close();
});

it.runIf(hasPooler)('is refused in transaction mode, before anything is changed', async () => {
  const databaseUrl = await postgres.createDatabase({ migrated: false });
  const pooler = await startPooler(databaseUrl, 'transaction');
  await expect(startTestServer(pooler.url)).rejects.toMatchObject({
    code: 'transaction_pooler',
    hint: expect.stringContaining('session mode'),
  });
  const tables = await postgres.open(databaseUrl)`select 1 from pg_tables where tablename like 'simcity%'`;
  expect(tables.length).toBe(0);
  await pooler.close();
});
