/** The doctor: every setting with its source, and what is in the way. */
import { chmodSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startOf } from '../../cli/hosting/ports.ts';
import type { RunningServer } from '../../server/server.ts';
import { simcity } from '../helpers/cli-process.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { startTestServer } from '../helpers/server.ts';

const FAKETIME = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0] ?? '';

/** What the server's host knows, and the note of a data directory names. */
const SECRET = 'the-secret-of-the-host-of-this-test';

let postgres: TestPostgres;
let databaseUrl: string;
let server: RunningServer;
beforeAll(async () => {
  postgres = await startTestPostgres();
  databaseUrl = await postgres.createDatabase();
  server = await startTestServer(databaseUrl, 0, SECRET);
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-doctor-'));
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

async function doctor(env: Record<string, string>, args: string[] = []) {
  const result = await simcity(['doctor', '--json', ...args], { env, cwd: folder });
  const report = JSON.parse(result.stdout) as {
    version: number;
    healthy: boolean;
    settings: { name: string; value: string; from: string }[];
    checks: { name: string; state: string; found: string; advice: string }[];
  };
  const check = (name: string) => report.checks.find((each) => each.name === name);
  const setting = (name: string) => report.settings.find((each) => each.name === name);
  return { ...result, report, check, setting };
}

describe('a healthy installation', () => {
  test('is told so, with exit code 0', async () => {
    const env = { SIMCITY_URL: server.url, DATABASE_URL: databaseUrl };
    const { exitCode, report, check, setting, stdout } = await doctor(env);
    expect({ exitCode, healthy: report.healthy }).toEqual({ exitCode: 0, healthy: true });
    expect(check('server')).toMatchObject({ state: 'ok', found: expect.stringContaining(server.url) });
    expect(check('database')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^PostgreSQL 18/) });
    for (const name of ['server’s clock', 'database’s clock']) {
      const asHere = {
        state: 'ok',
        found: expect.stringMatching(/^as here, within \d+(\.\d)? s$/),
        advice: '',
      };
      expect(check(name)).toMatchObject(asHere);
    }
    expect(check('migrations')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^all \d+ are/) });
    expect(check('embedded PostgreSQL')).toMatchObject({ state: 'ok' });
    expect(check('data directory')).toMatchObject({ state: 'ok' });
    expect(setting('server')).toEqual({ name: 'server', value: server.url, from: 'SIMCITY_URL' });
    const { password } = new URL(databaseUrl);
    if (password !== '') expect(stdout).not.toContain(password);
  });

  test('is a table and a list for people', async () => {
    writeFileSync(join(folder, 'simcity.config.json'), JSON.stringify({ run: { faults: 'calm' } }));
    const { stdout, exitCode } = await simcity(['doctor', '--server', server.url], { env: {}, cwd: folder });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^SETTING +VALUE +FROM$/m);
    expect(stdout).toMatch(/^server +http:\S+ +--server$/m);
    expect(stdout).toMatch(/^run\.faults +calm +simcity\.config\.json$/m);
    expect(stdout).toContain('Nothing is in the way.');
  });
});

describe('what is believed, and from where', () => {
  test.each([
    ['--server', {}, ['--server'], 'named by --server, SIMCITY_TOKEN is sent'],
    ['SIMCITY_URL', { SIMCITY_URL: 'URL' }, [], 'named by SIMCITY_URL, SIMCITY_TOKEN is sent'],
  ] as const)('a server that %s names gets the token', async (_, env, args, said) => {
    const variables = Object.fromEntries(Object.keys(env).map((name) => [name, server.url]));
    const { check } = await doctor(
      { SIMCITY_TOKEN: 'secret', ...variables },
      args.flatMap((flag) => [flag, server.url]),
    );
    expect(check('server')).toMatchObject({ state: 'ok', found: expect.stringContaining(said) });
  });

  test('a server that a file names gets none of it', async () => {
    writeFileSync(join(folder, 'simcity.config.json'), JSON.stringify({ server: server.url }));
    const { check, setting } = await doctor({ SIMCITY_TOKEN: 'secret' });
    expect(setting('server')).toMatchObject({ value: server.url, from: 'simcity.config.json' });
    expect(check('server')).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('named by simcity.config.json, no token is sent'),
    });
  });

  const note = (changes: object) => {
    mkdirSync(join(folder, '.simcity'));
    const { pid } = process;
    const whole = {
      url: server.url,
      pid,
      start: startOf(pid),
      command: 'simcity up',
      databaseUrl: null,
      token: SECRET,
    };
    writeFileSync(join(folder, '.simcity', 'server.json'), JSON.stringify({ ...whole, ...changes }), {
      mode: 0o600,
    });
  };

  test('the note of a living process', async () => {
    note({});
    const { check } = await doctor({ SIMCITY_TOKEN: 'secret' });
    expect(check('server')?.found).toContain(
      'named by the note in the data directory, the token in it is sent',
    );
    expect(check('note of the host')).toMatchObject({
      state: 'ok',
      found: expect.stringMatching(/is believed: simcity up, process \d+, at http:/),
    });
  });

  test('a note that points elsewhere is a warning, and one whose process is gone is none', async () => {
    note({ url: 'http://192.0.2.1:4600' });
    const elsewhere = await doctor({});
    expect(elsewhere.check('note of the host')).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/is ignored: the URL that it names is not on the loopback address/),
    });
    expect(elsewhere.check('server')).toMatchObject({
      state: 'ok',
      found: expect.stringMatching(/^none runs here/),
    });
    rmSync(join(folder, '.simcity'), { recursive: true });
    note({ pid: 2 ** 22 + 1 });
    expect((await doctor({})).check('note of the host')).toMatchObject({ state: 'ok' });
  });

  test('a data directory that every user may write', async () => {
    mkdirSync(join(folder, '.simcity'));
    chmodSync(join(folder, '.simcity'), 0o777);
    const { check, exitCode } = await doctor({});
    expect(exitCode).toBe(1);
    expect(check('data directory')).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('every user of this machine may write it'),
      advice: expect.stringContaining('--data-dir'),
    });
  });
});

describe('what is in the way', () => {
  test('a server that does not answer, and one that is none', async () => {
    const gone = await doctor({ SIMCITY_URL: 'http://127.0.0.1:9' });
    expect(gone.exitCode).toBe(1);
    expect(gone.check('server')).toMatchObject({
      state: 'fail',
      advice: expect.stringContaining('simcity up'),
    });
    const nonsense = await doctor({ SIMCITY_URL: 'nowhere' });
    expect(nonsense.check('server')).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('nowhere'),
    });
  });

  test('a database that cannot be reached, without its password', async () => {
    const { check, exitCode, stdout } = await doctor({ DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/x' });
    expect(exitCode).toBe(1);
    expect(check('database')).toMatchObject({
      state: 'fail',
      advice: expect.stringContaining('DATABASE_URL'),
    });
    expect(stdout).not.toContain('hunter2');
  });

  test('a database without the tables is a warning', async () => {
    const empty = await postgres.createDatabase({ migrated: false });
    const { check, exitCode } = await doctor({ DATABASE_URL: empty });
    expect(exitCode).toBe(0);
    expect(check('migrations')).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^(\d+) of \1 are not applied yet$/),
      advice: expect.stringContaining('simcity migrate'),
    });
  });

  test.skipIf(FAKETIME === '')(
    'a clock that differs from those of the server and the database is a warning (needs libfaketime)',
    async () => {
      const env = { SIMCITY_URL: server.url, DATABASE_URL: databaseUrl, LD_PRELOAD: FAKETIME };
      const { check, exitCode } = await doctor({
        ...env,
        FAKETIME: '-1h',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      });
      expect(exitCode).toBe(0);
      for (const name of ['server’s clock', 'database’s clock']) {
        expect(check(name)).toMatchObject({
          state: 'warn',
          found: expect.stringMatching(/^36\d\d(\.\d)? s ahead of this machine's/),
          advice: expect.stringContaining('timedatectl'),
        });
      }
    },
  );

  test('the clock of a server on another machine', async () => {
    const time = () => new Date(Date.now() - 90_000).toISOString();
    const far = createServer((request, response) => {
      const isHealth = request.url === '/healthz' || request.url === '/readyz';
      const body = isHealth ? { status: 'ok', version: '0.1.0', time: time() } : { runs: [], next: null };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
    const { port } = far.address() as AddressInfo;
    const { check, report, exitCode } = await doctor({ SIMCITY_URL: `http://127.0.0.1:${port}` });
    far.close();
    expect(exitCode).toBe(0);
    expect(check('server’s clock')).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^(89\.\d|9\d(\.\d)?) s behind this machine's/),
    });
    expect(report.checks.map(({ name }) => name)).not.toContain('database’s clock');
  });

  test('a variable that is not valid, and one that nobody reads', async () => {
    const { check, report, exitCode } = await doctor({ SIMCITY_PARALLEL: 'many', SIMCITY_PARALEL: '2' });
    expect(exitCode).toBe(1);
    expect(check('environment')).toMatchObject({
      state: 'fail',
      found: "SIMCITY_PARALLEL is 'many' and must be a whole number from 1 to 64",
    });
    expect(report.checks).toContainEqual(
      expect.objectContaining({ state: 'warn', advice: 'Did you mean SIMCITY_PARALLEL?' }),
    );
  });

  test('a configuration that is not valid, with the field', async () => {
    writeFileSync(join(folder, 'simcity.config.json'), '{ "port": "many" }');
    const { check, exitCode } = await doctor({});
    expect(exitCode).toBe(1);
    expect(check('configuration')).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('simcity.config.json: port: '),
    });
  });

  test('a data directory that is a file', async () => {
    writeFileSync(join(folder, 'data'), '');
    const { check, exitCode } = await doctor({}, ['--data-dir', 'data']);
    expect(exitCode).toBe(1);
    expect(check('data directory')).toMatchObject({ state: 'fail' });
  });
});
