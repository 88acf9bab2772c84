/** A PostgreSQL of the machine's own (Debian's package), of the major version that its pg_dump has as well. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { freePort } from './http-service.ts';

const FOLDER = '/usr/lib/postgresql';

/** Where its programs are; null: there is none, or it cannot be run by another user than root. */
export function debianPostgres(): string | null {
  const majors = existsSync(FOLDER) ? readdirSync(FOLDER).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = majors.map((major) => join(FOLDER, major, 'bin'));
  return (
    folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_dump'))) ??
    null
  );
}

export interface DebianPostgres extends AsyncDisposable {
  /** Of its database `postgres`, as a superuser. */
  readonly url: string;
  /** Its data directory. */
  readonly data: string;
  /** What pg_dump says of a database. */
  dump(url: string): string;
}

export async function startDebianPostgres(binaries: string): Promise<DebianPostgres> {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const user = postgresOwner();
  if (user !== null) await chown(folder, user.uid, user.gid);
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(binaries, program), args, {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  run('initdb', '--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--no-sync');
  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
  run(
    'pg_ctl',
    'start',
    '--wait',
    '--silent',
    '--pgdata',
    data,
    '--log',
    join(folder, 'log'),
    '--options',
    options,
  );
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    data,
    dump: (url) => execFileSync(join(binaries, 'pg_dump'), ['--dbname', url], { encoding: 'utf8' }),
    async [Symbol.asyncDispose]() {
      run('pg_ctl', 'stop', '--wait', '--silent', '--mode', 'immediate', '--pgdata', data);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Who runs it: PostgreSQL does not run as root. Null: whoever we are. */
export function postgresOwner(): { uid: number; gid: number } | null {
  return process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : null;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
}
