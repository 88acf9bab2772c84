/** A real PostgreSQL that the test stops, kills and starts as it likes, and fresh databases in it. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Sql } from '../../../server/db/client.ts';
import { findBinaries } from '../../../server/db/embedded/binaries.ts';
import { ensureCluster, SUPERUSER } from '../../../server/db/embedded/cluster.ts';
import { prepareHome } from '../../../server/db/embedded/home.ts';
import { findOwner } from '../../../server/db/embedded/owner.ts';
import {
  type Postmaster,
  type PostmasterOptions,
  startPostmaster,
} from '../../../server/db/embedded/postmaster.ts';
import { endStragglers } from '../../../server/db/embedded/stragglers.ts';
import { startWatchdog } from '../../../server/db/embedded/watchdog.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { Databases, layGoldenCluster } from '../../helpers/golden-cluster.ts';
import { parentOf, pids } from './processes.ts';
import type { Row } from './row.ts';

export class ChaosDatabase {
  readonly folder: string;
  readonly #options: PostmasterOptions;
  readonly #password: string;
  readonly #close: () => Promise<void>;
  readonly #env: Record<string, string>;
  readonly #databases: Databases;
  #postmaster: Postmaster;
  #created = 0;

  private constructor(
    folder: string,
    options: PostmasterOptions,
    password: string,
    postmaster: Postmaster,
    close: () => Promise<void>,
    env: Record<string, string>,
    databases: Databases,
  ) {
    this.#env = env;
    this.#databases = databases;
    this.folder = folder;
    this.#options = options;
    this.#password = password;
    this.#postmaster = postmaster;
    this.#close = close;
  }

  /** In a folder of its own, or in `given`, which stays. `env` is of PostgreSQL, beside the suite's own. */
  static async start(given?: string, env: Record<string, string> = {}): Promise<ChaosDatabase> {
    const folder = given ?? (await temporaryFolder());
    const data = join(folder, 'data');
    await mkdir(data, { recursive: true });
    await chmod(data, 0o755);
    const databases = new Databases(given === undefined && layGoldenCluster(data));
    const owner = findOwner();
    const home = await prepareHome(data, await findBinaries(), owner);
    const watchdog = startWatchdog();
    const binaries = home.binaries.folder;
    const cluster = await ensureCluster({ home: home.folder, binaries, owner, watchdog });
    const options = {
      binaries,
      folder: cluster.folder,
      logFile: join(home.folder, 'postgres.log'),
      owner,
      watchdog,
    };
    const postmaster = await withEnvironment(env, () => startPostmaster(options, null));
    const close = async () => {
      await endStragglers(cluster.folder);
      watchdog.dismiss();
      if (given === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    return new ChaosDatabase(folder, options, cluster.password, postmaster, close, env, databases);
  }

  get port(): number {
    return this.#postmaster.port;
  }

  get url(): string {
    return `postgres://${SUPERUSER}:${this.#password}@127.0.0.1:${this.port}/postgres`;
  }

  get logFile(): string {
    return this.#options.logFile;
  }

  /** A fresh database; answers its URL. */
  async create({ migrated = true } = {}): Promise<string> {
    this.#created += 1;
    return this.#databases.create(this.url, `row_${this.#created}`, migrated);
  }

  /** A pool on `url` until the row is over. */
  open(row: Row, url: string): Sql {
    const pool = connect(url, { max: 4, name: 'chaos' });
    row.defer(() => pool.end({ timeout: 1 }));
    return pool;
  }

  /** Fast shutdown: transactions are rolled back, connections are closed. */
  async stop(): Promise<void> {
    await this.#postmaster.stop();
  }

  /** Of the postmaster. */
  get pid(): number {
    return Number(readFileSync(join(this.#options.folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** The postmaster and all that it has started. */
  processes(): number[] {
    const postmaster = this.pid;
    return [postmaster, ...pids().filter((pid) => parentOf(pid) === postmaster)];
  }

  /** kill -9 of the postmaster. */
  async kill(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.#postmaster.ended;
    await endStragglers(this.#options.folder);
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    const { port } = this;
    this.#postmaster = await withEnvironment(this.#env, () => startPostmaster(this.#options, port));
  }

  async close(): Promise<void> {
    await this.#postmaster.stop();
    await this.#close();
  }
}

async function withEnvironment<T>(more: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, more);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(more)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
