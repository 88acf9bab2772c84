/** A real PostgreSQL for a test file: a cluster of its own, and as many fresh databases as it wants. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Sql } from '../../server/db/client.ts';
import { startEmbedded } from '../../server/db/embedded.ts';
import { migrate, readMigrations } from '../../server/db/migrate.ts';
import { createLog } from '../../server/process-edge.ts';

export const silentLog = createLog('test', { SIMCITY_LOG_LEVEL: 'silent' });

export interface TestPostgres {
  /** A new database: empty, or with the migrations applied. Answers its URL. */
  createDatabase(options?: { migrated?: boolean }): Promise<string>;
  /** A pool on `url` that `close` ends as well. */
  open(url: string): Sql;
  /** For all databases of the cluster. */
  superuser: Sql;
  /** kill -9 of the postmaster; it is started again on the same port. */
  killPostmaster(): Promise<void>;
  close(): Promise<void>;
}

/** A folder under the temporary one that the user whom PostgreSQL runs as can enter. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simcity-test-'));
  await chmod(folder, 0o755);
  return folder;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = await temporaryFolder();
  const database = await startEmbedded(join(folder, 'data'), silentLog);
  const pools: Sql[] = [];
  const open = (url: string) => {
    const pool = connect(url, { max: 6, name: 'test' });
    pools.push(pool);
    return pool;
  };
  const superuser = open(database.url);
  let created = 0;
  let template: Promise<string> | null = null;
  /** Migrated once, and copied from then on. */
  const migratedTemplate = async () => {
    await superuser.unsafe('create database test_template template template0');
    const pool = connect(Object.assign(new URL(database.url), { pathname: '/test_template' }).href, {
      max: 1,
    });
    await migrate(pool, await readMigrations());
    await pool.end();
    return 'test_template';
  };
  return {
    open,
    superuser,
    async createDatabase({ migrated = true } = {}) {
      created += 1;
      const name = `test_${created}`;
      if (migrated) template ??= migratedTemplate();
      await superuser.unsafe(`create database ${name} template ${migrated ? await template : 'template0'}`);
      return Object.assign(new URL(database.url), { pathname: `/${name}` }).href;
    },
    async killPostmaster() {
      const text = await readFile(join(folder, 'data', 'postgres', 'postmaster.pid'), 'utf8');
      process.kill(Number(text.split('\n')[0]), 'SIGKILL');
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end({ timeout: 1 })));
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `databaseUrl` for another role. */
export function asRole(databaseUrl: string, user: string, password: string): string {
  return Object.assign(new URL(databaseUrl), { username: user, password }).href;
}
