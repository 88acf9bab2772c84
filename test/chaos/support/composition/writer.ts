/** A harness of our own: it sends the telemetry of a run to either server, until the end is taken or it is deposed. */
import { createHash, randomBytes } from 'node:crypto';
import {
  apiPath,
  type EndReport,
  type RunEvent,
  telemetryAnswerSchema,
} from '../../../../server/contract/index.ts';
import type { Sql } from '../../../../server/db/client.ts';
import { eventsFrom, passed } from '../../../helpers/server.ts';
import { pass } from '../until.ts';

/** Runs that only this runner may take are for writers. */
export const WRITER = 'writer';
const EVENTS = 120;
const BATCH = 8;
const LEASE_SECONDS = 600;
const ANSWER_MS = 2_000;
const RETRY_MS = 50;

interface Batch {
  events: RunEvent[];
  end?: EndReport;
}

export class Writer {
  readonly #sql: Sql;
  readonly #bases: readonly string[];
  readonly #runId: string;
  readonly #work = new Set<Promise<void>>();
  #turn: number;
  #closed = false;

  /** `first`: which of the servers at `bases` it turns to first. */
  constructor(sql: Sql, bases: readonly string[], runId: string, first: number) {
    this.#sql = sql;
    this.#bases = bases;
    this.#runId = runId;
    this.#turn = first;
  }

  /** Begins to write under a claim of its own; whoever did so before is not told, and finds out. */
  begin(): void {
    const token = randomBytes(16).toString('hex');
    const work = this.#claim(token).then((claimed) => (claimed ? this.#write(token) : undefined));
    this.#work.add(work);
  }

  /** Resolves when nobody writes any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#work);
  }

  /** False: the run has ended, or may be executed no more often. */
  async #claim(token: string): Promise<boolean> {
    const hash = createHash('sha256').update(token).digest();
    while (!this.#closed) {
      const answer = await this.#tryToClaim(hash).catch(() => null);
      if (answer !== null) return answer;
      await pass(RETRY_MS);
    }
    return false;
  }

  /** Null: not yet. What was committed and not answered shows when it is tried again. */
  async #tryToClaim(hash: Buffer): Promise<boolean | null> {
    const [run] = await this.#sql<{ status: string; held: boolean | null }[]>`
      select status, ingest_token_hash = ${hash} as held from simcity_runs where id = ${this.#runId}`;
    if (run?.held) return true;
    if (run?.status === 'QUEUED') {
      await this.#sql`select id from simcity_claim_run(${WRITER}, ${LEASE_SECONDS}, ${hash}, ${this.#runId})`;
      return null;
    }
    if (run?.status !== 'RUNNING') return false;
    const [again] = await this.#sql<{ queued: boolean }[]>`
      select simcity_requeue_run(id, fence, 'another writer takes it over') as queued
      from simcity_runs where id = ${this.#runId}`;
    return again?.queued ? null : false;
  }

  async #write(token: string): Promise<void> {
    let batch = batchFrom(0);
    while (!this.#closed) {
      const response = await this.#post(token, batch).catch(() => null);
      if (response === null || response.status === 429 || response.status >= 500) {
        await pass(RETRY_MS);
        continue;
      }
      if (response.status !== 200 || batch.end !== undefined) return;
      const { next, stop } = telemetryAnswerSchema.parse(response.body);
      batch =
        stop === null ? batchFrom(next) : endAt(next, { ...passed, status: 'STOPPED', reason: stop.reason });
    }
  }

  async #post(token: string, batch: Batch): Promise<{ status: number; body: unknown }> {
    const base = this.#bases[this.#turn++ % this.#bases.length];
    const response = await fetch(`${base}${apiPath.telemetry(this.#runId)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(batch),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: response.status, body: await response.json() };
  }
}

function batchFrom(index: number): Batch {
  const events = eventsFrom(index, Math.min(BATCH, EVENTS - index));
  return events.length > 0 ? { events } : endAt(index, passed);
}

function endAt(index: number, end: EndReport): Batch {
  return { events: eventsFrom(index, 1).map((event) => ({ ...event, type: 'end' })), end };
}
