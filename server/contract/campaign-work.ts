/** Work of campaigns as it is claimed: shards of their seeds, and failures to be recorded. Held by a lease and a fence. */
import { z } from 'zod';
import { MOST_RANGES, tallySchema } from './campaign-tally.ts';
import { runConfigSchema } from './run.ts';
import { signatureSchema } from './signature.ts';
import { seedRangeSchema } from './worker.ts';

/** How long a claim holds, unless it is renewed, in seconds. */
export const CAMPAIGN_LEASE_SECONDS = 15;
/** A shard that was claimed so often and never came back is lost: it is not executed, and no failure. */
export const MOST_SHARD_ATTEMPTS = 3;
/** Seeds of one shard. */
export const MOST_SHARD_SEEDS = 10_000_000;

/** A hash that tells builds, or code of users, apart. */
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** As `--label` takes it. */
export const labelSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);

/** What executes the seeds of a campaign, and what it needs. */
export const engineShape = {
  /** Of the engine that executes its seeds; null: of a SimCity before 0.2.0. */
  generation: z.int().nullable(),
  version: z.string().max(100).nullable(),
  /** Generation, version and the shipped engine's code, as one hash; null: executed without a server. */
  build: hashSchema.nullable(),
  /** What the claimant's own command line gives: --exec, --gate, --adapter and modules, as one hash; null: it needs none. */
  code: hashSchema.nullable(),
  /** Only claimants with this label execute it; null: any. */
  label: labelSchema.nullable(),
};

export const shardStateSchema = z.enum(['open', 'running', 'done', 'lost']);
export type ShardState = z.infer<typeof shardStateSchema>;

/** Seeds of a campaign that one claimant executes together. */
export const shardSchema = z.object({
  /** From 1, in the order in which they were cut. */
  number: z.int().min(1),
  /** `open`: given back, or its claimant is gone; `lost`: it was claimed three times and never came back. */
  state: shardStateSchema,
  seeds: z.array(seedRangeSchema),
  seedsTotal: z.int().min(1),
  /** While it is under way, as its claimant told last. */
  seedsThrough: z.int().min(0),
  operations: z.int().min(0),
  /** The claimant that has it, or had it last. */
  runner: z.string(),
  attempts: z.int().min(0),
  /** The last sign of life of its claimant. */
  seenAt: z.iso.datetime(),
  /** Why it was not executed to its end, the last time that it was not. */
  why: z.string().nullable(),
});
export type Shard = z.infer<typeof shardSchema>;

export const shardPageSchema = z.object({
  /** The newest first. */
  shards: z.array(shardSchema),
  /** Pass as `before` for the next page; null on the last. */
  next: z.int().nullable(),
});
export type ShardPage = z.infer<typeof shardPageSchema>;

/** Who claims, what with, and for which campaign. */
export const workClaimSchema = z.strictObject({
  /** As people call it; one name is one process. */
  runner: z.string().min(1).max(200),
  host: z.string().max(200),
  version: z.string().max(100),
  generation: z.int(),
  build: hashSchema,
  /** Null: it has no code of a user's. */
  code: hashSchema.nullable(),
  labels: z.array(labelSchema).max(20),
  /** The only one that it works for; null: any. */
  campaign: z.string().max(100).nullable(),
  /** As many seeds as it executes in the time that a shard is to take. */
  seeds: z.int().min(1).max(MOST_SHARD_SEEDS),
  /** Failures are recorded here, too. */
  records: z.boolean(),
});
export type WorkClaim = z.input<typeof workClaimSchema>;

/** What a claimed campaign executes. */
const subjectSchema = z.object({
  name: z.string(),
  scenario: z.string(),
  target: z.string(),
  config: runConfigSchema,
  code: hashSchema.nullable(),
});
export type WorkSubject = z.infer<typeof subjectSchema>;

const held = {
  campaign: subjectSchema,
  /** Every later word about it bears it: a claim that came after makes it void. */
  fence: z.int().min(1),
  leaseSeconds: z.number(),
};

export const workSchema = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('shard'),
    ...held,
    number: z.int().min(1),
    seeds: z.array(seedRangeSchema).max(MOST_RANGES),
    /** Then the campaign's time is over, and what is through is the shard; null: it has no such budget. */
    secondsLeft: z.number().min(0).nullable(),
  }),
  /** To record the seed of a failure as a run of the campaign, and to make it small. */
  z.object({
    do: z.literal('record'),
    ...held,
    signature: signatureSchema,
    seed: z.int().min(0),
    /** The recorded run, where there is one already. */
    run: z.uuid().nullable(),
  }),
]);
export type Work = z.infer<typeof workSchema>;
export type WorkTo<Do extends Work['do']> = Extract<Work, { do: Do }>;

export const claimedWorkSchema = z.object({
  /** Null: there is none for this claimant just now. */
  work: workSchema.nullable(),
  /** Campaigns that wait for a claimant, and that this one may not execute. */
  refused: z.array(
    z.object({
      campaign: z.string(),
      /** It is of another build, or needs code that this claimant was not given. */
      why: z.enum(['build', 'code']),
      generation: z.int().nullable(),
      version: z.string().nullable(),
    }),
  ),
  /** True where the one that it works for alone has no more work, for anybody. */
  isOver: z.boolean(),
});
export type ClaimedWork = z.infer<typeof claimedWorkSchema>;

const fenced = { fence: z.int().min(1) };

/** To go on with a shard: how far it is. */
export const shardLeaseSchema = z.strictObject({
  ...fenced,
  seedsThrough: z.int().min(0),
  operations: z.int().min(0),
});
export type ShardLease = z.input<typeof shardLeaseSchema>;

export const shardLeasedSchema = z.object({
  leaseSeconds: z.number(),
  /** The campaign was stopped, or its budget is spent: what is through is to be stored now. */
  isOver: z.boolean(),
});
export type ShardLeased = z.infer<typeof shardLeasedSchema>;

/** What came of a shard: what is through is stored, and the rest is to be claimed again. */
export const shardResultSchema = z.strictObject({
  ...fenced,
  tally: tallySchema,
  /** Why the rest could not be executed, which counts as an attempt; null: it is given back in order. */
  why: z.string().max(2_000).nullable(),
});
export type ShardResult = z.input<typeof shardResultSchema>;

/** How far the recording of a failure is; it holds the lease until it is over. */
export const findingRecordSchema = z.strictObject({
  ...fenced,
  signature: signatureSchema,
  /** Null: it is not recorded yet. */
  run: z.uuid().nullable(),
  /** Operations of its smallest reproduction; null: there is none, or none yet. */
  smallest: z.int().min(0).nullable(),
  /** Why there is no smallest one. */
  why: z.string().max(10_000),
  /** The command of the smallest reproduction. */
  reproduce: z.string().max(20_000).nullable(),
  /** `given-back`: another goes on with it. */
  state: z.enum(['under-way', 'given-back', 'over']),
});
export type FindingRecord = z.input<typeof findingRecordSchema>;
