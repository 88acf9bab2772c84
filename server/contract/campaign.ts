/** A campaign as a server knows it: what its conductor reports of it, and how it is told to whoever looks. */
import { z } from 'zod';
import { runConfigSchema } from './run.ts';
import { signatureSchema } from './signature.ts';
import { seedRangeSchema } from './worker.ts';

/** What its conductor says of it; `lost`, which only the server says: the conductor is not heard of any more. */
export const CAMPAIGN_STATES = ['running', 'done', 'interrupted'] as const;
export const campaignStateSchema = z.enum([...CAMPAIGN_STATES, 'lost']);
export type CampaignState = z.infer<typeof campaignStateSchema>;

/** How far it was after so many seconds of executing. */
export const campaignSampleSchema = z.object({
  seconds: z.number().min(0),
  /** Seeds that were through. */
  seeds: z.int().min(0),
  operations: z.int().min(0),
});
export type CampaignSample = z.infer<typeof campaignSampleSchema>;

/** Samples kept of one campaign, however long it is. */
export const MOST_SAMPLES = 200;
/** Distinct failures stored of one campaign. */
export const MOST_FINDINGS = 500;
const MOST_RANGES = 10_000;

const findingShape = {
  signature: signatureSchema,
  /** Of the seed below. */
  message: z.string().max(10_000),
  /** Seeds that failed this way. */
  seeds: z.int().min(1),
  firstSeed: z.int().min(0),
  /** The one that fails after the fewest operations, which is recorded and shrunk. */
  seed: z.int().min(0),
  operations: z.int().min(0),
  /** Operations of its smallest reproduction; null: there is none, or none yet. */
  smallest: z.int().min(0).nullable(),
  /** Why there is no smallest one; '' while that is not known. */
  why: z.string().max(10_000),
  /** The command of the smallest reproduction. */
  reproduce: z.string().max(20_000).nullable(),
};

/** Everything that failed in one way, as it is reported. */
export const findingReportSchema = z.object({
  ...findingShape,
  /** The recorded run; null before it was. */
  run: z.uuid().nullable(),
});
export type FindingReport = z.infer<typeof findingReportSchema>;

export const findingSchema = z.object({
  ...findingShape,
  /** Null as well when it was removed since. */
  run: z.object({ id: z.uuid(), number: z.int().min(1) }).nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

const settled = {
  scenario: z.string().max(500),
  target: z.string().max(2_000),
  config: runConfigSchema,
  /** Of the engine that executes its seeds; null: of a SimCity before 0.2.0. */
  generation: z.int().nullable(),
  version: z.string().max(100).nullable(),
};

const progress = {
  operations: z.int().min(0),
  /** Time spent executing. */
  seconds: z.number().min(0),
};

const course = { course: z.array(campaignSampleSchema).max(MOST_SAMPLES) };

/** What its conductor reports, as a whole each time. */
export const campaignReportSchema = z.object({
  /** Tells it from another of the same name. */
  id: z.uuid(),
  /** Chosen by whoever conducts it, at random. */
  holder: z.uuid(),
  /** True: takes the lease, if nobody has it. False: only as long as this holder has it still. */
  begins: z.boolean(),
  /** A holder before that is known to be gone, so that its lease need not lapse; null: none is. */
  after: z.uuid().nullable().default(null),
  state: z.enum(CAMPAIGN_STATES),
  ...settled,
  seeds: z.array(seedRangeSchema).max(MOST_RANGES),
  /** How many of them were executed. */
  seedsThrough: z.int().min(0),
  ...progress,
  ...course,
  findings: z.array(findingReportSchema).max(MOST_FINDINGS),
  /** When it was so; null: now. */
  at: z.iso.datetime().nullable().default(null),
});
export type CampaignReport = z.input<typeof campaignReportSchema>;

/** How long a report keeps others from conducting the campaign, in seconds. */
export const CAMPAIGN_LEASE_SECONDS = 15;

export const campaignReportedSchema = z.object({
  /** For how long it counts as conducted from now on, unless it is reported again; 0: it is over. */
  seconds: z.number(),
});

/** In a list. */
export const campaignSummarySchema = z.object({
  name: z.string(),
  state: campaignStateSchema,
  ...settled,
  /** How many seeds it has, how many are through, and how many of those failed. */
  seedsTotal: z.int(),
  seedsThrough: z.int(),
  seedsFailing: z.int(),
  /** Distinct failures. */
  failures: z.int(),
  ...progress,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type CampaignSummary = z.infer<typeof campaignSummarySchema>;

export const campaignSchema = z.object({
  ...campaignSummarySchema.shape,
  seeds: z.array(seedRangeSchema),
  ...course,
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
