/** The roles that `simcity migrate --roles` makes: how, and that a server, a runner and cities do all they do with theirs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPath, runSchema } from '../../server/contract/index.ts';
import { type CliResult, simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { asRole, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call } from '../helpers/server.ts';

const PASSWORDS = {
  SIMCITY_SERVER_PASSWORD: 'server-password-1',
  SIMCITY_RUNNER_PASSWORD: 'runner-password-1',
  SIMCITY_CITY_PASSWORD: 'cities-password-1',
};

let postgres: TestPostgres;
let folder: TestFolder;
let ownerUrl: string;
const ending: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await testFolder();
  ownerUrl = await postgres.createDatabase({ migrated: false });
});
afterAll(async () => {
  for (const end of ending.reverse()) await end();
  await postgres.close();
  await folder.remove();
});

const serverUrl = () => asRole(ownerUrl, 'simcity_server', PASSWORDS.SIMCITY_SERVER_PASSWORD);
const runnerUrl = () => asRole(ownerUrl, 'simcity_runner', PASSWORDS.SIMCITY_RUNNER_PASSWORD);
const cityUrl = () => {
  const cities = Object.assign(new URL(ownerUrl), { pathname: '/simcity_cities' }).href;
  return asRole(cities, 'simcity_city', PASSWORDS.SIMCITY_CITY_PASSWORD);
};

const run = (args: string[], env: Record<string, string>): Promise<CliResult> =>
  simcity(args, { cwd: folder.path, env });

/** Starts a part that stays; resolves with what it says once that matches. */
async function start(args: string[], env: Record<string, string>, ready: RegExp): Promise<string> {
  let end = () => {};
  const said = Promise.withResolvers<string>();
  const look = (text: string) => {
    if (ready.test(text)) said.resolve(text);
  };
  const ended = simcity(args, {
    cwd: folder.path,
    env,
    onStart: (kill) => {
      end = () => kill('SIGTERM');
    },
    onStdout: look,
    onStderr: look,
  });
  ending.push(() => {
    end();
    return ended;
  });
  return Promise.race([said.promise, ended.then((result) => Promise.reject(new Error(result.stderr)))]);
}

describe('simcity migrate --roles', () => {
  it('is what a server without rights asks for, as long as something is pending', async () => {
    await postgres.superuser.unsafe(`create role stranger login password 's'`);
    const { exitCode, stderr } = await run(['serve', '--port', '0'], {
      DATABASE_URL: asRole(ownerUrl, 'stranger', 's'),
    });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('migrations are pending, and the role that DATABASE_URL names may not apply');
    expect(stderr).toContain('Run simcity migrate as the owner');
  });

  it('makes three roles, again without harm and two at once', async () => {
    const env = { DATABASE_URL: ownerUrl, ...PASSWORDS };
    const results = await Promise.all([1, 2].map(() => run(['migrate', '--roles'], env)));
    for (const { exitCode, stdout, stderr } of results) {
      expect(exitCode, stderr).toBe(0);
      for (const name of ['simcity_server', 'simcity_runner', 'simcity_city'])
        expect(stdout).toContain(`role     ${name}`);
    }
    const owned = await postgres.open(ownerUrl)`
      select c.relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname like 'simcity\\_%'`;
    expect([...owned]).toEqual([]);
    const kept = await postgres.superuser`select rolpassword from pg_authid where rolname = 'simcity_city'`;
    expect(kept[0]?.['rolpassword']).toMatch(/^SCRAM-SHA-256\$4096:/);
  });

  it('takes no password that a URL would have to escape, and quotes none', async () => {
    const { exitCode, stderr } = await run(['migrate', '--roles'], {
      DATABASE_URL: ownerUrl,
      SIMCITY_CITY_PASSWORD: 'with@in-it-and-more',
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('SIMCITY_CITY_PASSWORD must be 16 to 200 letters');
    expect(stderr).not.toContain('with@in');
  });

  it('refuses a role that is there with other rights, and whoever may not make roles', async () => {
    await postgres.superuser.unsafe('alter role simcity_runner createrole');
    const more = await run(['migrate', '--roles'], { DATABASE_URL: ownerUrl });
    expect(more).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('simcity_runner is there, with other'),
    });
    await postgres.superuser.unsafe('alter role simcity_runner nocreaterole');
    const less = await run(['migrate', '--roles'], { DATABASE_URL: serverUrl() });
    expect(less).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining(
        'the roles cannot be made by whom DATABASE_URL names: permission denied',
      ),
    });
  });
});

describe('with a role each', () => {
  let url: string;

  beforeAll(async () => {
    const said = await start(['serve', '--port', '0'], { DATABASE_URL: serverUrl() }, /http:\S+\n/);
    url = /http:\S+/.exec(said)?.[0] ?? '';
    await start(
      ['runner'],
      { DATABASE_URL: runnerUrl(), SIMCITY_TARGET_URL: cityUrl(), SIMCITY_URL: url },
      /takes runs of/,
    );
  });

  it.each([
    ['memory', [], 0, 'PASS'],
    ['postgres', [], 0, 'PASS'],
    ['postgres', ['--bug', 'check-then-insert', '--seed', '16'], 1, 'FAIL'],
  ] as const)('a run on %s %j ends as it should', async (target, more, exitCode, status) => {
    const args = ['run', '--target', target, '--operations', '300', '--json', ...more];
    const result = await run(args, { SIMCITY_URL: url, SIMCITY_EXPLAIN: '0' });
    expect(result.exitCode, result.stderr).toBe(exitCode);
    const { body } = await call(url, 'GET', apiPath.runs());
    const { runs } = body as { runs: unknown[] };
    expect(runSchema.parse(runs[0])).toMatchObject({ target, status });
  });

  it('a run is stopped', async () => {
    const launched = await run(['run', '--detach', '--target', 'memory', '--rate', '20'], {
      SIMCITY_URL: url,
    });
    expect(launched.exitCode, launched.stderr).toBe(0);
    expect((await run(['stop', 'latest'], { SIMCITY_URL: url })).exitCode).toBe(0);
    const watched = await run(['watch', 'latest'], { SIMCITY_URL: url });
    expect(watched.exitCode, watched.stderr).toBe(3);
  });

  it.each([
    ['server', () => ({ DATABASE_URL: serverUrl() })],
    ['runner', () => ({ DATABASE_URL: runnerUrl(), SIMCITY_TARGET_URL: cityUrl() })],
  ])('doctor finds the databases of a %s well', async (_, env) => {
    const { exitCode, stdout } = await run(['doctor'], { ...env(), SIMCITY_URL: url });
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/database: PostgreSQL .* does no more than it needs/);
    expect(stdout).toMatch(/migrations: all \d+ are applied/);
  });

  it('no city outlives its run', async () => {
    const left = await postgres.superuser`select from pg_database where datname like 'simcity\\_city\\_%'`;
    expect(left).toHaveLength(0);
  });
});
