/** The contract of a launcher: how a runner starts a harness, speaks with it, and learns what became of it. */
import { z } from 'zod';
import type { Exit } from '../../server/contract/child-process/child.ts';
import type { HarnessOrder } from '../../server/contract/index.ts';

export const aliveSchema = z.object({
  alive: z.object({
    taken: z.int(),
    waiting: z.boolean(),
    answered: z.boolean().default(true),
    delivered: z.boolean().default(false),
  }),
});

/**
 * A sign of life: how much telemetry the engine has produced, whether it waits for the server, whether the server
 * has taken anything yet, and whether it has acknowledged the end of the run.
 */
export type Alive = z.infer<typeof aliveSchema>['alive'];

export interface ChildExit extends Exit {
  /** Whoever started it says that it took more memory than there was for it. */
  outOfMemory: boolean;
  stdout: string[];
  stderr: string[];
  droppedBytes: number;
}

export interface HarnessChild {
  /** The process; undefined when it is none of this machine's, or could not be started. */
  readonly pid: number | undefined;
  /** A harness that has given no sign of life by then will not start any more, in seconds. */
  readonly startLimitSeconds: number;
  /** Resolves once the harness has ended and its output is read to the end. Never rejects. */
  readonly done: Promise<ChildExit>;
  /** Asks it to stop its run. */
  stop(reason: string | null): void;
  /** Sends a signal to it and to whatever it started. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts a harness that gets `order` as the first line of its stdin, which stays open. */
export type Launcher = (order: HarnessOrder, onAlive: (alive: Alive) => void) => HarnessChild;

/** What a container's exit code says: beyond 128 it is a signal that ended its process. */
export function exitOf(code: number): Pick<ChildExit, 'code' | 'signal'> {
  const signals: Record<number, NodeJS.Signals> = {
    130: 'SIGINT',
    134: 'SIGABRT',
    137: 'SIGKILL',
    139: 'SIGSEGV',
    143: 'SIGTERM',
  };
  const signal = signals[code];
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}
