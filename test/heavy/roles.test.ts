/** The roles that `simcity migrate --roles` makes: a server, a runner and cities work with theirs, and may do no more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPath, runSchema } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { type CliResult, simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
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

function urlOf(user: string, password: string, database = new URL(ownerUrl).pathname.slice(1)): string {
  return Object.assign(new URL(ownerUrl), { username: user, password, pathname: `/${database}` }).href;
}
const serverUrl = () => urlOf('simcity_server', PASSWORDS.SIMCITY_SERVER_PASSWORD);
const runnerUrl = () => urlOf('simcity_runner', PASSWORDS.SIMCITY_RUNNER_PASSWORD);
const cityUrl = (database = 'simcity_cities') =>
  urlOf('simcity_city', PASSWORDS.SIMCITY_CITY_PASSWORD, database);

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
      DATABASE_URL: urlOf('stranger', 's'),
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

  it('refuses a role that is there and may do more, and whoever may not make roles', async () => {
    await postgres.superuser.unsafe('alter role simcity_runner createrole');
    const more = await run(['migrate', '--roles'], { DATABASE_URL: ownerUrl });
    expect(more).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('simcity_runner is there') });
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
});

describe('what is refused', () => {
  const sqlOf = (url: string): Sql => postgres.open(url);

  it.each([
    'select * from simcity_tokens',
    'select * from simcity_sessions',
    'select ingest_token_hash from simcity_runs',
    'select config from simcity_runs',
    `update simcity_runs set status = 'PASS'`,
    'delete from simcity_runs',
    'delete from simcity_run_events',
    'truncate simcity_run_events',
    `insert into simcity_run_events select * from simcity_run_events`,
    'drop table simcity_runs',
    'drop function simcity_prune_run(uuid)',
    'alter table simcity_runs disable row level security',
    `select simcity_end_run(id, null, 'PASS', null, null) from simcity_runs`,
    'select simcity_prune_run(id) from simcity_runs',
    `select simcity_drop_day(1)`,
    `select simcity_restrict('simcity_tokens', 'select')`,
    'create table mine ()',
    'create temporary table mine ()',
    'create schema mine',
    'create database mine',
    'set role simcity_server',
  ])('to a runner: %s', async (text) => {
    await expect(sqlOf(runnerUrl()).unsafe(text)).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|0LP01)$/),
    });
  });

  it('to a runner: to end a run without the fence that it has now, or again', async () => {
    const runner = sqlOf(runnerUrl());
    const owner = sqlOf(ownerUrl);
    const [made] = await owner`
      insert into simcity_runs (scenario, target, seed, assigned_runner)
      values ('bookings', 'memory', 1, 'nobody') returning id`;
    const id = String(made?.['id']);
    const ends = async (fence: number | null, status: string) =>
      (await runner`select simcity_end_fenced(${id}, ${fence}, ${status}, 'x', null) as ended`)[0]?.['ended'];
    expect(await ends(null, 'PASS')).toBe(false);
    expect(await ends(7, 'PASS')).toBe(false);
    expect(await ends(0, 'STOPPED')).toBe(true);
    expect(await ends(0, 'PASS')).toBe(false);
    expect([...(await owner`select status from simcity_runs where id = ${id}`)]).toEqual([
      { status: 'STOPPED' },
    ]);
  });

  it.each([
    'drop table simcity_runs',
    'alter table simcity_runs add column mine text',
    'delete from simcity_runs',
    'delete from simcity_run_events',
    'update simcity_run_events set actor = null',
    'truncate simcity_run_events',
    `insert into simcity_tokens (id, name, scopes, token_hash) values ('a', 'a', '{control}', '')`,
    'update simcity_tokens set revoked_at = null',
    'select simcity_prune_run(id) from simcity_runs',
    `insert into simcity_migrations (name, checksum) values ('a', 'a')`,
    'create table mine ()',
    'create role mine',
    `copy (select 1) to program 'true'`,
  ])('to a server: %s', async (text) => {
    await expect(sqlOf(serverUrl()).unsafe(text)).rejects.toMatchObject({ code: '42501' });
  });

  it('to cities: the database of SimCity, a copy of it, and other roles', async () => {
    const own = new URL(ownerUrl).pathname.slice(1);
    await expect(sqlOf(cityUrl(own))`select 1`).rejects.toMatchObject({ code: '42501' });
    const city = sqlOf(cityUrl());
    await expect(city.unsafe(`create database mine template ${own}`)).rejects.toMatchObject({
      code: '42501',
    });
    await expect(city.unsafe('drop database simcity_cities')).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|55006)$/),
    });
    await expect(city.unsafe(`select pg_read_file('/etc/passwd')`)).rejects.toMatchObject({ code: '42501' });
    await expect(sqlOf(cityUrl('postgres')).unsafe(`drop database ${own}`)).rejects.toMatchObject({
      code: '42501',
    });
    const left = await city`select datname from pg_database where datname like 'simcity\\_city\\_%'`;
    expect([...left], 'no city outlives its run').toEqual([]);
  });
});
