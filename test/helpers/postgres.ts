/** A real PostgreSQL for a test file: a cluster of its own, and as many fresh databases as it wants. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Sql } from '../../server/db/client.ts';
import { postmasterPid } from '../../server/db/embedded/stragglers.ts';
import { startEmbedded } from '../../server/db/embedded.ts';
import { createLog } from '../../server/process-edge.ts';
import { temporaryFolder } from './folder.ts';
import { Databases, layGoldenCluster } from './golden-cluster.ts';

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

export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const databases = new Databases(layGoldenCluster(data));
  const database = await startEmbedded(data, silentLog);
  const pools: Sql[] = [];
  const open = (url: string) => {
    const pool = connect(url, { max: 6, name: 'test' });
    pools.push(pool);
    return pool;
  };
  const superuser = open(database.url);
  const end = (signal: NodeJS.Signals) => {
    const postmaster = postmasterPid(database.folder);
    if (postmaster !== null) process.kill(postmaster, signal);
  };
  let created = 0;
  return {
    open,
    superuser,
    async createDatabase({ migrated = true } = {}) {
      created += 1;
      return databases.create(database.url, `test_${created}`, migrated);
    },
    async killPostmaster() {
      end('SIGKILL');
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end({ timeout: 1 })));
      const stopped = database.stop();
      // It is told to end already; what it would write down before is deleted anyway.
      end('SIGQUIT');
      await stopped;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `databaseUrl` for another role. */
export function asRole(databaseUrl: string, user: string, password: string): string {
  return Object.assign(new URL(databaseUrl), { username: user, password }).href;
}
