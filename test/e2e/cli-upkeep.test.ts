/** Tokens and retention as an operator meets them, on the command line. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_BASE, pruneReportSchema } from '../../server/contract/index.ts';
import { type RunningServer, startServer } from '../../server/server.ts';
import { simcity } from '../helpers/cli-process.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, FakeHarness, launch, passed } from '../helpers/server.ts';

let postgres: TestPostgres;
let server: RunningServer;
let env: Record<string, string>;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const databaseUrl = await postgres.createDatabase();
  server = await startServer({ databaseUrl, host: '127.0.0.1', port: 0, allowedHosts: [] }, silentLog);
  env = { DATABASE_URL: databaseUrl, SIMCITY_URL: server.url };
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

test('prune says what would go, removes it, and leaves the rest; readers are told', async () => {
  const sql = postgres.open(env['DATABASE_URL'] ?? '');
  const ended = await launch(server.url, { target: 'memory' });
  const harness = new FakeHarness(server.url, ended.id);
  await harness.claim(sql);
  await harness.send(20, { end: passed });
  const queued = await launch(server.url, { target: 'memory' });
  const planned = await simcity(['prune', '--keep-runs', '1', '--dry-run'], { env });
  expect(planned).toMatchObject({ exitCode: 0, stdout: 'No run would be removed.\n' });
  await sql`update simcity_runs set created_at = created_at - interval '40 days' where id = ${ended.id}`;
  const dry = await simcity(['prune', '--keep', '30d', '--dry-run'], { env });
  expect(dry.stdout).toMatch(/^1 run \(1 PASS\) with 20 events, launched from .* would be removed\.$/m);
  const { exitCode, stdout } = await simcity(['prune', '--keep', '30d', '--json'], { env });
  expect(exitCode).toBe(0);
  expect(pruneReportSchema.parse(JSON.parse(stdout))).toMatchObject({ runs: 1, rowsRemoved: 22 });
  const { body } = await call(server.url, 'GET', `${API_BASE}/runs`);
  expect(body).toMatchObject({ runs: [{ id: queued.id }] });
  const gone = await simcity(['events', ended.id], { env });
  expect([gone.exitCode, gone.stderr]).toEqual([2, expect.stringContaining('was removed')]);
  const watched = await simcity(['watch', ended.id, '--log'], { env });
  expect([watched.exitCode, watched.stderr]).toEqual([2, expect.stringContaining('was removed')]);
});

test('prune without anything to keep is wrong usage', async () => {
  for (const args of [
    [],
    ['--keep', '30'],
    ['--keep', 'soon'],
    ['--keep-runs', '0'],
    ['--status', 'RUNNING'],
  ]) {
    const { exitCode, stderr } = await simcity(['prune', ...args], { env });
    expect([args, exitCode]).toEqual([args, 2]);
    expect(stderr).not.toContain('error inside');
  }
});

test('a token is made, asked for, listed without its secret, and revoked', async () => {
  const made = await simcity(['token', 'create', '--name', 'ci', '--scope', 'read'], { env });
  expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('only time that it is shown') });
  const token = made.stdout.trim();
  expect(token).toMatch(/^sct_[0-9a-f]{12}_\S{43}$/);
  const again = await simcity(['token', 'create', '--name', 'ci'], { env });
  expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('simcity token revoke ci')]);
  while ((await call(server.url, 'GET', `${API_BASE}/runs`)).status === 200);
  const refused = await simcity(['runs'], { env });
  expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining('SIMCITY_TOKEN')]);
  const mine = { ...env, SIMCITY_TOKEN: token };
  expect((await simcity(['runs'], { env: mine })).exitCode).toBe(0);
  const stop = await simcity(['stop', 'latest'], { env: mine });
  expect([stop.exitCode, stop.stderr]).toEqual([4, expect.stringContaining('the scope control')]);
  const listed = await simcity(['token', 'list'], { env });
  expect(listed.stdout).toMatch(/^[0-9a-f]{12} +ci +read +\S+ +valid$/m);
  expect(listed.stdout + listed.stderr).not.toContain(token.slice(-20));
  expect((await simcity(['token', 'revoke', 'ci'], { env })).stdout).toBe('revoked  ci\n');
  expect((await simcity(['token', 'revoke', 'ci'], { env })).exitCode).toBe(2);
  expect((await simcity(['token', 'forget'], { env })).stdout).toBe('forgotten  ci\n');
  while ((await call(server.url, 'GET', `${API_BASE}/runs`)).status !== 200);
});
