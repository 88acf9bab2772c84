/** Which of Debian's tools are here; a row that needs one that is not is skipped, and says so. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of a program; null when it is not installed. */
export function programPath(name: string): string | null {
  const places = [...(process.env['PATH'] ?? '').split(':'), ...PLACES];
  return places.map((place) => `${place}/${name}`).find((path) => existsSync(path)) ?? null;
}

/** Why a program cannot be used; null when it can. */
export function lacks(name: string, debianPackage: string): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  return programPath(name) === null ? `${name} is not installed (Debian: ${debianPackage})` : null;
}

/** Why network namespaces cannot be made; null when they can. */
export function lacksNamespaces(): string | null {
  return lacks('ip', 'iproute2') ?? tried('unshare', ['--net', 'true'], 'network namespaces cannot be made');
}

/** Why a small disk cannot be mounted; null when it can. */
export function lacksMounts(): string | null {
  const script = 'd=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs "$d" && umount "$d" && rmdir "$d"';
  return tried('sh', ['-c', script], 'a small disk cannot be mounted');
}

function tried(program: string, args: string[], otherwise: string): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? null : `${otherwise} (not root?): ${String(stderr).trim().split('\n')[0]}`;
}
