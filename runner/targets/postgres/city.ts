/**
 * The city's schema: created for one run, dropped after it, and swept up later when the run could not
 * do so. A lock that lasts as long as the owner's connection tells a city in use from one left behind.
 */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { AdapterError, errorText } from '../../modules/adapter-error.ts';
import { isDatabaseAway } from './sql-client.ts';

const PREFIX = 'simcity_city_';

export class City {
  readonly schema: string;
  readonly version: string;
  /** True when a commit may have to check what its transaction has done, and to wait for others with that. */
  readonly checksAtCommit: boolean;
  readonly #control: postgres.Sql;
  readonly #ddl: string;
  /** The statement that makes the city as good as new; null: that is not known yet. */
  #renewal: string | null = null;

  private constructor(
    schema: string,
    version: string,
    checksAtCommit: boolean,
    control: postgres.Sql,
    ddl: string,
  ) {
    this.schema = schema;
    this.version = version;
    this.checksAtCommit = checksAtCommit;
    this.#control = control;
    this.#ddl = ddl;
  }

  /** Creates a fresh schema with `ddl` in it. The name is random: nothing that is decided depends on it. */
  static async create(url: string, ddl: string): Promise<City> {
    const control = postgres(url, {
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      onnotice: () => {},
      // A city does not outlive its run, so that nothing of it has to survive the end of the server.
      connection: { application_name: 'simcity-control', synchronous_commit: 'off' },
    });
    const schema = PREFIX + randomBytes(6).toString('hex');
    try {
      const [row] = await control<{ version: string }[]>`select current_setting('server_version') as version`;
      await control`select pg_advisory_lock(hashtext(${schema}))`;
      await control.unsafe(`create schema ${schema}`);
      await control.unsafe(`set search_path to ${schema}`);
      await control.unsafe(ddl).catch((error: unknown) => {
        if (isDatabaseAway(error)) throw error;
        const why = error instanceof Error ? error.message : String(error);
        const message = `PostgreSQL refuses the service's schema: ${why}`;
        throw new AdapterError(message, { phase: 'setup', role: 'target', cause: error });
      });
      await keepStill(control, schema);
      await sweep(control, schema);
      const checksAtCommit = await hasDeferrable(control, schema);
      return new City(schema, row?.version ?? 'unknown', checksAtCommit, control, ddl);
    } catch (error) {
      await control.end({ timeout: 1 });
      if (error instanceof AdapterError) throw error;
      const message = `The city's database cannot be used: ${errorText(error)}. It is the one that SIMCITY_TARGET_URL names, else DATABASE_URL; the user in it must be allowed to create schemas.`;
      throw new Error(message, { cause: error });
    }
  }

  /** Sends a statement outside of the schedule. */
  async query(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return await this.#control.unsafe(text, values as never[], { prepare: values.length > 0 });
  }

  /** As it was when it had just been created. No other connection may have a transaction open in it. */
  async renew(): Promise<void> {
    if (this.#renewal === null) {
      await this.#rebuild();
      this.#renewal = await renewalOf(this.#control, this.schema);
    } else if (this.#renewal === '') {
      await this.#rebuild();
    } else {
      await this.#control.unsafe(this.#renewal);
    }
  }

  async #rebuild(): Promise<void> {
    await dropSchema(this.#control, this.schema);
    await this.#control.unsafe(`create schema ${this.schema}`);
    await this.#control.unsafe(this.#ddl);
    await keepStill(this.#control, this.schema);
  }

  /** The backends that `pid` waits for now; empty when it does not wait. */
  async blockers(pid: number): Promise<number[]> {
    const [row] = await this.#control.unsafe(BLOCKERS, [pid], { prepare: true });
    return String(row?.['pids'] ?? '')
      .split(',')
      .filter(Boolean)
      .map(Number);
  }

  /** Cancels the statement that one of the run's own backends waits in. */
  async cancel(pid: number): Promise<void> {
    await this.#control.unsafe('select pg_cancel_backend($1)', [pid], { prepare: true });
  }

  /** Ends the run's own backends and waits until they and their locks are gone. */
  async terminate(pids: readonly number[]): Promise<void> {
    const list = pids.join(',');
    await this.#control.unsafe(`select pg_terminate_backend(pid) from unnest(array[${list}]::int[]) as pid`);
    for (;;) {
      const [row] = await this.#control.unsafe(
        `select count(*)::int as left from pg_stat_activity where pid in (${list})`,
      );
      if (row?.['left'] === 0) return;
    }
  }

  async drop(): Promise<void> {
    try {
      await dropSchema(this.#control, this.schema);
    } finally {
      await this.#control.end({ timeout: 1 });
    }
  }
}

const BLOCKERS = "select array_to_string(pg_blocking_pids($1), ',') as pids";

/** Vacuum and analyze come when they like and can change plans: the city's tables do without them. */
async function keepStill(control: postgres.Sql, schema: string): Promise<void> {
  const tables = await control`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind = 'r'`;
  for (const { name } of tables) {
    await control.unsafe(
      `alter table ${quoted(String(name))} set (autovacuum_enabled = false, toast.autovacuum_enabled = false)`,
    );
  }
}

/** True when constraints or triggers can be put off to the end of a transaction. */
async function hasDeferrable(control: postgres.Sql, schema: string): Promise<boolean> {
  const [row] = await control`
    select exists (
      select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and t.tgdeferrable) as found`;
  return row?.['found'] === true;
}

/**
 * The statement that empties a city that has just been built: all its state is in tables that the DDL left
 * empty, and in the sequences of their columns. Empty when there is other state: it has to be built anew.
 */
async function renewalOf(control: postgres.Sql, schema: string): Promise<string> {
  const [others] = await control`
    select count(*)::int as count from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and (c.relkind in ('m', 'p', 'f') or c.relkind = 'S' and not exists (
      select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0))`;
  if (others?.['count'] !== 0) return '';
  const tables = await control`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind = 'r' order by c.relname`;
  const names = tables.map(({ name }) => quoted(String(name)));
  if (names.length === 0) return '';
  const filled = names.map((name) => `exists (select from ${name})`).join(' or ');
  const [row] = await control.unsafe(`select ${filled} as filled`);
  return row?.['filled'] === false ? `truncate ${names.join(', ')} restart identity` : '';
}

/** Drops the cities whose runs are gone without having dropped them; `own` is in use by this connection. */
async function sweep(control: postgres.Sql, own: string): Promise<void> {
  const left = await control`
    select nspname as name from pg_namespace
    where nspname ~ ${`^${PREFIX}[0-9a-f]{12}$`} and nspname <> ${own}`;
  for (const row of left) {
    const name = String(row['name']);
    const [lock] = await control`select pg_try_advisory_lock(hashtext(${name})) as mine`;
    if (!lock?.['mine']) continue;
    // Another sweeper may have been faster; that is no reason to fail.
    await dropSchema(control, name).catch(() => {});
    await control`select pg_advisory_unlock(hashtext(${name}))`;
  }
}

async function dropSchema(control: postgres.Sql, schema: string): Promise<void> {
  await control.unsafe(`drop schema if exists ${quoted(schema)} cascade`);
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
