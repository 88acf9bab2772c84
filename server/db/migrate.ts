/** Applies the migrations of sql/, each once, in order, in one transaction. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TransactionSql } from 'postgres';
import { projectRoot } from '../project-root.ts';
import { StartupError } from '../startup-error.ts';
import type { Sql } from './client.ts';

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

type Tx = TransactionSql<{ bigint: number }>;

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

/** What is applied and what is pending; changes nothing. */
export async function listMigrations(sql: Sql, migrations: Migration[]): Promise<MigrationReport> {
  const [table] = await sql<{ found: boolean }[]>`
    select to_regclass('public.simcity_migrations') is not null as found`;
  const recorded = table?.found ? await readRecorded(sql) : new Map<string, string>();
  return {
    applied: [],
    pending: migrations.filter(({ name }) => !recorded.has(name)).map(({ name }) => name),
    already: migrations.filter(({ name }) => recorded.has(name)).map(({ name }) => name),
  };
}

/**
 * Applies every pending migration. Two at once are one after the other; a second finds nothing to do.
 * @throws StartupError `migration_changed` when a file differs from what was applied under its name.
 */
export async function migrate(sql: Sql, migrations: Migration[]): Promise<MigrationReport> {
  const report: MigrationReport = { applied: [], pending: [], already: [] };
  await inLock(sql, createTable);
  for (const migration of migrations) {
    const isNew = await inLock(sql, (tx) => applyOnce(tx, migration));
    (isNew ? report.applied : report.already).push(migration.name);
  }
  return report;
}

async function inLock<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
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
      foreach v_role in array array['anon', 'authenticated'] loop
        if exists (select from pg_catalog.pg_roles where rolname = v_role) then
          execute format('revoke all on public.simcity_migrations from %I', v_role);
        end if;
      end loop;
      if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant select on public.simcity_migrations to service_role;
      end if;
    end $$`);
}

async function applyOnce(tx: Tx, migration: Migration): Promise<boolean> {
  const recorded = (await readRecorded(tx)).get(migration.name);
  if (recorded === migration.checksum) return false;
  if (recorded !== undefined) {
    throw new StartupError(
      'migration_changed',
      `sql/${migration.name} was applied to this database with other content (sha256 ${recorded.slice(0, 12)}, now ${migration.checksum.slice(0, 12)})`,
      { hint: 'Restore the file as it was, and put the change into a new migration.' },
    );
  }
  await tx.unsafe(migration.text);
  await tx`insert into public.simcity_migrations (name, checksum) values (${migration.name}, ${migration.checksum})`;
  return true;
}

async function readRecorded(sql: Sql | Tx): Promise<Map<string, string>> {
  const rows = await sql<{ name: string; checksum: string }[]>`
    select name, checksum from public.simcity_migrations`;
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}
