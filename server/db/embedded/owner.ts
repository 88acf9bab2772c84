/** The user as whom PostgreSQL runs: it refuses to run as root, so root runs it as `postgres`. */
import { spawnSync } from 'node:child_process';
import { StartupError } from '../../startup-error.ts';

export interface Owner {
  uid: number;
  gid: number;
}

const NAME = 'postgres';

/** Null: the user who runs this process. As root: the system user `postgres`, created when missing. */
export function findOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const found = lookUp();
  if (found) return found;
  createUser();
  const created = lookUp();
  if (created) return created;
  throw new StartupError(
    'no_postgres_user',
    'PostgreSQL does not run as root, and a system user "postgres" for it could not be created',
    { hint: 'Create one (useradd --system postgres), run SimCity as another user, or set DATABASE_URL.' },
  );
}

function lookUp(): Owner | null {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, NAME], { encoding: 'utf8' }));
  const [uid, gid] = ids.map(({ status, stdout }) => (status === 0 ? Number(stdout.trim()) : Number.NaN));
  if (uid === undefined || gid === undefined || !Number.isInteger(uid) || !Number.isInteger(gid)) return null;
  return uid === 0 ? null : { uid, gid };
}

function createUser(): void {
  const attempts: [string, string[]][] = [
    ['groupadd', ['--system', NAME]],
    ['useradd', ['--system', '--gid', NAME, '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]],
    // BusyBox has only these.
    ['addgroup', ['-S', NAME]],
    ['adduser', ['-S', '-D', '-H', '-G', NAME, NAME]],
  ];
  for (const [command, args] of attempts) {
    spawnSync(command, args, { stdio: 'ignore' });
  }
}

/** True when `owner` can run the program and enter and write the folder: tried for real, as that user. */
export function canUse(owner: Owner, program: string, folder: string): boolean {
  const script = 'cd "$2" && [ -w . ] && exec "$1" --version';
  const { status } = spawnSync('/bin/sh', ['-c', script, 'sh', program, folder], {
    ...owner,
    cwd: '/',
    stdio: 'ignore',
    env: {},
  });
  return status === 0;
}
