/** Which tokens of runs are real: asked before a body is read, so that nobody without one fills the server's memory. */
import type { Sql } from '../db/client.ts';
import { ingest } from '../db/events.ts';
import type { Batch } from '../ingest/batch.ts';

/** Remembered at most; one that is forgotten is looked up again. */
const MAX_TOKENS = 10_000;

const NOTHING: Batch = {
  count: 0,
  block: null,
  eventsJson: () => '[]',
  snapshots: [],
  live: undefined,
  end: undefined,
  bytes: 0,
};

export class IngestTokens {
  readonly #sql: Sql;
  /** Hashes that were real once. Whether one still may send is for whoever stores the batch. */
  readonly #real = new Set<string>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** True when the token was real for a run before. Asks nobody. */
  isKnown(hash: Buffer): boolean {
    return this.#real.has(hash.toString('base64'));
  }

  /** @throws what storing a batch with this token would: SC001 for another token, SC004 for no such run */
  async assertReal(runId: string, hash: Buffer): Promise<void> {
    if (this.isKnown(hash)) return;
    const rows = await this.#sql`
      select 1 from simcity_runs where id = ${runId} and ${hash} in (ingest_token_hash, last_token_hash)`;
    if (rows.length === 0) await ingest(this.#sql, runId, hash, NOTHING);
    this.#real.add(hash.toString('base64'));
    if (this.#real.size <= MAX_TOKENS) return;
    const [oldest] = this.#real;
    if (oldest !== undefined) this.#real.delete(oldest);
  }
}
