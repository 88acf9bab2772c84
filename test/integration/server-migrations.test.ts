import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { listMigrations, migrate, readMigrations } from '../../server/db/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { schemaOf } from '../helpers/schema.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

/** A database to which another version has applied one migration, `name`. */
async function madeWith(name: string): Promise<Sql> {
  const sql = postgres.open(await postgres.createDatabase({ migrated: false }));
  await migrate(sql, []);
  await sql`insert into simcity_migrations (name, checksum) values (${name}, 'of another file')`;
  return sql;
}

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

  it('make the same when their text is applied again', async () => {
    const sql = postgres.open(await postgres.createDatabase());
    const once = await schemaOf(sql);
    expect(once.length).toBeGreaterThan(100);
    for (const { text } of await readMigrations()) await sql.unsafe(text).simple();
    expect(await schemaOf(sql)).toEqual(once);
  });

  it.each([
    ['one of them with other content', '20251215120000_simcity_base.sql'],
    ['one that is none of them', '20260101000000_simcity_of_old.sql'],
  ])('refuse a database to which another version applied %s, and change nothing', async (_, name) => {
    const sql = await madeWith(name);
    const before = await schemaOf(sql);
    const refused = {
      code: 'database_of_other_version',
      message: expect.stringContaining(`development version of SimCity, with another sql/${name}`),
    };
    const hint = expect.stringMatching(/^Name a new database in DATABASE_URL\./);
    const migrations = await readMigrations();
    await expect(migrate(sql, migrations)).rejects.toMatchObject({ ...refused, hint });
    await expect(listMigrations(sql, migrations)).rejects.toMatchObject({ ...refused, hint });
    await expect(migrate(sql, migrations, '/data/postgres')).rejects.toMatchObject({
      ...refused,
      hint: expect.stringMatching(/--data-dir DIR, or delete \/data\/postgres if/),
    });
    expect(await schemaOf(sql)).toEqual(before);
    expect([...(await sql`select name from simcity_migrations`)]).toEqual([{ name }]);
  });

  it('are not begun where a newer version has added some after them; what runs goes on', async () => {
    const sql = await madeWith('29990101000000_simcity_to_come.sql');
    const before = await schemaOf(sql);
    await expect(migrate(sql, await readMigrations())).rejects.toMatchObject({
      code: 'database_of_newer_version',
      message: expect.stringContaining('does not know sql/29990101000000_simcity_to_come.sql'),
    });
    expect(await schemaOf(sql)).toEqual(before);
    expect((await listMigrations(sql, await readMigrations())).pending).toEqual(await names());
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
        and c.relname like 'simcity\\_%' and c.relkind in ('r', 'p')
      group by rolname order by rolname`;
    expect(rows.map(({ role, allowed }) => [role, allowed])).toEqual([
      ['anon', false],
      ['authenticated', false],
      ['service_role', true],
    ]);
    // Truncating would remove history without a trace.
    const [truncates] = await sql`
      select bool_or(has_table_privilege('service_role', c.oid, 'truncate')) as any from pg_class c
      where c.relname like 'simcity\\_%' and c.relkind in ('r', 'p')`;
    expect(truncates).toEqual({ any: false });
    const functions = await sql<{ role: string; allowed: boolean }[]>`
      select rolname as role, bool_or(has_function_privilege(rolname, p.oid, 'execute')) as allowed
      from pg_roles, pg_proc p
      where rolname in ('anon', 'authenticated', 'service_role') and p.proname like 'simcity\\_%'
      group by rolname order by rolname`;
    expect(functions.map(({ allowed }) => allowed)).toEqual([false, false, true]);
    const open = await sql`
      select relname from pg_class where relname like 'simcity\\_%' and relkind in ('r', 'p') and not relrowsecurity`;
    expect([...open]).toEqual([]);
    // What the service role needs works under row-level security.
    await sql.begin(async (tx) => {
      await tx`set local role service_role`;
      await tx`insert into simcity_runs (scenario, target, seed) values ('bookings', 'memory', 1)`;
      const [run] = await tx`select status from simcity_claim_run('r', 30, '\\x01')`;
      expect(run).toEqual({ status: 'RUNNING' });
    });
  });
});
