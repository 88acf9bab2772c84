/** The embedded PostgreSQL: one data directory, guarded from start to end. */
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../process-edge.ts';
import { hasNoRoom } from './disk.ts';
import { findBinaries } from './embedded/binaries.ts';
import { ensureCluster, SUPERUSER } from './embedded/cluster.ts';
import { lockDataDir } from './embedded/data-dir-lock.ts';
import { claimHome, prepareHome } from './embedded/home.ts';
import { takeLeftRunning } from './embedded/left-running.ts';
import { findOwner } from './embedded/owner.ts';
import {
  isFree,
  type Postmaster,
  type PostmasterClock,
  type PostmasterOptions,
  startPostmaster,
} from './embedded/postmaster.ts';
import { endStragglers } from './embedded/stragglers.ts';
import { startWatchdog } from './embedded/watchdog.ts';

const RESTARTS = 5;
const RESTARTS_WITHIN_MS = 60_000;
/** How often a disk that is full is looked at for room. */
const ROOM_POLL_MS = 500;

export interface EmbeddedDatabase {
  url: string;
  /** Where it is; not always the data directory. */
  folder: string;
  /** Settles only when PostgreSQL is gone for good: rejects when it died too often to be restarted. */
  gone: Promise<void>;
  stop(): Promise<void>;
  /**
   * Instead of `stop`: leaves PostgreSQL running for the process that hosts the directory next, and ends it when none
   * does. This process has to end at once. False: it cannot be left.
   */
  leave(): boolean;
}

/**
 * Starts PostgreSQL on `dataDir` and keeps it running until `stop`. What an earlier crash left behind
 * (a lock, a half-made cluster, a running postmaster) is cleared away first; what was left running for this is used.
 * @param before the port where it was before: it is there again when that is free, so that its clients find it
 * @param clock the clock that it goes by; left out: the machine's
 * @throws StartupError when another SimCity uses the directory, or PostgreSQL cannot run here.
 */
export async function startEmbedded(
  dataDir: string,
  log: Log,
  before: number | null = null,
  clock?: PostmasterClock,
): Promise<EmbeddedDatabase> {
  const owner = findOwner();
  const home = await prepareHome(resolve(dataDir), await findBinaries(), owner);
  const lock = await lockDataDir(home.folder);
  const watchdog = startWatchdog();
  try {
    const folder = join(home.folder, 'postgres');
    const binaries = home.binaries.folder;
    const options = { binaries, folder, logFile: join(home.folder, 'postgres.log'), owner, watchdog, clock };
    const left = takeLeftRunning(options);
    const stragglers = left === null ? await endStragglers(folder) : 0;
    if (stragglers > 0) log.warn({ stragglers, folder }, 'ended a PostgreSQL that a crash left running');
    await claimHome(home);
    const cluster = await ensureCluster({ home: home.folder, binaries, owner, watchdog });
    const again = before !== null && (await isFree(before)) ? before : null;
    const first = left ?? (await startPostmaster(options, again));
    const kept = keepRunning(options, first, log);
    return {
      folder,
      url: `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${first.port}/postgres`,
      gone: kept.gone,
      async stop() {
        await kept.stop();
        await endStragglers(folder);
        watchdog.dismiss();
        await lock.release();
      },
      leave() {
        // The watchdog reads lines.
        if (lock.path.includes('\n')) return false;
        watchdog.leave(lock.path);
        return true;
      },
    };
  } catch (error) {
    await endStragglers(join(home.folder, 'postgres'));
    watchdog.dismiss();
    await lock.release();
    throw error;
  }
}

/**
 * Starts PostgreSQL again, on the same port, each time it dies by itself; gives up at the fifth in a minute. On a
 * full disk it waits for room first: there PostgreSQL, which cannot write its log, would only die again.
 */
function keepRunning(
  options: PostmasterOptions,
  first: Postmaster,
  log: Log,
): { gone: Promise<void>; stop(): Promise<void> } {
  let current = first;
  let stopping = false;
  async function untilRoom(how: string): Promise<void> {
    if (!hasNoRoom(options.folder)) return;
    log.error(
      { how, folder: options.folder },
      'the disk of PostgreSQL, which died, is full: waiting for room',
    );
    while (!stopping && hasNoRoom(options.folder)) await delay(ROOM_POLL_MS);
  }
  async function loop(): Promise<void> {
    const deaths: number[] = [];
    for (;;) {
      const how = await current.ended;
      if (stopping) return;
      await untilRoom(how);
      if (stopping) return;
      const now = performance.now();
      deaths.push(now);
      log.error({ how }, 'PostgreSQL died; starting it again');
      if (deaths.filter((at) => now - at < RESTARTS_WITHIN_MS).length > RESTARTS) {
        throw new Error(`PostgreSQL died more than ${RESTARTS} times in a minute, last with ${how}`);
      }
      await endStragglers(options.folder);
      if (stopping) return;
      const again = await startPostmaster(options, first.port).catch((error: unknown) => {
        // The disk is full again: wait once more.
        if (!hasNoRoom(options.folder)) throw error;
        return null;
      });
      if (again === null) continue;
      current = again;
      // Who asked meanwhile that all be stopped has stopped the one before it, and waits for this loop.
      if (stopping) return current.stop();
    }
  }
  const gone = loop();
  gone.catch(() => {});
  return {
    gone,
    async stop() {
      stopping = true;
      await current.stop();
      await gone.catch(() => {});
    },
  };
}
