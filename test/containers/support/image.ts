/** SimCity's image, from the Dockerfile as it is. */
import packageJson from '../../../package.json' with { type: 'json' };
import type { Room } from './room.ts';

export const IMAGE = `simcity:${packageJson.version}`;

export async function buildImage(room: Room, storage: readonly string[]): Promise<void> {
  const options = ['--pull-never', '--isolation', 'chroot', '--format', 'docker', '--tag', IMAGE];
  await room.run('buildah', [...storage, 'bud', ...options, process.cwd()]);
}
