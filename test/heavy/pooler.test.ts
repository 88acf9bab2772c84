/** A real PgBouncer between SimCity and its database: it works in session mode, and is refused in transaction mode. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import { findOwner } from '../../server/db/embedded/owner.ts';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, testFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres, temporaryFolder } from '../helpers/postgres.ts';
import { call, FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';

const PGBOUNCER = '/usr/sbin/pgbouncer';
const there = existsSync(PGBOUNCER);
if (!there) process.stdout.write('PgBouncer is not installed (Debian: pgbouncer): its tests are skipped\n');

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

async function startPooler(databaseUrl: string, mode: 'session' | 'transaction') {
  const folder = await temporaryFolder();
  const port = await freePort();
  const to = new URL(databaseUrl);
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
* = host=127.0.0.1 port=${to.port} user=${to.username} password=${decodeURIComponent(to.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 40
`,
  );
  const owner = findOwner();
  if (owner) await chown(folder, owner.uid, owner.gid);
  const child = spawn(PGBOUNCER, [config], { ...(owner ?? {}), stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('process up')) resolve();
    });
    child.on('close', () => reject(new Error(`PgBouncer ended: ${log}`)));
  });
  const through = new URL(databaseUrl);
  through.port = String(port);
  return {
    url: through.href,
    async close() {
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

it.runIf(there)('works in session mode: telemetry, stops, leases and streams', async () => {
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

it.runIf(there)('executes a run through it in session mode', async () => {
  const databaseUrl = await postgres.createDatabase();
  const pooler = await startPooler(databaseUrl, 'session');
  const folder = await testFolder();
  const { exitCode, stderr } = await simcity(
    ['run', '--target', 'memory', '--seed', '1', '--operations', '50', '--log'],
    { cwd: folder.path, env: { DATABASE_URL: pooler.url, SIMCITY_DATA_DIR: folder.path } },
  );
  expect(exitCode, stderr).toBe(0);
  await folder.remove();
  await pooler.close();
});

it.runIf(there)('is refused in transaction mode, before anything is changed', async () => {
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
