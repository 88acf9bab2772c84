/** Where buildah and podman keep images and containers: in the room alone, and as its disk allows. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Room } from './room.ts';

/** The words that both take before their command. */
export async function storageIn(room: Room): Promise<string[]> {
  const at = (name: string) => join(room.folder, name);
  return ['--root', at('images'), '--runroot', at('run'), '--storage-driver', await driverIn(room)];
}

/** Layers are mounted over each other where they can be, and else copied, which takes four times as long. */
async function driverIn(room: Room): Promise<'overlay' | 'vfs'> {
  const at = (name: string) => join(room.folder, 'layers', name);
  for (const name of ['lower', 'upper', 'work', 'all']) await mkdir(at(name), { recursive: true });
  const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
  return room.run('mount', ['-t', 'overlay', '-o', options, 'overlay', at('all')]).then(
    () => 'overlay',
    () => 'vfs',
  );
}
