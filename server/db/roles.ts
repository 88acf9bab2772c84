/**
 * The roles of least privilege: one for servers, one for runners, one for the cities that runs build. None owns
 * anything of SimCity's, so that none can change or drop what the migrations make.
 */
import { StartupError } from '../startup-error.ts';
import { errorCode, type Sql } from './client.ts';
import { inLock, type Tx } from './migrate.ts';
import { scramVerifier } from './scram-verifier.ts';

/** Cities stand beside SimCity's own database: whoever is in there sees nothing of it. */
export const CITY_DATABASE = 'simcity_cities';

interface Role {
  /** What it is made with. */
  attribute: '' | 'bypassrls' | 'createdb';
  /** Privileges on tables, or on columns of them. */
  tables: Readonly<Record<string, string>>;
  functions: readonly string[];
  /** Tables of which row-level security shows it the rows. */
  sees: readonly string[];
}

const ROLES = {
  // Telemetry goes in by COPY, which PostgreSQL refuses to whom row-level security holds.
  simcity_server: {
    attribute: 'bypassrls',
    tables: {
      simcity_migrations: 'select',
      simcity_runs: 'select, insert, update',
      simcity_run_live: 'select, insert, update',
      simcity_run_events: 'select, insert',
      simcity_run_snapshots: 'select, insert',
      simcity_lease_watch: 'select, update',
      simcity_run_counts: 'select',
      simcity_tokens: 'select',
      simcity_sessions: 'select, insert, delete',
      simcity_tasks: 'select, insert, update',
      simcity_pruned_runs: 'select',
      simcity_campaigns: 'select, insert, update, delete',
      simcity_campaign_shards: 'select, insert, update, delete',
      simcity_campaign_findings: 'select, insert, update, delete',
      simcity_runners: 'select, insert, update, delete',
    },
    functions: [
      ...['ensure_partitions', 'harness_forensic', 'begin_epoch', 'end_run', 'reap_lost', 'request_stop'],
      ...['ingest_lock', 'ingest_finish', 'ingest_batch'],
      ...['decided', 'repeat_difference', 'end_not_deterministic'],
      ...['ask_task', 'lease_task', 'finish_task', 'cancel_task'],
      ...['seeds', 'seeds_json', 'seeds_count', 'first_seeds'],
      ...[
        'campaign_seconds',
        'time_is_up',
        'is_asked_for',
        'can_execute',
        'campaign_subject',
        'new_failures',
      ],
      ...['start_campaign', 'stop_campaign', 'resume_campaign', 'import_campaign'],
      ...['settle_campaign', 'sample_campaign', 'add_tally', 'note_runner', 'reap_shards'],
      ...['claim_work', 'claim_shard', 'claim_record', 'renew_shard', 'finish_shard', 'record_finding'],
    ],
    sees: [],
  },
  simcity_runner: {
    attribute: '',
    tables: {
      simcity_migrations: 'select',
      simcity_runs:
        'select (id, status, fence, runner, assigned_runner, generation, version, lost_attempts, created_at)',
      simcity_run_events: 'select',
    },
    functions: [
      ...[
        'claim_run',
        'stored_prefix',
        'renew_lease',
        'requeue_run',
        'give_back_run',
        'lose_run',
        'reap_lost',
      ],
      ...['harness_forensic', 'end_fenced'],
    ],
    sees: ['simcity_migrations', 'simcity_runs', 'simcity_run_events'],
  },
  // Each city gets a database of its own: no two meet in advisory locks or extensions.
  simcity_city: { attribute: 'createdb', tables: {}, functions: [], sees: [] },
} as const satisfies Record<string, Role>;

export type RoleName = keyof typeof ROLES;
/** Null: the role keeps the password that it has. One that has none cannot sign in. */
export type RolePasswords = Readonly<Record<RoleName, string | null>>;

/**
 * Makes the roles where they are not there, and gives each exactly what it needs in this database, which is SimCity's
 * own: nobody else may enter it any more. Again is no harm. Answers their names.
 * @throws StartupError `roles_refused`
 */
export async function grantRoles(sql: Sql, passwords: RolePasswords): Promise<RoleName[]> {
  const names = Object.keys(ROLES) as RoleName[];
  try {
    await refuseSupabase(sql);
    await makeCityDatabase(sql);
    await inLock(sql, async (tx) => {
      await tx`set local lock_timeout = '10s'`;
      for (const name of names) {
        await makeRole(tx, name, passwords[name]);
        await grant(tx, name);
      }
      await closeDatabases(tx);
    });
  } catch (error) {
    if (errorCode(error) !== '42501') throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StartupError('roles_refused', `the roles cannot be made by whom DATABASE_URL names: ${why}`, {
      hint: 'Name a superuser in DATABASE_URL, or the owner of the database with CREATEROLE, CREATEDB and BYPASSRLS.',
      cause: error,
    });
  }
  return names;
}

/** A project has roles of its own, whom the end of what is open to everybody would lock out. */
async function refuseSupabase(sql: Sql): Promise<void> {
  const [row] = await sql`select from pg_roles where rolname = 'authenticator'`;
  if (row === undefined) return;
  throw new StartupError(
    'roles_refused',
    'this is the database of a Supabase project, which has roles of its own',
    { hint: 'Leave --roles away there: the migrations let in its owner and its service role alone.' },
  );
}

async function makeRole(tx: Tx, name: RoleName, password: string | null): Promise<void> {
  const { attribute } = ROLES[name];
  const [there] = await tx`
    select rolsuper or rolcreaterole or rolreplication or rolbypassrls <> ${attribute === 'bypassrls'}
      or rolcreatedb <> ${attribute === 'createdb'}
      or exists (select from pg_auth_members m where m.member = r.oid) as differs
    from pg_roles r where rolname = ${name}`;
  if (there?.['differs']) {
    throw new StartupError('roles_refused', `the role ${name} is there, with other rights than it needs`, {
      hint: `Drop it (drop owned by ${name}; drop role ${name}), and it is made anew.`,
    });
  }
  if (there === undefined) await tx.unsafe(`create role ${name} ${attribute}`);
  if (password !== null) await tx.unsafe(`alter role ${name} login password '${scramVerifier(password)}'`);
}

async function grant(tx: Tx, name: RoleName): Promise<void> {
  const { tables, functions, sees }: Role = ROLES[name];
  await takeAll(tx, name);
  await tx.unsafe(`grant usage on schema public to ${name}`);
  for (const [table, privileges] of Object.entries(tables))
    await tx.unsafe(`grant ${privileges} on public.${table} to ${name}`);
  for (const each of functions)
    await tx.unsafe(`grant execute on function public.simcity_${each} to ${name}`);
  for (const table of sees) {
    const there = await tx`select from pg_policies where tablename = ${table} and policyname = ${name}`;
    // Making one waits for whoever reads the table.
    if (there.length > 0) continue;
    await tx.unsafe(`create policy ${name} on public.${table} for select to ${name} using (true)`);
  }
}

/** What an older version needed may be more than this one does. */
async function takeAll(tx: Tx, name: RoleName): Promise<void> {
  await tx.unsafe(`revoke all on all tables in schema public from ${name}`);
  await tx.unsafe(`revoke all on all functions in schema public from ${name}`);
  await tx.unsafe(`revoke all on schema public from ${name}`);
}

async function makeCityDatabase(sql: Sql): Promise<void> {
  const [there] = await sql`select from pg_database where datname = ${CITY_DATABASE}`;
  if (there !== undefined) return;
  await sql.unsafe(`create database ${CITY_DATABASE}`).catch((error: unknown) => {
    // Another one was faster.
    if (!['42P04', '23505'].includes(errorCode(error) ?? '')) throw error;
  });
}

async function closeDatabases(tx: Tx): Promise<void> {
  const [row] = await tx`select quote_ident(current_database()) as name`;
  const own = String(row?.['name']);
  await tx.unsafe(`revoke all on database ${own}, ${CITY_DATABASE} from public`);
  await tx.unsafe(`grant connect on database ${own} to simcity_server, simcity_runner`);
  await tx.unsafe(`grant connect, create, temporary on database ${CITY_DATABASE} to simcity_city`);
}
