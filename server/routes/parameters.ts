/** The query parameters and request bodies of the routes, once for checking and for the OpenAPI document. */
import { z } from 'zod';
import {
  launchSchema,
  runConfigSchema,
  runStatusSchema,
  STREAM_MODES,
  stopRequestSchema,
} from '../contract/index.ts';

/** Digits only: Number() alone would take '', '1e3' and '0x10'. */
const wholeNumber = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `a whole number from ${low} to ${high}` })
    .transform(Number)
    .pipe(z.int().min(low).max(high));

export const MAX_INDEX = 999_999_999_999_999;
export const EVENTS_LIMIT = 1_000;
export const RUNS_LIMIT = 200;

const from = wholeNumber(0, MAX_INDEX).default(0);

export const eventsQuery = z.object({ from, limit: wholeNumber(1, 10_000).default(EVENTS_LIMIT) });

export const snapshotsQuery = z.object({
  from,
  limit: wholeNumber(1, 10_000).default(EVENTS_LIMIT),
  every: wholeNumber(1, 1_000_000).default(1),
});

export const streamQuery = z.object({
  from: wholeNumber(0, MAX_INDEX).optional(),
  after: z.string().max(40).optional(),
  mode: z.enum(STREAM_MODES).default('lossless'),
});

export const stateQuery = z.object({ at: wholeNumber(0, MAX_INDEX).optional() });

export const runsQuery = z.object({
  status: runStatusSchema.optional(),
  campaign: z.string().max(100).optional(),
  limit: wholeNumber(1, RUNS_LIMIT).default(50),
  before: z.uuid().optional(),
});

export const campaignsQuery = z.object({
  limit: wholeNumber(1, RUNS_LIMIT).default(50),
  before: z.string().max(100).optional(),
});
export const shardsQuery = z.object({
  limit: wholeNumber(1, RUNS_LIMIT).default(50),
  before: wholeNumber(1, MAX_INDEX).optional(),
});
export const waitingTasksQuery = z.object({ limit: wholeNumber(1, RUNS_LIMIT).default(50) });

/** A misspelt field would silently get its default, so unknown ones are refused. */
export const strictLaunch = z.strictObject({
  ...launchSchema.shape,
  config: z.strictObject(runConfigSchema.partial().shape).default({}),
});

export const strictStop = z.strictObject(stopRequestSchema.shape);
