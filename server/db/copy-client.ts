/** The connections on which telemetry is stored: one transaction for many batches, the rows by COPY. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { withinTime } from '../contract/within-time.ts';
import { CopyQuery } from './copy-query.ts';
import { noteNotice, replicated } from './replicated.ts';

const CONNECT_WITHIN_MS = 5_000;
/** A statement that takes longer has met a lock or a disk that does not answer: the batches are sent again. */
const STATEMENT_WITHIN_MS = 20_000;
/** Longer than that: it is the connection that is dead. */
const ANSWER_WITHIN_MS = 25_000;

const EVENTS = 'copy simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data) from stdin';
const SNAPSHOTS = 'copy simcity_run_snapshots (run_id, idx, at, metrics) from stdin';

/** A run whose row is locked for the transaction under way. */
export interface LockedRun {
  runId: string;
  next: number;
  /** Batches taken before. */
  batches: number;
  stopRequested: boolean;
  stopReason: string | null;
}

export interface MovedRun {
  run: string;
  first: number;
  next: number;
  /** Time of event 0, when it is among the events. */
  started: string | null;
  live: unknown;
  /** Snapshots of the event before `first`. */
  late: unknown[] | null;
}

/** Rows in the text format of COPY. */
export interface CopyRows {
  events: readonly Buffer[];
  snapshots: readonly Buffer[];
}

/**
 * One connection, made on first use and again after it broke. Why pg, and no library for COPY: see COPY in
 * server/README.md.
 */
export class CopyClient {
  readonly #url: string;
  #client: pg.Client | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  /** Begins a transaction and locks those of `runs` that may be written now; the others are left out. */
  async begin(runs: readonly { runId: string; tokenHash: Buffer }[]): Promise<LockedRun[]> {
    const results = await this.#do(
      (client) =>
        client.query(
          `begin; select run_id, next_index, batches, stop_requested, stop_reason from simcity_ingest_lock(${idsAndHashes(runs)})`,
        ),
      () => this.#connected(),
    );
    return ((results as unknown as pg.QueryResult<LockRow>[])[1]?.rows ?? []).map((row) => ({
      runId: row.run_id,
      next: Number(row.next_index),
      batches: Number(row.batches),
      stopRequested: row.stop_requested,
      stopReason: row.stop_reason,
    }));
  }

  /** Stores the rows, moves the runs on, and commits. */
  async finish({ events, snapshots }: CopyRows, moved: readonly MovedRun[]): Promise<void> {
    const copies: [string, readonly Buffer[]][] = [];
    if (events.length > 0) copies.push([EVENTS, events]);
    if (snapshots.length > 0) copies.push([SNAPSHOTS, snapshots]);
    const statements = [...copies.map(([copy]) => copy), moving(moved), 'commit'];
    const rows = copies.map(([, pieces]) => pieces);
    await replicated(() =>
      this.#do((client) => client.query(new CopyQuery(statements.join('; '), rows)).done),
    );
  }

  /** Ends the transaction without effect; a connection that cannot even do that is thrown away. */
  async rollback(): Promise<void> {
    if (this.#client) await this.#do((client) => client.query('rollback')).catch(() => this.#discard());
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  /** @throws the error of PostgreSQL, or one with the code CONNECTION_CLOSED: then it is not known what became of it. */
  async #do<T>(
    work: (client: pg.Client) => Promise<T>,
    connection: () => pg.Client | Promise<pg.Client> = () => this.#same(),
  ): Promise<T> {
    try {
      return await withinTime(work(await connection()), ANSWER_WITHIN_MS);
    } catch (cause) {
      if (cause instanceof pg.DatabaseError) throw cause;
      this.#discard();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw Object.assign(new Error(`The connection to the database failed: ${why}`, { cause }), {
        code: 'CONNECTION_CLOSED',
      });
    }
  }

  /** That of the transaction under way: on a new one its statements would stand alone. */
  #same(): pg.Client {
    if (this.#client) return this.#client;
    throw new Error('it broke in the middle of a transaction');
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'simcity-server-ingest',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
    });
    client.on('error', () => {
      if (this.#client === client) this.#discard();
    });
    client.on('notice', noteNotice);
    await client.connect();
    // Poolers refuse it among the parameters of a connection.
    await client.query(`set statement_timeout = ${STATEMENT_WITHIN_MS}`);
    this.#client = client;
    return client;
  }

  #discard(): void {
    const client = this.#client;
    this.#client = null;
    // end() would wait for an answer that a dead connection never gives.
    (client as unknown as { connection: { stream: Socket } } | null)?.connection.stream.destroy();
  }
}

/** Ids and digests are hexadecimal, so that they can stand in the text: one round trip instead of two. */
function idsAndHashes(runs: readonly { runId: string; tokenHash: Buffer }[]): string {
  const ids = runs.map(({ runId }) => runId).join(',');
  const hashes = runs.map(({ tokenHash }) => `"\\\\x${tokenHash.toString('hex')}"`).join(',');
  return `'{${ids}}', '{${hashes}}'`;
}

function moving(runs: readonly MovedRun[]): string {
  return `select simcity_ingest_finish(${pg.escapeLiteral(JSON.stringify(runs))}::json)`;
}

interface LockRow {
  run_id: string;
  next_index: string;
  batches: string;
  stop_requested: boolean;
  stop_reason: string | null;
}
