/** A GroupCommit under test, without a server around it. */
import { createHash } from 'node:crypto';
import type { Sql } from '../../server/db/client.ts';
import { GroupCommit } from '../../server/ingest/group-commit.ts';
import { readBatch } from '../../server/ingest/read-batch.ts';
import type { Addition } from '../../server/ingest/run-group.ts';
import { newRunId } from '../../server/runs/run-id.ts';
import { silentLog } from './postgres.ts';

/** Hash of the token of runs that `claimRun` made. */
export const TOKEN = createHash('sha256').update('token').digest();

export async function claimRun(sql: Sql): Promise<string> {
  const id = newRunId();
  await sql`insert into simcity_runs (id, scenario, target, seed) values (${id}, 'bookings', 'memory', 1)`;
  await sql`select simcity_claim_run('test', 60, ${TOKEN}, ${id})`;
  return id;
}

export interface Storing {
  commit: GroupCommit;
  added: Addition[];
  changed: string[];
  /** Answers as text: the next index, or the error's code. */
  store(runId: string, batch: object, token?: Buffer): Promise<string>;
}

export async function storing(
  world: { databaseUrl: string; sql: Sql },
  work: (storing: Storing) => Promise<void>,
): Promise<void> {
  const added: Addition[] = [];
  const changed: string[] = [];
  const commit = new GroupCommit({
    ...world,
    log: silentLog,
    onAdded: (addition) => added.push(addition),
    onChanged: (runId) => changed.push(runId),
  });
  const store = async (runId: string, batch: object, token = TOKEN) => {
    try {
      const read = readBatch(Buffer.from(JSON.stringify(batch)), runId);
      return String((await commit.store(runId, token, read)).next);
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
  };
  try {
    await work({ commit, added, changed, store });
  } finally {
    await commit.close();
  }
}
