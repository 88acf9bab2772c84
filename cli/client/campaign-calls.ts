/** The calls of campaigns and of their work. */
import type { z } from 'zod';
import {
  type ApiErrorBody,
  apiPath,
  type Campaign,
  type CampaignImport,
  type CampaignPage,
  type CampaignResume,
  type CampaignStart,
  type ClaimedWork,
  campaignPageSchema,
  campaignSchema,
  claimedWorkSchema,
  type FindingRecord,
  type RunnerPage,
  runnerPageSchema,
  type ShardLease,
  type ShardLeased,
  type ShardPage,
  type ShardResult,
  shardLeasedSchema,
  shardPageSchema,
  type WorkClaim,
} from '../../server/contract/index.ts';

export interface CampaignApi {
  /** Null: it is not known there. */
  campaign(name: string): Promise<Campaign | null>;
  /** The newest first. */
  campaigns(query: { limit?: number; before?: string }): Promise<CampaignPage>;
  startCampaign(start: CampaignStart): Promise<Campaign>;
  stopCampaign(name: string): Promise<Campaign>;
  resumeCampaign(name: string, resume: CampaignResume): Promise<Campaign>;
  /** Stores one that was executed without a server. */
  importCampaign(name: string, given: CampaignImport): Promise<Campaign>;
  /** The newest first. */
  shards(name: string, query: { limit?: number; before?: number }): Promise<ShardPage>;
  runners(): Promise<RunnerPage>;
  claimWork(claim: WorkClaim): Promise<ClaimedWork>;
  /** Null: the shard is not held any more; so are the two below. */
  renewShard(name: string, number: number, lease: ShardLease): Promise<ShardLeased | null>;
  finishShard(name: string, number: number, result: ShardResult): Promise<ShardLeased | null>;
  recordFinding(name: string, record: FindingRecord): Promise<ShardLeased | null>;
}

export type Query = Record<string, string | number | undefined>;

export interface CallInit {
  query?: Query;
  /** Makes it a POST, unless `method` says otherwise. */
  body?: unknown;
  method?: 'PUT' | 'DELETE';
  /** True for a POST that done twice does no more than done once. */
  mayRepeat?: boolean;
}

/** Null where the server refuses with this code, which is an answer as well. */
type NullFor = <T>(code: ApiErrorBody['error']['code'], asked: Promise<T>) => Promise<T | null>;

export type Ask = <T>(schema: z.ZodType<T> | null, path: string, init?: CallInit) => Promise<T>;

/** All that changes something there may be done twice: by its id, or its fence. */
export function campaignCalls(ask: Ask, nullFor: NullFor): CampaignApi {
  const post = (body: unknown): CallInit => ({ body, mayRepeat: true });
  const put = (body: unknown): CallInit => ({ method: 'PUT', body });
  return {
    campaign: (name) => nullFor('not_found', ask(campaignSchema, apiPath.campaign(name))),
    campaigns: (query) => ask(campaignPageSchema, apiPath.campaigns(), { query }),
    startCampaign: (start) => ask(campaignSchema, apiPath.campaigns(), post(start)),
    stopCampaign: (name) => ask(campaignSchema, apiPath.stopCampaign(name), post({})),
    resumeCampaign: (name, resume) => ask(campaignSchema, apiPath.resumeCampaign(name), { body: resume }),
    importCampaign: (name, given) => ask(campaignSchema, apiPath.campaign(name), put(given)),
    shards: (name, query) => ask(shardPageSchema, apiPath.shards(name), { query }),
    runners: () => ask(runnerPageSchema, apiPath.runners()),
    claimWork: (claim) => ask(claimedWorkSchema, apiPath.claimWork(), post(claim)),
    renewShard: (name, number, lease) =>
      nullFor('lease_lost', ask(shardLeasedSchema, apiPath.shardLease(name, number), post(lease))),
    finishShard: (name, number, result) =>
      nullFor('lease_lost', ask(shardLeasedSchema, apiPath.shard(name, number), put(result))),
    recordFinding: (name, record) =>
      nullFor('lease_lost', ask(shardLeasedSchema, apiPath.findingRecord(name), put(record))),
  };
}
