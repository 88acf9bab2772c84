/** What the roles of servers, runners and cities may not do; and that whatever a migration adds is somebody's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { migrate, readMigrations } from '../../server/db/migrate.ts';
import { grantRoles } from '../../server/db/roles.ts';
import { asRole, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const PASSWORDS = {
  simcity_server: 'server-password-1',
  simcity_runner: 'runner-password-1',
  simcity_city: 'cities-password-1',
};

let postgres: TestPostgres;
let ownerUrl: string;
let owner: Sql;
let server: Sql;
let runner: Sql;

beforeAll(async () => {
  postgres = await startTestPostgres();
  // Not a superuser: those of services that host PostgreSQL are none.
  await postgres.superuser.unsafe(`create role keeper login createrole createdb bypassrls password 'k'`);
  ownerUrl = asRole(await postgres.createDatabase({ migrated: false }), 'keeper', 'k');
  await postgres.superuser.unsafe(`alter database ${new URL(ownerUrl).pathname.slice(1)} owner to keeper`);
  owner = postgres.open(ownerUrl);
  await migrate(owner, await readMigrations());
  await grantRoles(owner, PASSWORDS);
  server = postgres.open(asRole(ownerUrl, 'simcity_server', PASSWORDS.simcity_server));
  runner = postgres.open(runnerUrl());
});
afterAll(() => postgres.close());

const runnerUrl = () => asRole(ownerUrl, 'simcity_runner', PASSWORDS.simcity_runner);

function cityIn(database: string): Sql {
  const url = Object.assign(new URL(ownerUrl), { pathname: `/${database}` }).href;
  return postgres.open(asRole(url, 'simcity_city', PASSWORDS.simcity_city));
}

it('may be made again with other passwords, and without', async () => {
  const others = { ...PASSWORDS, simcity_runner: 'another-password-1' };
  await grantRoles(owner, others);
  await expect(postgres.open(runnerUrl())`select 1`).rejects.toMatchObject({ code: '28P01' });
  await grantRoles(owner, PASSWORDS);
  await grantRoles(owner, { simcity_server: null, simcity_runner: null, simcity_city: null });
  expect(await postgres.open(runnerUrl())`select 1 as one`).toEqual([{ one: 1 }]);
});

describe('what migrations make', () => {
  // Who adds one says so in server/db/roles.ts, or here.
  it('is for servers or runners, or for the owner alone', async () => {
    const tables = await owner<{ name: string }[]>`
      select relname as name from pg_class c where relkind in ('r', 'p') and relname like 'simcity\\_%'
        and not relispartition and not has_any_column_privilege('simcity_server', c.oid, 'select') order by 1`;
    expect(tables.map(({ name }) => name)).toEqual([]);
    const functions = await owner<{ name: string }[]>`
      select proname as name from pg_proc p where proname like 'simcity\\_%' and prorettype <> 'trigger'::regtype
        and not has_function_privilege('simcity_server', p.oid, 'execute')
        and not has_function_privilege('simcity_runner', p.oid, 'execute') order by 1`;
    expect(functions.map(({ name }) => name)).toEqual([
      ...['simcity_add_partition', 'simcity_close_number_gap', 'simcity_day_of', 'simcity_drop_day'],
      ...['simcity_first_id_of', 'simcity_gather_counts', 'simcity_losses', 'simcity_lost_attempts'],
      ...[
        'simcity_partition_days',
        'simcity_prune_run',
        'simcity_purge_run',
        'simcity_push',
        'simcity_restrict',
        'simcity_restrict_functions',
      ],
      ...['simcity_retire_run', 'simcity_watch_leases'],
    ]);
  });
});

describe('what is refused', () => {
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
    await expect(runner.unsafe(text)).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|0LP01)$/),
    });
  });

  it('to a runner: to end a run without the fence that it has now, or again', async () => {
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
    await expect(server.unsafe(text)).rejects.toMatchObject({ code: '42501' });
  });

  it('to cities: the database of SimCity, a copy of it, and other roles', async () => {
    const own = new URL(ownerUrl).pathname.slice(1);
    await expect(cityIn(own)`select 1`).rejects.toMatchObject({ code: '42501' });
    const city = cityIn('simcity_cities');
    await expect(city.unsafe(`create database mine template ${own}`)).rejects.toMatchObject({
      code: '42501',
    });
    await expect(city.unsafe('drop database simcity_cities')).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|55006)$/),
    });
    await expect(city.unsafe(`select pg_read_file('/etc/passwd')`)).rejects.toMatchObject({ code: '42501' });
    await expect(cityIn('postgres').unsafe(`drop database ${own}`)).rejects.toMatchObject({
      code: '42501',
    });
  });
});
