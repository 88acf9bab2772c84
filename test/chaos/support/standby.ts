/** A PostgreSQL that another follows, and a place in front of both where clients find the one that is in charge. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Sql } from '../../../server/db/client.ts';
import { migrate, readMigrations } from '../../../server/db/migrate.ts';
import { debianPostgres, postgresOwner } from '../../helpers/debian-postgres.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { freePort } from '../../helpers/http-service.ts';
import { TcpProxy } from '../../helpers/tcp-proxy.ts';
import type { Row } from './row.ts';
import { until } from './until.ts';

/** Why there can be none here; null when there can. */
export function lacksReplication(): string | null {
  return debianPostgres() === null ? 'no PostgreSQL is installed (Debian: postgresql)' : null;
}

export interface PairOptions {
  /** True: a commit waits until the standby has it. */
  isSynchronous: boolean;
}

/** One of the two, by its data directory and port. */
interface Member {
  data: string;
  port: number;
}

export class ReplicatedDatabase {
  readonly #folder: string;
  readonly #options: PairOptions;
  /** In front of the primary, for clients. */
  readonly #front: TcpProxy;
  /** In front of the primary, for the standby. */
  readonly #link: TcpProxy;
  #primary: Member;
  #standby: Member | null = null;
  #made = 0;

  private constructor(
    folder: string,
    options: PairOptions,
    primary: Member,
    front: TcpProxy,
    link: TcpProxy,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#primary = primary;
    this.#front = front;
    this.#link = link;
  }

  /** Both, the database migrated, until the row is over. */
  static async start(row: Row, options: PairOptions): Promise<ReplicatedDatabase> {
    const folder = await temporaryFolder();
    const owner = postgresOwner();
    if (owner !== null) chownSync(folder, owner.uid, owner.gid);
    const primary = { data: join(folder, 'first'), port: await freePort() };
    const front = await TcpProxy.start(primary.port);
    const link = await TcpProxy.start(primary.port);
    const pair = new ReplicatedDatabase(folder, options, primary, front, link);
    row.defer(() => pair.#close());
    await pair.#run(
      'initdb',
      '--pgdata',
      primary.data,
      '--username',
      'postgres',
      '--auth',
      'trust',
      '--no-sync',
    );
    await pair.#start(primary);
    // Before there is a standby that commits could wait for.
    const pool = connect(pair.#urlOf(primary), { max: 1 });
    await pool`set synchronous_commit = local`;
    await migrate(pool, await readMigrations());
    await pool.end();
    await pair.addStandby();
    return pair;
  }

  /** Of the database of whoever is in charge. */
  get url(): string {
    return this.#front.inFrontOf(this.#urlOf(this.#primary));
  }

  /** A pool on it until the row is over. */
  open(row: Row): Sql {
    const pool = connect(this.url, { max: 4, name: 'chaos' });
    row.defer(() => pool.end({ timeout: 1 }));
    return pool;
  }

  /** A new standby, as far as the primary. */
  async addStandby(): Promise<void> {
    this.#made += 1;
    const standby = { data: join(this.#folder, `standby-${this.#made}`), port: await freePort() };
    this.#link.refusing = false;
    const from = new URL(this.#link.inFrontOf(this.#urlOf(this.#primary)));
    const options = ['--write-recovery-conf', '--checkpoint', 'fast', '--no-sync', '--wal-method', 'stream'];
    await this.#run('pg_basebackup', '--dbname', from.href, '--pgdata', standby.data, ...options);
    await this.#start(standby);
    this.#standby = standby;
    await this.caughtUp();
  }

  /** Resolves once the standby has all that the primary has now. */
  async caughtUp(): Promise<void> {
    const pool = connect(this.#urlOf(this.#primary), { max: 1 });
    try {
      const [now] = await pool<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`;
      await until('the standby has all', 30_000, async () => {
        const [row] = await pool<{ all: boolean }[]>`
          select replay_lsn >= ${now?.lsn ?? ''}::pg_lsn and (sync_state = 'sync' or not ${this.#options.isSynchronous})
            as all from pg_stat_replication`;
        return row?.all === true;
      });
    } finally {
      await pool.end();
    }
  }

  /** From now on the standby hears nothing, but does not know why. */
  partStandby(): void {
    this.#link.refusing = true;
    this.#link.cutAll();
  }

  joinStandby(): void {
    this.#link.refusing = false;
  }

  /** The primary dies, the standby takes over with what it has, and clients find it where the other one was. */
  async failOver(): Promise<void> {
    const standby = this.#standby;
    if (standby === null) throw new Error('there is no standby');
    this.#front.refusing = true;
    this.#front.cutAll();
    await this.#stop(this.#primary);
    await this.#run('pg_ctl', 'promote', '--wait', '--silent', '--pgdata', standby.data);
    this.#primary = standby;
    this.#standby = null;
    this.#link.switchTo(standby.port);
    this.#front.switchTo(standby.port);
    this.#front.refusing = false;
  }

  /** All of the database as it is now; give it to `restore`. */
  async backUp(): Promise<string> {
    const file = join(this.#folder, 'backup');
    await this.#run('pg_dump', '--format', 'custom', '--file', file, '--dbname', this.#urlOf(this.#primary));
    return file;
  }

  /** Puts a backup in the place of the database. Clients are away meanwhile. */
  async restore(file: string): Promise<void> {
    this.#front.refusing = true;
    this.#front.cutAll();
    const url = new URL(this.#urlOf(this.#primary));
    url.pathname = '/template1';
    await this.#run(
      'psql',
      '--quiet',
      '--dbname',
      url.href,
      '--command',
      'drop database postgres with (force)',
    );
    await this.#run(
      'psql',
      '--quiet',
      '--dbname',
      url.href,
      '--command',
      'create database postgres template template0',
    );
    await this.#run('pg_restore', '--exit-on-error', '--dbname', this.#urlOf(this.#primary), file);
    this.#front.refusing = false;
  }

  async #close(): Promise<void> {
    for (const member of [this.#standby, this.#primary]) if (member !== null) await this.#stop(member);
    await this.#front.close();
    await this.#link.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #urlOf({ port }: Member): string {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  async #start({ data, port }: Member): Promise<void> {
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      wal_retrieve_retry_interval: '200ms',
      synchronous_standby_names: this.#options.isSynchronous ? '*' : '',
    };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
    const log = join(this.#folder, 'log');
    const words = ['--pgdata', data, '--log', log, '--options', options.join(' ')];
    await this.#run('pg_ctl', 'start', '--wait', '--silent', ...words);
  }

  /** As a crash: nobody is told, nothing is finished. */
  async #stop({ data }: Member): Promise<void> {
    await this.#run('pg_ctl', 'stop', '--wait', '--silent', '--mode', 'immediate', '--pgdata', data);
  }

  /** Beside the proxies, which are in this process. @throws when it fails */
  async #run(program: string, ...args: string[]): Promise<void> {
    const file = join(debianPostgres() ?? '', program);
    const child = spawn(file, args, {
      ...postgresOwner(),
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  }
}
