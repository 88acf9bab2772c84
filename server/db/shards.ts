/** Work of campaigns in the database: claimed, renewed, answered, and taken from claimants that are gone. */
import type { z } from 'zod';
import {
  CAMPAIGN_LEASE_SECONDS,
  type ClaimedWork,
  claimedWorkSchema,
  type findingRecordSchema,
  formatSignature,
  MOST_FINDINGS,
  MOST_SAMPLES,
  MOST_SHARD_ATTEMPTS,
  type ShardLeased,
  type shardLeaseSchema,
  type shardResultSchema,
  type Tally,
  type workClaimSchema,
} from '../contract/index.ts';
import type { Sql } from './client.ts';
import { replicated } from './replicated.ts';

export interface ShardKey {
  campaign: string;
  number: number;
}

export async function claimWork(sql: Sql, claim: z.output<typeof workClaimSchema>): Promise<ClaimedWork> {
  const [row] = await replicated(
    () => sql<{ claimed: unknown }[]>`
      select simcity_claim_work(${JSON.stringify(claim)}::text::jsonb, ${CAMPAIGN_LEASE_SECONDS}) as claimed`,
  );
  return claimedWorkSchema.parse(row?.claimed);
}

/** Null: it is not held any more. */
export async function renewShard(
  sql: Sql,
  { campaign, number }: ShardKey,
  { fence, seedsThrough, operations }: z.output<typeof shardLeaseSchema>,
): Promise<ShardLeased | null> {
  const leaseSeconds = CAMPAIGN_LEASE_SECONDS;
  const [row] = await replicated(
    () => sql<{ over: boolean | null }[]>`
      select simcity_renew_shard(${campaign}, ${number}::int, ${fence}, ${seedsThrough}, ${operations}, ${leaseSeconds},
        ${MOST_SAMPLES}) as over`,
  );
  return typeof row?.over === 'boolean' ? { leaseSeconds, isOver: row.over } : null;
}

/** Why a result is not stored: another claim came after, or its seeds are not the shard's. */
export type ResultRefusal = 'lost' | 'seeds';

/** Null: it is stored. */
export async function finishShard(
  sql: Sql,
  { campaign, number }: ShardKey,
  { fence, tally, why }: z.output<typeof shardResultSchema>,
): Promise<ResultRefusal | null> {
  const [row] = await replicated(
    () => sql<{ refused: ResultRefusal | null }[]>`
      select simcity_finish_shard(${campaign}, ${number}::int, ${fence}, ${signedFailures(tally)}::text::jsonb, ${why},
        ${MOST_SHARD_ATTEMPTS}, ${MOST_SAMPLES}, ${MOST_FINDINGS}) as refused`,
  );
  return row?.refused ?? null;
}

/** Null: it is not held any more; else whether the campaign was stopped. */
export async function recordFinding(
  sql: Sql,
  campaign: string,
  { fence, signature, ...record }: z.output<typeof findingRecordSchema>,
): Promise<boolean | null> {
  const [row] = await replicated(
    () => sql<{ over: boolean | null }[]>`
      select simcity_record_finding(${campaign}, ${formatSignature(signature)}, ${fence},
        ${JSON.stringify(record)}::text::jsonb, ${CAMPAIGN_LEASE_SECONDS}) as over`,
  );
  return row?.over ?? null;
}

/**
 * Takes shards from claimants that are gone, unless `heedsLeases` is false, and brings each campaign to where it is to
 * be; answers those that have changed.
 */
export async function reapShards(sql: Sql, heedsLeases: boolean): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select simcity_reap_shards(${MOST_SHARD_ATTEMPTS}, ${heedsLeases}) as name`;
  return [...new Set(rows.map(({ name }) => name))];
}

/** As JSON, with the text of each signature, which is its key. */
export function signedFailures({ failures, ...tally }: Tally): string {
  const signed = failures.map((each) => ({ ...each, signatureText: formatSignature(each.signature) }));
  return JSON.stringify({ ...tally, failures: signed });
}
