/** A campaign: one configuration executed for many seeds, by whoever claims shards of them, and what it has found. */
import { z } from 'zod';
import { failureTallySchema, MOST_FINDINGS, MOST_RANGES, tallySchema } from './campaign-tally.ts';
import { engineShape, shardSchema } from './campaign-work.ts';
import { runConfigSchema } from './run.ts';
import { RUN_SETTINGS } from './run-settings.ts';
import { settingSchema } from './setting-schema.ts';
import { seedRangeSchema } from './worker.ts';

/**
 * `running`: its seeds are executed; `recording`: they are over, and what failed is recorded and made small; `stopped`:
 * before its end, it can go on.
 */
export const CAMPAIGN_STATES = ['running', 'recording', 'done', 'stopped'] as const;
export const campaignStateSchema = z.enum(CAMPAIGN_STATES);
export type CampaignState = z.infer<typeof campaignStateSchema>;

/** How far it was after so many seconds of being under way. */
export const campaignSampleSchema = z.object({
  seconds: z.number().min(0),
  /** Seeds that were through. */
  seeds: z.int().min(0),
  operations: z.int().min(0),
});
export type CampaignSample = z.infer<typeof campaignSampleSchema>;

/** Samples kept of one campaign, however long it is. */
export const MOST_SAMPLES = 200;
/** As of the campaign that a run names. */
export const LONGEST_CAMPAIGN_NAME = 100;

const budget = {
  /** It ends after so long under way; null: not by time. */
  budgetSeconds: z
    .number()
    .positive()
    .max(365 * 86_400)
    .nullable(),
  /** It ends once so many distinct failures were found that are not known; null: not by those. */
  untilNew: z.int().min(1).max(MOST_FINDINGS).nullable(),
};

/** Failures that are known, by their signatures as text: they are counted, but neither recorded nor taken for new. */
const known = z.array(z.string().min(1).max(1_000)).max(MOST_FINDINGS);

const seeds = z.array(seedRangeSchema).min(1).max(MOST_RANGES);

/** What `POST /campaigns` takes. */
export const campaignStartSchema = z.strictObject({
  /** Chosen by whoever starts it, so that the call may be made again. */
  id: z.uuid(),
  name: z.string().min(1).max(LONGEST_CAMPAIGN_NAME),
  scenario: settingSchema(RUN_SETTINGS.scenario),
  target: settingSchema(RUN_SETTINGS.target),
  config: runConfigSchema,
  ...engineShape,
  seeds,
  /** Those of them that are executed before all others. */
  first: z.array(seedRangeSchema).max(MOST_RANGES).default([]),
  ...budget,
  known: known.default([]),
  /** False: failures are only counted. */
  records: z.boolean(),
});
export type CampaignStart = z.input<typeof campaignStartSchema>;

/** What `POST /campaigns/:name/resume` takes. */
export const campaignResumeSchema = z.strictObject({
  /** More of them; those it has are not executed again. */
  seeds: z.array(seedRangeSchema).max(MOST_RANGES).default([]),
  /** From now on; null: as they were. */
  ...budget,
});
export type CampaignResume = z.input<typeof campaignResumeSchema>;

const recordShape = {
  /** Operations of its smallest reproduction; null: there is none, or none yet. */
  smallest: z.int().min(0).nullable(),
  /** Why there is no smallest one; '' while that is not known. */
  why: z.string().max(10_000),
  /** The command of the smallest reproduction. */
  reproduce: z.string().max(20_000).nullable(),
};

export const findingSchema = z.object({
  ...failureTallySchema.shape,
  ...recordShape,
  /** The recorded run; null before it was, and when it was removed since. */
  run: z.object({ id: z.uuid(), number: z.int().min(1) }).nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

/** A campaign that was executed without a server, as its checkpoint has it. */
export const campaignImportSchema = z.strictObject({
  /** Tells it from another of the same name. */
  id: z.uuid(),
  state: z.enum(['done', 'stopped']),
  scenario: z.string().max(500),
  target: z.string().max(2_000),
  config: runConfigSchema,
  ...engineShape,
  seeds,
  ...budget,
  known: known.default([]),
  /** Time under way. */
  seconds: z.number().min(0),
  tally: tallySchema,
  course: z.array(campaignSampleSchema).max(MOST_SAMPLES),
  /** Of the failures of `tally`, in their order. */
  records: z.array(z.object({ ...recordShape, run: z.uuid().nullable() })).max(MOST_FINDINGS),
  /** When it was so. */
  at: z.iso.datetime(),
});
export type CampaignImport = z.input<typeof campaignImportSchema>;

/** In a list. */
export const campaignSummarySchema = z.object({
  name: z.string(),
  state: campaignStateSchema,
  /** Why it ends before all seeds are through; null: it does not. */
  endedBy: z.enum(['stop', 'time', 'failures']).nullable(),
  scenario: z.string(),
  target: z.string(),
  config: runConfigSchema,
  ...engineShape,
  ...budget,
  /** How many seeds it has, how many are through (with those of shards under way), and how many failed. */
  seedsTotal: z.int(),
  seedsThrough: z.int(),
  seedsFailing: z.int(),
  /** Distinct failures. */
  failures: z.int(),
  operations: z.int(),
  /** Time under way. */
  seconds: z.number(),
  /** Shards that were claimed three times and never came back. */
  shardsLost: z.int(),
  /** Claimants at work on it. */
  runners: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type CampaignSummary = z.infer<typeof campaignSummarySchema>;

export const campaignSchema = z.object({
  ...campaignSummarySchema.shape,
  /** Tells it from another of the same name. */
  id: z.uuid(),
  seeds: z.array(seedRangeSchema),
  known,
  course: z.array(campaignSampleSchema),
  proved: z.int(),
  identical: z.int(),
  /** How many seeds reached each sometimes-property; 0: none has. */
  reached: z.record(z.string(), z.int()),
  /** Shards by state. */
  shards: z.object({ open: z.int(), running: z.int(), done: z.int(), lost: z.int() }),
  /** Those under way, those that were lost, and those that wait again, at most 100 of them. */
  shardsToSee: z.array(shardSchema),
  /** The most frequent first. */
  findings: z.array(findingSchema),
});
export type Campaign = z.infer<typeof campaignSchema>;

export const campaignPageSchema = z.object({
  /** The newest first. */
  campaigns: z.array(campaignSummarySchema),
  /** Pass as `before` for the next page; null on the last. */
  next: z.string().nullable(),
});
export type CampaignPage = z.infer<typeof campaignPageSchema>;

/** A process that claims work of campaigns. */
export const runnerSchema = z.object({
  name: z.string(),
  host: z.string(),
  version: z.string(),
  build: z.string(),
  labels: z.array(z.string()),
  /** True: it was given code of a user's. */
  hasCode: z.boolean(),
  /** What it does; null: it waits. `shard` null: it records a failure. */
  work: z.object({ campaign: z.string(), shard: z.int().nullable() }).nullable(),
  /** Its last sign of life, and how many seconds ago that was. */
  seenAt: z.iso.datetime(),
  silentSeconds: z.number(),
});
export type Runner = z.infer<typeof runnerSchema>;

export const runnerPageSchema = z.object({
  /** Those heard of last first, of the last day. */
  runners: z.array(runnerSchema),
});
export type RunnerPage = z.infer<typeof runnerPageSchema>;
