/** A run: what was asked for, where it stands, and how it ended. */
import { z } from 'zod';
import { forensicSchema } from './forensic.ts';
import {
  FAULT_NAMES,
  FAULT_PROFILES,
  ISOLATION_LEVELS,
  RUN_DEFAULTS,
  RUN_STATUSES,
  TERMINAL_STATUSES,
} from './run-values.ts';

/** A JSON object. Values are data of scenarios and targets, so their shape is theirs. */
export const jsonObjectSchema = z.record(z.string(), z.unknown());
export type JsonObject = z.infer<typeof jsonObjectSchema>;

export const runStatusSchema = z.enum(RUN_STATUSES);
export const terminalStatusSchema = z.enum(TERMINAL_STATUSES);
export const faultNameSchema = z.enum(FAULT_NAMES);

/**
 * A run cut down to a part of itself, as `shrink` makes it: only these of the operations that the seed
 * plans, without some of the faults that it draws, and with a schedule of its own.
 */
export const reductionSchema = z.object({
  /** Numbers of the planned operations that are kept, ascending. */
  operations: z.array(z.int().min(0)).max(100_000),
  /** Faults that do not strike, as `<planned operation>.<attempt>.<fault>`: `17.0.drop-response`. */
  muted: z.array(z.string().max(100)).max(100_000).default([]),
  /**
   * Which of the ready requests takes each step, by position; 0 (the one that has been ready longest) where
   * the list is at its end. Null: the run's strategy decides.
   */
  schedule: z.array(z.int().min(0)).max(1_000_000).nullable().default(null),
  /** Draws all that is a matter of time anew (pauses, latencies, the strategy's choices); 0: as the seed has it. */
  variant: z.int().min(0).max(1_000_000_000).default(0),
});
export type Reduction = z.infer<typeof reductionSchema>;

/**
 * All that decides a run, with every default filled in: what is printed with it and stored with it.
 * Two runs with equal configurations and seeds have equal histories (on `memory` and `postgres`).
 */
export const runConfigSchema = z.object({
  /** Operations that citizens begin before the run settles. */
  operations: z.int().min(1).max(100_000_000).default(RUN_DEFAULTS.operations),
  /** Wall time in seconds after which no further operation begins; null: no limit. */
  durationSeconds: z.number().positive().max(604_800).nullable().default(null),
  citizens: z.int().min(1).max(100_000).default(RUN_DEFAULTS.citizens),
  slots: z.int().min(1).max(10_000).default(RUN_DEFAULTS.slots),
  /** Operations under way at once, at most. */
  concurrency: z.int().min(1).max(1_000).default(RUN_DEFAULTS.concurrency),
  faults: z.enum(FAULT_PROFILES).default(RUN_DEFAULTS.faults),
  /** Rates from 0 to 1 that replace the profile's, by fault. */
  faultRates: z.partialRecord(faultNameSchema, z.number().min(0).max(1)).default({}),
  /** A known bug of the reference service, by name; null: the right service. */
  bug: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .nullable()
    .default(null),
  isolation: z.enum(ISOLATION_LEVELS).default(RUN_DEFAULTS.isolation),
  strategy: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .default(RUN_DEFAULTS.strategy),
  /** Operations begun a wall-clock second, at most; null: as fast as it goes. For watching. */
  rate: z.number().positive().max(1_000_000).nullable().default(null),
  /** A snapshot of the metrics after every so many events. */
  snapshotEvery: z.int().min(5).max(1_000_000).default(RUN_DEFAULTS.snapshotEvery),
  /** Expressions such as `p95_latency_ms<50` over the metrics; a crossed one fails the run. */
  thresholds: z.array(z.string().max(200)).max(50).default([]),
  reduction: reductionSchema.nullable().default(null),
});
export type RunConfig = z.infer<typeof runConfigSchema>;

/** True for a target that is named by the URL of a service. */
export function isServiceTarget(target: string): boolean {
  return /^https?:\/\//i.test(target);
}

/**
 * How long a run goes on against a service, which decides its own pace, when neither is asked for: whichever
 * ends first. People wait for it; and bugs that show once in a few hundred requests are found by then.
 */
export const SERVICE_LIMITS = { operations: 20_000, durationSeconds: 20 } as const;

/** The limits of a run whose launch asks for neither; none for targets that have the defaults of all runs. */
export function limitsFor(
  target: string,
  asked: { operations?: unknown; durationSeconds?: unknown },
): Partial<typeof SERVICE_LIMITS> {
  const isAsked = asked.operations !== undefined || asked.durationSeconds !== undefined;
  return isServiceTarget(target) && !isAsked ? SERVICE_LIMITS : {};
}

/** What `POST /runs` takes. Whatever is left out gets its default. */
export const launchSchema = z.object({
  /** A name, or the label of a file of the user's (`module:./my-scenario.ts`). */
  scenario: z
    .string()
    .regex(/^([a-z0-9][a-z0-9_-]{0,63}|module:.{1,200})$/)
    .default(RUN_DEFAULTS.scenario),
  /** `postgres`, `memory`, or the http(s) URL of a service. Code is never loaded through the API. */
  target: z.string().min(1).max(2_000).default(RUN_DEFAULTS.target),
  /** 0 to 2^53 - 1; a fresh one when left out. */
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  config: runConfigSchema.partial().default({}),
  campaign: z.string().max(100).nullable().default(null),
  /** Only this runner may claim the run; null: any. */
  runner: z.string().max(200).nullable().default(null),
});
export type Launch = z.input<typeof launchSchema>;

/** The newest knowledge of a run: one row, replaced by every batch of telemetry. */
export const liveSchema = z.object({
  status: runStatusSchema,
  /** Index of the newest stored event; -1 before the first. */
  eventIndex: z.int().min(-1),
  metrics: z.record(z.string(), z.number()),
  eventsPerSecond: z.number().min(0),
  /** When the harness was last heard of; null before it was. */
  heartbeatAt: z.iso.datetime().nullable(),
});
export type Live = z.infer<typeof liveSchema>;

/** An attempt at a run that ended without a verdict, through no fault of the service under test. */
export const lostAttemptSchema = z.object({
  /** From 1. */
  attempt: z.int().min(1),
  runner: z.string().nullable(),
  lostAt: z.iso.datetime(),
  /** Index of the last event that it stored; -1: none. */
  eventIndex: z.int().min(-1),
  /** One sentence for people. */
  reason: z.string(),
});
export type LostAttempt = z.infer<typeof lostAttemptSchema>;

export const runSchema = z.object({
  id: z.uuid(),
  scenario: z.string(),
  target: z.string(),
  seed: z.int().min(0),
  config: runConfigSchema,
  status: runStatusSchema,
  /** True for PASS, false for FAIL; null until the run ends, and for STOPPED. */
  pass: z.boolean().nullable(),
  /** Why it failed; for STOPPED the diagnosis of what went wrong with the run itself, if something did. */
  failForensic: forensicSchema.nullable(),
  /** From the `start` event to the `end` event, exactly; null until the run ends. */
  durationSecondsActual: z.number().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  stopRequestedAt: z.iso.datetime().nullable(),
  /** For STOPPED: in the words of whoever stopped it, or the kind of `failForensic`. */
  stopReason: z.string().nullable(),
  runner: z.string().nullable(),
  campaign: z.string().nullable(),
  /** The generation of the engine that executes it; null before that, and for runs that are older than generations. */
  generation: z.int().nullable(),
  /** The version of SimCity that executes it. */
  version: z.string().nullable(),
  /** Attempts that infrastructure ended, oldest first; a run that is lost for good has its last one among them. */
  lostAttempts: z.array(lostAttemptSchema),
  live: liveSchema,
});
export type Run = z.infer<typeof runSchema>;

export const runPageSchema = z.object({
  runs: z.array(runSchema),
  /** Pass as `before` for the next page; null on the last. */
  next: z.uuid().nullable(),
});
export type RunPage = z.infer<typeof runPageSchema>;

export const stopRequestSchema = z.object({ reason: z.string().max(1_000).optional() });
