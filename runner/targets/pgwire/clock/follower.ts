/** Whether a service goes by a clock of ours, told by what the system shows of its processes. */
import { createReadStream, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { listenersAmong } from '../../http/listener.ts';

const WITHOUT =
  'Leave --clock out, and give what runs out in the service a short life by its adapter or its environment.';

/** Stands in every program that was made by Go, which asks the system itself for the time. */
const OF_GO = Buffer.from('\xff Go buildinf:', 'latin1');

/** What has been looked at, by its path: programs are large. */
const madeByGo = new Map<string, Promise<boolean>>();

/**
 * Whoever answers at the port has to have mapped the file of the clock, which the library does that is loaded before it.
 * @throws Error that names the program that does not go by the clock, and says what to do.
 */
export async function assertFollows(roots: readonly number[], port: number, file: string): Promise<void> {
  const listeners = listenersAmong(roots, port);
  if (listeners.length === 0) {
    throw new Error(
      `The processes of the service cannot be seen at port ${port}, so it cannot be told whether it goes by the virtual clock: it runs in a container, or a daemon has started it. Let --exec start it itself. ${WITHOUT}`,
    );
  }
  for (const pid of listeners) {
    const program = linkOf(`/proc/${pid}/exe`);
    if (!mapsOf(pid).includes(file)) {
      throw new Error(
        `${basename(program)} does not go by the virtual clock: no library is loaded before it, because it is linked statically, or LD_PRELOAD is taken out of its environment. ${WITHOUT}`,
      );
    }
    if (await isOfGo(program)) {
      throw new Error(
        `${basename(program)} does not go by the virtual clock: programs made by Go ask the system itself for the time. ${WITHOUT}`,
      );
    }
  }
}

function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'the service';
  }
}

function isOfGo(program: string): Promise<boolean> {
  const known = madeByGo.get(program) ?? hasMark(program);
  madeByGo.set(program, known);
  return known;
}

async function hasMark(program: string): Promise<boolean> {
  let end = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(program, { highWaterMark: 1024 ** 2 })) {
      const bytes = Buffer.concat([end, chunk]);
      if (bytes.includes(OF_GO)) return true;
      end = bytes.subarray(-OF_GO.length);
    }
  } catch {
    // What cannot be read is taken for something else.
  }
  return false;
}
