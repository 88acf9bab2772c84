/** A real PgBouncer before a database, for tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOwner } from '../../server/db/embedded/owner.ts';
import { freePort, temporaryFolder } from './folder.ts';

const PGBOUNCER = '/usr/sbin/pgbouncer';
export const hasPooler = existsSync(PGBOUNCER);
if (!hasPooler)
  process.stdout.write('PgBouncer is not installed (Debian: pgbouncer): its tests are skipped\n');

export interface Pooler {
  /** The database's URL, through it. */
  url: string;
  close(): Promise<void>;
}

/** Leads to the server of `databaseUrl`, to whichever of its databases is asked for. */
export async function startPooler(
  databaseUrl: string,
  mode: 'session' | 'transaction' | 'statement',
): Promise<Pooler> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const to = new URL(databaseUrl);
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
* = host=127.0.0.1 port=${to.port} user=${to.username} password=${decodeURIComponent(to.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 40
`,
  );
  const owner = findOwner();
  if (owner) await chown(folder, owner.uid, owner.gid);
  const child = spawn(PGBOUNCER, [config], { ...(owner ?? {}), stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('process up')) resolve();
    });
    child.on('close', () => reject(new Error(`PgBouncer ended: ${log}`)));
  });
  const through = new URL(databaseUrl);
  through.port = String(port);
  return {
    url: through.href,
    async close() {
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
