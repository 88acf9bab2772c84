/**
 * Stores batches of telemetry, many in one transaction: whatever is waiting when a connection is free goes
 * together, so that the cost of a commit is shared and grows with no one's number of requests.
 */

import type { Sql } from '../db/client.ts';
import { isUnreachable } from '../db/client.ts';
import { CopyClient } from '../db/copy-client.ts';
import { type Ingested, ingest } from '../db/events.ts';
import { ApiError } from '../errors.ts';
import type { Log } from '../process-edge.ts';
import type { Batch } from './batch.ts';
import { type Addition, moved, onePerRun, place, type RunGroup, rowsOf, type Waiting } from './run-group.ts';

/** Two connections keep one busy while the other commits; a third brought nothing on two cores. */
const CONNECTIONS = 2;
/** Of bodies in one transaction. */
const GROUP_BYTES = 8 * 1024 * 1024;
/** Of bodies that wait; beyond it harnesses are told to come again. */
const WAITING_BYTES = 64 * 1024 * 1024;

export interface GroupCommitOptions {
  databaseUrl: string;
  sql: Sql;
  log: Log;
  /** Called right after a commit whose content is known. */
  onAdded(addition: Addition): void;
  /** Called after a commit of which only the run is known. */
  onChanged(runId: string): void;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #idle: CopyClient[];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Runs whose batches are being stored now: the next ones wait, so that their order stays. */
  readonly #busy = new Set<string>();
  #closed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#idle = Array.from({ length: CONNECTIONS }, () => new CopyClient(options.databaseUrl));
  }

  /** Resolves once the batch is committed. Errors carry the SQLSTATEs of simcity_ingest_batch. */
  store(runId: string, tokenHash: Buffer, batch: Batch): Promise<Ingested> {
    if (this.#waitingBytes + batch.bytes > WAITING_BYTES && this.#waiting.length > 0) {
      throw new ApiError(
        503,
        'unavailable',
        'More telemetry is waiting for the database than the server holds. Send it again in a moment.',
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ runId, tokenHash, batch, resolve, reject });
      this.#waitingBytes += batch.bytes;
      // After what else came with this turn of the event loop, so that it goes together.
      if (this.#waiting.length === 1) setImmediate(() => this.#pump());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#idle.map((client) => client.close()));
  }

  #pump(): void {
    while (this.#idle.length > 0 && !this.#closed) {
      const group = this.#take();
      if (group.length === 0) return;
      const client = this.#idle.pop() as CopyClient;
      void this.#work(client, group);
    }
  }

  /** The oldest batches of runs that nobody works on, up to GROUP_BYTES, and to a fair share of each idle connection. */
  #take(): Waiting[] {
    // All of it to one would leave the others idle until it is done: measured, 1.3 to 1.5 times slower.
    const share = Math.min(GROUP_BYTES, this.#waitingBytes / this.#idle.length);
    const group: Waiting[] = [];
    const kept: Waiting[] = [];
    // A batch that has to wait keeps those of its run behind it waiting.
    const leftOut = new Set(this.#busy);
    let bytes = 0;
    for (const waiting of this.#waiting) {
      const fits = bytes === 0 || bytes + waiting.batch.bytes <= share;
      if (fits && !leftOut.has(waiting.runId)) {
        group.push(waiting);
        bytes += waiting.batch.bytes;
      } else {
        kept.push(waiting);
        leftOut.add(waiting.runId);
      }
    }
    this.#waiting = kept;
    this.#waitingBytes -= bytes;
    for (const { runId } of group) this.#busy.add(runId);
    return group;
  }

  async #work(client: CopyClient, group: Waiting[]): Promise<void> {
    const alone = await this.#together(client, group);
    this.#idle.push(client);
    if (this.#closed) void client.close();
    const inGroup = new Set(group.map(({ runId }) => runId));
    for (const runId of inGroup) {
      const left = alone.filter((waiting) => waiting.runId === runId);
      if (left.length === 0) this.#busy.delete(runId);
      else void this.#oneByOne(runId, left);
    }
    this.#pump();
  }

  /** Stores what fits the plain path, and answers the rest. */
  async #together(client: CopyClient, group: Waiting[]): Promise<Waiting[]> {
    const plain = group.filter(({ batch }) => batch.block !== null);
    if (plain.length === 0) return group;
    let done: RunGroup[];
    try {
      done = await commitGroup(client, plain);
    } catch (error) {
      await client.rollback();
      if (!isUnreachable(error)) {
        // It may be the fault of one of them: each for itself will tell.
        this.#options.log.warn(
          { err: error, batches: plain.length },
          'a group of batches is stored one by one',
        );
        return group;
      }
      for (const { reject } of group) reject(error);
      return [];
    }
    const settled = new Set<Waiting>();
    for (const run of done) {
      this.#options.onAdded(run);
      for (const { waiting, next } of run.parts) {
        settled.add(waiting);
        waiting.resolve({
          next,
          stopRequested: run.stopRequested,
          stopReason: run.stopReason,
          difference: null,
        });
      }
    }
    return group.filter((waiting) => !settled.has(waiting));
  }

  async #oneByOne(runId: string, left: Waiting[]): Promise<void> {
    for (const { tokenHash, batch, resolve, reject } of left) {
      try {
        const stored = await ingest(this.#options.sql, runId, tokenHash, batch);
        this.#options.onChanged(runId);
        resolve(stored);
      } catch (error) {
        reject(error);
      }
    }
    this.#busy.delete(runId);
    this.#pump();
  }
}

/** One transaction. Runs that are missing in the answer, and batches missing in `parts`, were not stored. */
async function commitGroup(client: CopyClient, group: readonly Waiting[]): Promise<RunGroup[]> {
  const locked = await client.begin(onePerRun(group));
  const runs = locked.map((run) => place(run, group)).filter(({ parts }) => parts.length > 0);
  if (runs.length === 0) {
    await client.rollback();
    return [];
  }
  await client.finish(rowsOf(runs), runs.map(moved));
  return runs;
}
