/** What the engine needs of a system under test whose every step it decides (`memory`, `postgres`). */

import type { Call, Reply } from '../service/call.ts';
import type { CityClock } from '../sim/clock.ts';
import type { Prng } from '../sim/prng.ts';
import type { Breach } from './http/api.ts';
import type { CityKeeper } from './postgres/keeper.ts';
import type { StatementWatch } from './statements.ts';

/**
 * One request inside the target. `ready`: a step can be taken. `waiting`: for a lock or a connection,
 * until another task's step frees it. `done`: `reply` is there.
 */
export interface Task {
  state: 'ready' | 'waiting' | 'done';
  /** A breach is the answer of a service that the API should never give. */
  reply: Reply | Breach | null;
  /**
   * True once something struck the request that the engine decides or brings about: a crash, a deadlock, a
   * serialization failure, a pool cut down. What it fails with afterwards can be what followed from that.
   */
  disturbed: boolean;
  /** True when it is done and yet may take effect later: something of it has not come to its end. */
  leftOpen?: boolean;
  /** What the engine hangs on the task; the target never reads it. */
  owner: unknown;
  /** What it does when it takes its next step, while it is ready; left out: its code runs. */
  next?(): NextStep;
}

/** What a request does next. */
export interface NextStep {
  /** SQL of the statement that waits at the gate; null: its code runs, or a target without statements. */
  readonly text: string | null;
  /** `begin` is never seen as one on `postgres`: it goes with the first statement. */
  readonly kind: 'code' | 'statement' | 'commit' | 'rollback';
  /** Statements of this request that were answered before, commits and rollbacks too; a `begin` counts where it is one. */
  readonly statements: number;
}

export interface Target {
  readonly name: string;
  /** Versions of what stands behind it, for the forensic bundle. */
  readonly versions: Readonly<Record<string, string>>;
  /** Builds the city. */
  prepare(world: Readonly<Record<string, unknown>>): void | Promise<void>;
  /** Takes a request. Nothing of it runs before its first step. */
  start(call: Call, faults: TaskFaults): Task;
  /**
   * Runs one ready task up to its next scheduling point. What became of that task is told by its `state` on return
   * and by nothing else: however often it waits and is freed inside the step (as when a deadlock that it closes is
   * broken at the cost of another), it is not among those that `takeWoken` tells of.
   * @throws EngineFault when the task is not ready.
   */
  step(task: Task): void | Promise<void>;
  /**
   * Tasks that waited and became ready since the last call, each once, in the order in which they did: freed by
   * another task's step or by a fault. Never the task whose step freed them; `step` has told of that.
   */
  takeWoken(): readonly Task[];
  /** What happened inside that a reader of the history should know (a deadlock and its victim), since the last call. */
  takeNotes(): readonly { type: string; data: Record<string, unknown> }[];
  /**
   * Cuts the service off in the middle of everything: its connections end, its open transactions are
   * undone, and every request inside is over with a `failed` reply. Afterwards it works again.
   */
  crash(inside: readonly Task[]): void | Promise<void>;
  /**
   * One step of what the service does although nobody waits for it, while no request can go on; false: it does nothing.
   * Left out: it never does.
   */
  goOnByItself?(): Promise<boolean>;
  /** True once the service has ended by itself: what is inside is lost, and `crash` starts it again. */
  hasEnded?(): boolean;
  /** How many connections the service may use at once from now on; null: all of them. */
  limitPool(connections: number | null): void;
  /** True: whoever opens a connection to the database is refused, until it is called with false. */
  refuseConnections?(refuses: boolean): void;
  /**
   * Sets the clocks of the service and of its database to `nowMs`, in ms since 1970, ahead of what they show; left out:
   * they cannot be moved.
   */
  moveClock?(nowMs: number): void | Promise<void>;
  /** How often each sometimes-property of the target was reached. */
  sometimes(): Record<string, number>;
  /** The whole city, read outside the schedule; only called when no task is under way. Null: there is no such look. */
  inspect(): unknown | Promise<unknown>;
  /** What only a finished call and its repeats could use may go. */
  forget?(what: unknown): void;
  /**
   * Ends at once whatever does not answer, and tells what that was as a sentence, or nothing; afterwards only `close`
   * may be called.
   */
  cut(): Promise<string>;
  /** Never hangs. */
  close(): Promise<void>;
}

/** What strikes a request inside the target. */
export interface TaskFaults {
  /** The request's first transaction fails at its end with a serialization failure. */
  readonly serializationFailure: boolean;
  /** What strikes one of its statements on the wire; only a gate on the wire heeds it. */
  readonly wire?: WireStrike | null;
}

/** A fault of the database or of the way to it, as the service meets it. */
export type WireFaultName =
  | 'backend-kill'
  | 'lost-commit'
  | 'deadlock'
  | 'slow-statement'
  | 'serialization-failure';

export interface WireStrike {
  readonly name: WireFaultName;
  /** Which statement of the request, from 0 to 1. */
  readonly at: number;
  /** It strikes the end of the transaction, where the fault can do either. */
  readonly atCommit: boolean;
}

export interface TargetOptions {
  /** Requests under way at once, at most. */
  concurrency: number;
  isolation: string;
  /** For choices that the world would otherwise make, such as the victim of a deadlock. */
  prng: Prng;
  /** What the service is told when it asks for the time. */
  clock: CityClock;
  /** By which the runner finds the city of its run; left out or null: nobody looks for it. */
  cityName?: string | null | undefined;
  /** Where a city and its connections come from and go to, when they are to be used again. */
  cities?: CityKeeper | undefined;
  /** Told of each statement; left out: nobody listens. */
  statements?: StatementWatch | undefined;
}
