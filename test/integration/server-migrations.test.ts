import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listMigrations, migrate, readMigrations } from '../../server/db/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

const names = async () => (await readMigrations()).map(({ name }) => name);

describe('migrations', () => {
  it('are applied once, listed before and after, and repeatable', async () => {
    const sql = postgres.open(await postgres.createDatabase({ migrated: false }));
    const all = await names();
    expect(all).toContain('20251222220000_simcity_control_plane_phase3.sql');
    expect(await listMigrations(sql, await readMigrations())).toEqual({
      applied: [],
      pending: all,
      already: [],
    });
    expect(await migrate(sql, await readMigrations())).toEqual({ applied: all, pending: [], already: [] });
    expect(await migrate(sql, await readMigrations())).toEqual({ applied: [], pending: [], already: all });
    expect(await listMigrations(sql, await readMigrations())).toEqual({
      applied: [],
      pending: [],
      already: all,
    });
  });

  it('may be run by many at once: each is applied by exactly one', async () => {
    const url = await postgres.createDatabase({ migrated: false });
    const migrations = await readMigrations();
    const reports = await Promise.all([1, 2, 3, 4].map(() => migrate(postgres.open(url), migrations)));
    expect(reports.flatMap(({ applied }) => applied).sort()).toEqual(await names());
  });

  it('leave nothing behind when one fails, and go on from there', async () => {
    const sql = postgres.open(await postgres.createDatabase({ migrated: false }));
    const migrations = await readMigrations();
    const [first] = migrations;
    const broken = {
      name: '20251216000000_broken.sql',
      text: 'create table halfway (); select 1/0',
      checksum: 'x',
    };
    await expect(migrate(sql, [first!, broken])).rejects.toThrow('division by zero');
    const [row] = await sql`select to_regclass('public.halfway') as halfway`;
    expect(row).toEqual({ halfway: null });
    expect((await migrate(sql, migrations)).already).toEqual([first!.name]);
  });

  it('refuse a file that was changed after it was applied', async () => {
    const sql = postgres.open(await postgres.createDatabase());
    const changed = (await readMigrations()).map((migration) => ({ ...migration, checksum: 'other' }));
    await expect(migrate(sql, changed)).rejects.toMatchObject({ code: 'migration_changed' });
  });

  it('keep the public roles of Supabase out and let its service role in', async () => {
    await postgres.superuser.unsafe(
      'create role anon; create role authenticated; create role service_role bypassrls',
    );
    const sql = postgres.open(await postgres.createDatabase({ migrated: false }));
    // As Supabase does: whatever is made in public is open to everybody unless it is closed again.
    await sql.unsafe(`
      alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
      alter default privileges in schema public grant all on functions to anon, authenticated, service_role`);
    await migrate(sql, await readMigrations());
    const rows = await sql<{ role: string; allowed: boolean }[]>`
      select rolname as role, bool_or(
        has_table_privilege(rolname, c.oid, 'select') or has_table_privilege(rolname, c.oid, 'insert')) as allowed
      from pg_roles, pg_class c
      where rolname in ('anon', 'authenticated', 'service_role')
        and c.relname like 'simcity\\_%' and c.relkind = 'r'
      group by rolname order by rolname`;
    expect(rows.map(({ role, allowed }) => [role, allowed])).toEqual([
      ['anon', false],
      ['authenticated', false],
      ['service_role', true],
    ]);
    const functions = await sql<{ role: string; allowed: boolean }[]>`
      select rolname as role, bool_or(has_function_privilege(rolname, p.oid, 'execute')) as allowed
      from pg_roles, pg_proc p
      where rolname in ('anon', 'authenticated', 'service_role') and p.proname like 'simcity\\_%'
      group by rolname order by rolname`;
    expect(functions.map(({ allowed }) => allowed)).toEqual([false, false, true]);
    const open = await sql`
      select relname from pg_class where relname like 'simcity\\_%' and relkind = 'r' and not relrowsecurity`;
    expect([...open]).toEqual([]);
    // What the service role needs works under row-level security.
    await sql.begin(async (tx) => {
      await tx`set local role service_role`;
      await tx`insert into simcity_runs (scenario, target, seed) values ('bookings', 'memory', 1)`;
      const [run] = await tx`select status from simcity_claim_run('r', 30, '\\x01')`;
      expect(run).toEqual({ status: 'RUNNING' });
    });
  });

  it('bring the runs of an earlier phase along', async () => {
    const sql = postgres.open(await postgres.createDatabase({ migrated: false }));
    const [base, ...rest] = await readMigrations();
    await migrate(sql, [base!]);
    await sql`insert into simcity_runs (id, scenario, target, seed, status)
      select gen_random_uuid(), 'bookings', 'memory', 1, status from unnest(array['PASS', 'FAIL', 'RUNNING']) as status`;
    await sql`insert into simcity_run_events select id, 0, now(), 0, 'start', 'city', '{}' from simcity_runs`;
    await migrate(sql, [base!, ...rest]);
    await sql`select simcity_reap_lost()`;
    const runs = await sql`select r.status, pass, next_index, l.event_index, l.status as live
      from simcity_runs r join simcity_run_live l on l.run_id = r.id order by next_index, r.status`;
    expect([...runs]).toEqual([
      { status: 'FAIL', pass: false, next_index: 1, event_index: 0, live: 'FAIL' },
      { status: 'PASS', pass: true, next_index: 1, event_index: 0, live: 'PASS' },
      { status: 'QUEUED', pass: null, next_index: 1, event_index: 0, live: 'QUEUED' },
    ]);
  });
});
