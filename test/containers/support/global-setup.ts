/** Builds the image once, and has podman run for all tests of the suite; or says why that cannot be done here. */
import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import build from '../../helpers/global-setup.ts';
import { buildBase, lacksBase } from './base-image.ts';
import { startEngine } from './engine.ts';
import { buildImage } from './image.ts';
import { lacksContainers } from './lacking.ts';
import { Room } from './room.ts';
import { storageIn } from './storage.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where podman answers, or why there is none. */
    containers: { engine: string; lack: null } | { engine: null; lack: string };
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const skip = (lack: string) => {
    process.stdout.write(`containers SKIPPED: ${lack}\n`);
    project.provide('containers', { engine: null, lack });
  };
  const lack = lacksContainers();
  if (lack !== null) return void skip(lack);
  const room = await Room.open();
  try {
    const lackOfBase = await lacksBase(room);
    if (lackOfBase === null) project.provide('containers', { engine: await engineIn(room), lack: null });
    else skip(lackOfBase);
  } catch (error) {
    await room.close();
    throw error;
  }
  return async () => {
    await room.close();
    if (existsSync(room.folder)) throw new Error(`${room.folder} is left`);
  };
}

async function engineIn(room: Room): Promise<string> {
  build();
  const storage = await storageIn(room);
  await timed('base image', () => buildBase(room, storage));
  await timed('image', () => buildImage(room, storage));
  return startEngine(room, storage);
}

/** A build takes minutes, in which nothing else is said. */
async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  await work();
  process.stdout.write(`${what} built in ${Math.round((performance.now() - begun) / 1_000)} s\n`);
}
