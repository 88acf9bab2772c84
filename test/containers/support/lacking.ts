/** Why containers cannot be built and run on this machine; tests that need them are skipped there, and say so. */
import { spawnSync } from 'node:child_process';
import { lacks } from '../../chaos/support/tools.ts';

/** By program; each is of Debian's package of the same name. */
const PROGRAMS = ['buildah', 'podman', 'crun', 'debootstrap'];

/** Null when they can. */
export function lacksContainers(): string | null {
  const missing = PROGRAMS.map((name) => lacks(name, name)).find((reason) => reason !== null);
  if (missing !== undefined) return missing;
  if (process.getuid?.() !== 0) return 'containers with a root of their own need root';
  return lacksNamespaces();
}

function lacksNamespaces(): string | null {
  const { status, stderr } = spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true'], {
    encoding: 'utf8',
  });
  return status === 0 ? null : `namespaces of mounts and processes cannot be made: ${stderr.trim()}`;
}
