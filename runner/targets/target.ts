/** What the engine needs of a system under test whose every step it decides (`memory`, `postgres`). */
import type { Call, Reply } from '../scenarios/scenario.ts';
import type { Prng } from '../sim/prng.ts';

/**
 * One request inside the target. `ready`: a step can be taken. `waiting`: for a lock or a connection,
 * until another task's step frees it. `done`: `reply` is there.
 */
export interface Task {
  state: 'ready' | 'waiting' | 'done';
  reply: Reply | null;
  /** What the engine hangs on the task; the target never reads it. */
  owner: unknown;
}

export interface Target {
  readonly name: string;
  /** Versions of what stands behind it, for the forensic bundle. */
  readonly versions: Readonly<Record<string, string>>;
  /** Builds the city. */
  prepare(world: Readonly<Record<string, unknown>>): void | Promise<void>;
  /** Takes a request. Nothing of it runs before its first step. */
  start(call: Call): Task;
  /** Runs one ready task up to its next scheduling point. */
  step(task: Task): void | Promise<void>;
  /** Tasks that became ready since the last call without a step of their own, in the order they did. */
  takeWoken(): readonly Task[];
  /** What happened inside that a reader of the history should know (a deadlock and its victim), since the last call. */
  takeNotes(): readonly { type: string; data: Record<string, unknown> }[];
  /** How often each sometimes-property of the target was reached. */
  sometimes(): Record<string, number>;
  /** The whole city, read outside the schedule; only called when no task is under way. */
  inspect(): unknown | Promise<unknown>;
  /** What only a finished call and its repeats could use may go. */
  forget?(what: unknown): void;
  close(): Promise<void>;
}

export interface TargetOptions {
  seed: number;
  /** Requests under way at once, at most. */
  concurrency: number;
  isolation: string;
  /** For choices that the world would otherwise make, such as the victim of a deadlock. */
  prng: Prng;
}
