/** The runner of this process in the world of its directory: executes what was launched here, and what nobody else does. */
import type { Context } from '../process/context.ts';
import { prepareDataDir } from './data-dir.ts';
import { type HostOptions, quietly } from './host.ts';
import { type KeptPart, keepAlive } from './keep-alive.ts';
import { startPart } from './part.ts';

/** What it is there for: a run that comes first, or that alone; null: any. */
export type RunnerOrder = { run: string; alone: boolean } | null;

/** Where the world is. */
export interface Place {
  server: string;
  database: string;
}

export interface OwnRunner {
  readonly name: string;
  readonly isStarted: boolean;
  readonly isStopped: boolean;
  /** The first order holds: it says which run comes first. */
  want(order: RunnerOrder): void;
  /** Starts it where it is wanted; starts it anew when the world is elsewhere. */
  keep(place: Place): Promise<void>;
  stop(): Promise<void>;
}

/** One that does not run yet. `env`: what it needs beside where the world is. */
export function createOwnRunner(
  context: Context,
  options: Pick<HostOptions, 'dataDir' | 'progress'>,
  name: string,
  env: Readonly<Record<string, string | undefined>> = {},
): OwnRunner {
  let wanted: RunnerOrder | undefined;
  let place: Place | null = null;
  let kept: Promise<KeptPart> | null = null;
  let isStopped = false;
  const start = async (): Promise<KeptPart> => {
    const { logDir } = prepareDataDir(options.dataDir);
    return keepAlive(() => startPart({ name: 'runner', logDir, env: environment() }), options.progress);
  };
  const environment = () => ({
    ...quietly(context),
    ...env,
    DATABASE_URL: place?.database,
    SIMCITY_URL: place?.server,
    SIMCITY_RUNNER_NAME: name,
    SIMCITY_ONLY_RUN: wanted?.alone ? wanted.run : undefined,
    SIMCITY_FIRST_RUN: wanted && !wanted.alone ? wanted.run : undefined,
  });
  return {
    name,
    get isStarted() {
      return kept !== null;
    },
    get isStopped() {
      return isStopped;
    },
    want(order) {
      wanted ??= order;
    },
    async keep(now) {
      if (wanted === undefined || isStopped) return;
      const hasMoved = place !== null && (place.server !== now.server || place.database !== now.database);
      place = now;
      if (kept === null) {
        kept = start();
        // The next look tries again.
        kept.catch(() => {
          kept = null;
        });
      } else if (hasMoved) (await kept).current().kill();
      await kept;
    },
    async stop() {
      isStopped = true;
      await (await kept?.catch(() => null))?.stop();
    },
  };
}
