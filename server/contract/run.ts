/** A run: what was asked for, where it stands, and how it ended. */
import { z } from 'zod';
import { forensicSchema } from './forensic.ts';
import { CONFIG_ROWS, type ConfigName, RUN_SETTINGS, type RunConfig } from './run-settings.ts';
import { RUN_STATUSES, TERMINAL_STATUSES } from './run-values.ts';
import { settingSchema } from './setting-schema.ts';

/** A JSON object. Values are data of scenarios and targets, so their shape is theirs. */
export const jsonObjectSchema = z.record(z.string(), z.unknown());
export type JsonObject = z.infer<typeof jsonObjectSchema>;

export const runStatusSchema = z.enum(RUN_STATUSES);
export const terminalStatusSchema = z.enum(TERMINAL_STATUSES);

/**
 * All that decides a run, with every default filled in: what is printed with it and stored with it.
 * Two runs with equal configurations and seeds have equal histories (on `memory` and `postgres`).
 */
export const runConfigSchema = z.object(
  Object.fromEntries(
    CONFIG_ROWS.map(([name, setting]) => {
      const schema: z.ZodType = settingSchema(setting);
      // Null, where nothing holds when nothing is said. A default is made anew for whoever gets it.
      const value = setting.default === null ? schema.nullable() : schema;
      return [name, value.default(() => structuredClone(setting.default) as NonNullable<unknown>)];
    }),
  ) as { [Name in ConfigName]: z.ZodDefault<z.ZodType<RunConfig[Name], RunConfig[Name]>> },
);

/** What `POST /runs` takes. Whatever is left out gets its default. */
export const launchSchema = z.object({
  /** A name, or the label of a file of the user's (`module:./my-scenario.ts`). */
  scenario: settingSchema(RUN_SETTINGS.scenario).default(RUN_SETTINGS.scenario.default),
  /** Code is never loaded through the API. */
  target: settingSchema(RUN_SETTINGS.target).default(RUN_SETTINGS.target.default),
  /** A fresh one when left out. */
  seed: settingSchema(RUN_SETTINGS.seed).optional(),
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
  /** True when its runner handed the run over to go on elsewhere: that is no loss. Left out: it is one. */
  handedOver: z.boolean().optional(),
});
export type LostAttempt = z.infer<typeof lostAttemptSchema>;

export const runSchema = z.object({
  id: z.uuid(),
  /** Its short name for people, `#12`: counted from 1 in each database, never given twice. */
  number: z.int().min(1),
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
  /** Attempts that infrastructure ended, or that were handed over, oldest first; a run that is lost for good has its last one among them. */
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
