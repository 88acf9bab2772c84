/** Applies the migrations of sql/, each once, in order, in one transaction. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TransactionSql } from 'postgres';
import { projectRoot } from '../project-root.ts';
import { StartupError } from '../startup-error.ts';
import { errorCode, type Sql } from './client.ts';

/** Any two migrators of one database take this lock; the number has no other meaning. */
const LOCK_KEY = 4600_2025_12_22n;

const FILE_NAME = /^\d{14}_[a-z0-9_]+\.sql$/;

export interface Migration {
  name: string;
  text: string;
  checksum: string;
}

export interface MigrationReport {
  /** Applied by this call. */
  applied: string[];
  /** Not applied. */
  pending: string[];
  /** Applied before. */
  already: string[];
}

export type Tx = TransactionSql<{ bigint: number }>;

/** The migrations of `folder`, oldest first. */
export async function readMigrations(folder = join(projectRoot(), 'sql')): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/**
 * What is applied and what is pending; changes nothing. `databaseFolder`: where the embedded database is.
 * @throws StartupError `database_of_other_version`
 */
export async function listMigrations(
  sql: Sql,
  migrations: Migration[],
  databaseFolder: string | null = null,
): Promise<MigrationReport> {
  const recorded = await readIfThere(sql);
  refuseOtherVersion(recorded, migrations, databaseFolder);
  return {
    applied: [],
    pending: migrations.filter(({ name }) => !recorded.has(name)).map(({ name }) => name),
    already: migrations.filter(({ name }) => recorded.has(name)).map(({ name }) => name),
  };
}

/**
 * Applies every pending migration. Two at once are one after the other; a second finds nothing to do.
 * `databaseFolder`: where the embedded database is.
 * @throws StartupError `database_of_other_version` or `database_of_newer_version`, before anything is changed.
 */
export async function migrate(
  sql: Sql,
  migrations: Migration[],
  databaseFolder: string | null = null,
): Promise<MigrationReport> {
  const report: MigrationReport = { applied: [], pending: [], already: [] };
  const readOwn = async (tx: Tx) => {
    const recorded = await readRecorded(tx);
    refuseOtherVersion(recorded, migrations, databaseFolder);
    refuseNewerVersion(recorded, migrations);
    return recorded;
  };
  // A server whose role owns nothing finds all of them applied, and needs no more.
  const applied = await readIfThere(sql);
  if (migrations.length > 0 && migrations.every(({ name }) => applied.has(name))) {
    refuseOtherVersion(applied, migrations, databaseFolder);
    refuseNewerVersion(applied, migrations);
    return { ...report, already: migrations.map(({ name }) => name) };
  }
  await inLock(sql, async (tx) => {
    await createTable(tx);
    await readOwn(tx);
  }).catch(refuseToOthers);
  for (const migration of migrations) {
    const isNew = await inLock(sql, async (tx) => {
      if ((await readOwn(tx)).has(migration.name)) return false;
      await apply(tx, migration);
      return true;
    });
    (isNew ? report.applied : report.already).push(migration.name);
  }
  return report;
}

/** No two migrators of a database do `work` at once. */
export async function inLock<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
  const result = await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${String(LOCK_KEY)}::bigint)`;
    return { value: await work(tx) };
  });
  return (result as { value: T }).value;
}

async function createTable(tx: Tx): Promise<void> {
  await tx.unsafe(`
    create table if not exists public.simcity_migrations (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp()
    );
    alter table public.simcity_migrations enable row level security;
    revoke all on public.simcity_migrations from public;
    do $$
    declare v_role text;
    begin
      for v_role in
        select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated', 'service_role')
      loop
        execute format('revoke all on public.simcity_migrations from %I', v_role);
        if v_role = 'service_role' then
          grant select on public.simcity_migrations to service_role;
        end if;
      end loop;
    end $$`);
}

async function apply(tx: Tx, { name, text, checksum }: Migration): Promise<void> {
  await tx.unsafe(text);
  await tx`insert into public.simcity_migrations (name, checksum) values (${name}, ${checksum})`;
}

/**
 * Published migrations are never changed. So a database to which one was applied with other content, or one that is
 * none of these, was made before they were published. What a newer version adds comes after all of these.
 */
function refuseOtherVersion(
  recorded: ReadonlyMap<string, string>,
  migrations: readonly Migration[],
  databaseFolder: string | null,
): void {
  const own = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const newest = migrations.at(-1)?.name ?? '';
  const other = [...recorded].find(([name, checksum]) => name <= newest && own.get(name) !== checksum);
  if (other === undefined) return;
  throw new StartupError(
    'database_of_other_version',
    `the database was made by a development version of SimCity, with another sql/${other[0]}: this version cannot use it`,
    {
      hint:
        databaseFolder === null
          ? 'Name a new database in DATABASE_URL. Nothing in this one was changed: the version that made it can still use it.'
          : `Name another directory with --data-dir DIR, or delete ${databaseFolder} if you do not need the runs in it. Nothing in it was changed.`,
    },
  );
}

/** What runs goes on when a newer version migrates its database; what starts then cannot know what it does not know. */
function refuseNewerVersion(recorded: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.name ?? '';
  const unknown = [...recorded.keys()].filter((name) => name > newest).sort();
  if (unknown.length === 0) return;
  throw new StartupError(
    'database_of_newer_version',
    `the database was migrated by a newer version of SimCity: this one does not know sql/${unknown.join(', sql/')}`,
    { hint: 'Use that version, or a newer one. Nothing in the database was changed.' },
  );
}

/** Whoever may not make its table is no owner, and cannot apply what is pending. */
function refuseToOthers(error: unknown): never {
  if (errorCode(error) !== '42501') throw error;
  throw new StartupError(
    'migrations_pending',
    'migrations are pending, and the role that DATABASE_URL names may not apply them',
    { hint: 'Run simcity migrate as the owner of the database first.', cause: error },
  );
}

async function readIfThere(sql: Sql): Promise<Map<string, string>> {
  const [table] = await sql<{ found: boolean }[]>`
    select to_regclass('public.simcity_migrations') is not null as found`;
  return table?.found ? await readRecorded(sql) : new Map<string, string>();
}

async function readRecorded(sql: Sql | Tx): Promise<Map<string, string>> {
  const rows = await sql<{ name: string; checksum: string }[]>`
    select name, checksum from public.simcity_migrations`;
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}
