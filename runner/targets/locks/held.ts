/**
 * What lock waits need to know of a target's held statements, of their transactions and connections, and of the
 * database: the `postgres` target's and the wire's are the same to them.
 */

import type { ToldStatement } from '../statement-feed.ts';

/** A transaction of the service; `connection` is written by `LockWaits` alone. */
export interface HeldTransaction {
  /** The connection that it is bound to, from its first statement to its end. */
  connection: HeldConnection | null;
}

/** A connection of the service to the database. */
export interface HeldConnection {
  /** The backend's process number. */
  readonly pid: number;
  /** Equal in every execution of the same seed: whatever is drawn or gone through is in this order. */
  readonly number: number;
  /** Resolves when the database is through with all that was sent, or the connection is lost. */
  settled(): Promise<void>;
}

export interface HeldStatement {
  /** Set before the statement is handed to `assign`; it does not change until the statement is over. */
  readonly connection: HeldConnection | null;
  /** Null: it is a transaction by itself. */
  readonly transaction: HeldTransaction | null;
  /**
   * `queued` at the gate, `sent` to the database, `settled` with an answer that the service has not been given yet. One
   * whose connection is lost is settled too.
   */
  readonly phase: 'queued' | 'sent' | 'settled';
  /**
   * The process numbers of those that it was last seen to wait for, in the order of their connections; written by
   * `LockWaits` alone.
   */
  blockers: readonly number[];
  /** Resolves, never rejects, when the database has answered, or the connection is lost: then it is settled. */
  readonly answered: Promise<void>;
  /** Equal for statements that ask the database for the very same; null: never the same (a commit, for one). */
  readonly asks: string | null;
  /** What a watch is told of it by; none: nobody listens, or it has not been let through. */
  readonly told?: ToldStatement | null;
  /** True when a wait for a lock would be a surprise (a commit, a read): then the database is asked late. */
  readonly hardlyWaits?: boolean;
  /** True when it began its transaction, is one by itself, or has a savepoint before it. */
  readonly canBeTakenBack: boolean;
  /** Of a settled one: true when the answer is that it was cancelled (57014), and not one of its own that came first. */
  readonly wasCancelled: boolean;
  /**
   * It was cancelled, and its effect was none: back to the gate as if it had not been sent, `queued`. Whoever has a
   * savepoint goes back to it; a first statement takes the beginning of its transaction back with it, so that its
   * snapshot is as late as it is: `rollback`, and to begin again (with what was set since) when it is sent again.
   */
  takenBack(): void | Promise<void>;
  /**
   * Fails with 40P01, and is settled: a `settled` one in place of the answer to its cancellation, a `queued` one
   * without having been sent.
   */
  becomesVictim(): void | Promise<void>;
  /** It waits, in the database or kept at the gate. */
  waits(): void;
  /** It can go on: its answer is there, or, `queued`, it may be sent again. */
  wakes(): void;
}

/** What lock waits need of a database, asked on a connection that is none of the service's. */
export interface LockSight {
  /** The process numbers of the backends that `pid` waits for now; empty when it does not wait. */
  blockers(pid: number): Promise<number[]>;
  /** Cancels what `pid` executes now; the statement that it was is answered soon after. */
  cancel(pid: number): Promise<void>;
}

/** What came of lock waits, counted and told. */
export interface LockHappenings {
  readonly sometimes: { 'a transaction waited for a lock': number; 'a deadlock was broken': number };
  note(note: { type: string; data: Record<string, unknown> }): void;
}
