/** Creates the database cluster, once, whole or not at all. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../../contract/child-process/child.ts';
import { OutputTail } from '../../contract/child-process/output-tail.ts';
import { StartupError } from '../../startup-error.ts';
import { assertDescriptors } from './descriptors.ts';
import type { Owner } from './owner.ts';
import { processesIn } from './stragglers.ts';
import type { Watchdog } from './watchdog.ts';

export const SUPERUSER = 'simcity';

export interface Cluster {
  /** PGDATA. */
  folder: string;
  password: string;
}

export interface ClusterOptions {
  home: string;
  binaries: string;
  owner: Owner | null;
  watchdog: Watchdog;
}

/**
 * The cluster under `home`, made by initdb when there is none. initdb works in a folder beside it that
 * is renamed when it is complete; what a killed start left half-finished is removed.
 */
export async function ensureCluster(options: ClusterOptions): Promise<Cluster> {
  const { home } = options;
  const folder = join(home, 'postgres');
  for (const name of await readdir(home)) {
    if (!name.startsWith('postgres.new-')) continue;
    for (const pid of processesIn(join(home, name))) process.kill(pid, 'SIGKILL');
    await rm(join(home, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const passwordFile = join(home, 'password');
  const kept = (await readFile(passwordFile, 'utf8').catch(() => '')).trim();
  if (existsSync(join(folder, 'PG_VERSION'))) {
    if (kept !== '') return { folder, password: kept };
    throw new StartupError('password_missing', `${passwordFile} is missing, and ${folder} needs it`, {
      hint: `Restore the file, or move ${folder} away to begin with an empty database.`,
    });
  }
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const fresh = join(home, `postgres.new-${randomBytes(4).toString('hex')}`);
  await initialise(options, fresh, password);
  await rename(fresh, folder);
  return { folder, password };
}

async function initialise(options: ClusterOptions, folder: string, password: string): Promise<void> {
  const { owner } = options;
  await mkdir(folder, { mode: 0o700 });
  const secret = `${folder}.password`;
  await writeFile(secret, `${password}\n`, { flag: 'wx', mode: 0o600 });
  if (owner) {
    await chown(folder, owner.uid, owner.gid);
    await chown(secret, owner.uid, owner.gid);
  }
  try {
    await runInitdb(options, [
      `--pgdata=${folder}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${secret}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(secret, { force: true });
  }
}

async function runInitdb(options: ClusterOptions, args: string[]): Promise<void> {
  const program = join(options.binaries, 'bin', 'initdb');
  const child = new Child(program, args, {
    ...(options.owner ?? {}),
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', LC_MESSAGES: 'C' },
    stdin: 'ignore',
  });
  options.watchdog.guard(child.pid ?? 0, 'TERM');
  const said = new OutputTail(4_000).follow(child.stdout, child.stderr);
  const { code, signal, spawnError } = await child.exited;
  options.watchdog.guard(0, 'TERM');
  if (code === 0) return;
  const last = said.lastLines(6).join(' | ');
  assertDescriptors(last);
  throw new StartupError('initdb_failed', `initdb ended with ${spawnError ?? signal ?? code}: ${last}`, {
    hint: 'Look at the disk space and the permissions of the data directory, or set DATABASE_URL.',
  });
}
