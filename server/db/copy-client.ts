/** The connections on which telemetry is stored: one transaction for many batches, the rows by COPY. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { CopyQuery, type StatementResult } from './copy-query.ts';

const CONNECT_WITHIN_MS = 5_000;
/** A statement that takes longer has met a lock or a disk that does not answer: the batches are sent again. */
const STATEMENT_WITHIN_MS = 20_000;
/** Longer than that: it is the connection that is dead. */
const ANSWER_WITHIN_MS = 25_000;

const EVENTS = 'copy simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data) from stdin';
const SNAPSHOTS = 'copy simcity_run_snapshots (run_id, idx, at, metrics) from stdin';

/** SQLSTATE of simcity_ingest_expect. */
const ELSEWHERE = 'SC009';

/** A run whose row is locked for the transaction under way. */
export interface LockedRun extends Stop {
  runId: string;
  next: number;
  /** Batches taken before. */
  batches: number;
}

export interface Stop {
  stopRequested: boolean;
  stopReason: string | null;
}

/** A run of which it is thought to be known where it stands. */
export interface ExpectedRun {
  runId: string;
  tokenHash: Buffer;
  next: number;
  batches: number;
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

/** What came of a group of batches: the stop request of each run, or the runs that stood elsewhere. */
export type Outcome = { stops: Map<string, Stop> } | { elsewhere: string[] };

/**
 * One connection, made on first use and again after it broke. postgres.js, which everything else goes
 * through, hung after some dozens of short COPYs (3.4.9); pg does not.
 */
export class CopyClient {
  readonly #url: string;
  #client: pg.Client | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  /** Begins a transaction and locks those of `runs` that may be written now; the others are left out. */
  async begin(runs: readonly { runId: string; tokenHash: Buffer }[]): Promise<LockedRun[]> {
    const results = await this.#do((client) =>
      client.query(
        `begin; select run_id, next_index, batches, stop_requested, stop_reason from simcity_ingest_lock(${idsAndHashes(runs)})`,
      ),
    );
    return ((results as unknown as pg.QueryResult<LockRow>[])[1]?.rows ?? []).map((row) => ({
      runId: row.run_id,
      next: Number(row.next_index),
      batches: Number(row.batches),
      stopRequested: row.stop_requested,
      stopReason: row.stop_reason,
    }));
  }

  async copyEvents(rows: readonly Buffer[]): Promise<void> {
    await this.#do((client) => query(client, EVENTS, [rows]));
  }

  async copySnapshots(rows: readonly Buffer[]): Promise<void> {
    await this.#do((client) => query(client, SNAPSHOTS, [rows]));
  }

  /** Moves the runs on and commits. */
  async commit(runs: readonly MovedRun[]): Promise<void> {
    await this.#do((client) => client.query(`${finish(runs)}; commit`));
  }

  /**
   * The whole transaction in one round trip: locks the runs, verifies that each stands where it is expected,
   * stores the rows, moves the runs on and commits. Changes nothing when one is elsewhere.
   */
  async storeExpected(
    expected: readonly ExpectedRun[],
    { events, snapshots }: CopyRows,
    moved: readonly MovedRun[],
  ): Promise<Outcome> {
    const copies: [string, readonly Buffer[]][] = [];
    if (events.length > 0) copies.push([EVENTS, events]);
    if (snapshots.length > 0) copies.push([SNAPSHOTS, snapshots]);
    const statements = ['begin', expect(expected), ...copies.map(([copy]) => copy), finish(moved), 'commit'];
    const rows = copies.map(([, rows]) => rows);
    try {
      const text = statements.join('; ');
      return { stops: await this.#do(async (client) => stopsOf(await query(client, text, rows))) };
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== ELSEWHERE) throw error;
      await this.rollback();
      return { elsewhere: error.detail?.split(',') ?? [] };
    }
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
  async #do<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const client = await this.#connected();
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('no answer')), ANSWER_WITHIN_MS);
      });
      return await Promise.race([work(client), silence]);
    } catch (cause) {
      if (cause instanceof pg.DatabaseError) throw cause;
      this.#discard();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw Object.assign(new Error(`The connection to the database failed: ${why}`, { cause }), {
        code: 'CONNECTION_CLOSED',
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'simcity-server-ingest',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      statement_timeout: STATEMENT_WITHIN_MS,
      keepAlive: true,
    });
    client.on('error', () => {
      if (this.#client === client) this.#discard();
    });
    await client.connect();
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

function query(client: pg.Client, text: string, copies: readonly (readonly Buffer[])[]) {
  return client.query(new CopyQuery(text, copies)).done;
}

/** Ids and digests are hexadecimal, so that they can stand in the text: one round trip instead of two. */
function idsAndHashes(runs: readonly { runId: string; tokenHash: Buffer }[]): string {
  const ids = runs.map(({ runId }) => runId).join(',');
  const hashes = runs.map(({ tokenHash }) => `"\\\\x${tokenHash.toString('hex')}"`).join(',');
  return `'{${ids}}', '{${hashes}}'`;
}

function expect(runs: readonly ExpectedRun[]): string {
  const next = runs.map(({ next }) => next).join(',');
  const batches = runs.map(({ batches }) => batches).join(',');
  return `select run_id, stop_requested, stop_reason from simcity_ingest_expect(${idsAndHashes(runs)}, '{${next}}', '{${batches}}')`;
}

function finish(runs: readonly MovedRun[]): string {
  return `select simcity_ingest_finish(${pg.escapeLiteral(JSON.stringify(runs))}::json)`;
}

/** Of the answers to `begin`, `expect` and the rest, of which the last must be that to `commit`. */
function stopsOf(results: readonly StatementResult[]): Map<string, Stop> {
  if (results.at(-1)?.tag !== 'COMMIT') throw new Error('the commit was not confirmed');
  const rows = results[1]?.rows ?? [];
  return new Map(
    rows.map(([runId, requested, reason]) => [
      String(runId),
      { stopRequested: requested === 't', stopReason: reason ?? null },
    ]),
  );
}

interface LockRow {
  run_id: string;
  next_index: string;
  batches: string;
  stop_requested: boolean;
  stop_reason: string | null;
}
