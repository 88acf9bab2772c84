/**
 * What is said to the worker: a process that executes runs aside from the control plane, to compare,
 * shrink, or hunt. The order is the first line of JSON on its stdin; it answers with lines on stdout.
 */
import { z } from 'zod';
import { checkEndSchema, checkStepSchema } from './check-adapter.ts';
import { explainProgressSchema, whySchema } from './explanation.ts';
import { forensicSchema } from './forensic.ts';
import { gateOrderSchema, surveySchema } from './gate.ts';
import { harnessMessageSchema, modulesSchema } from './process.ts';
import { declaredRulesSchema } from './rules.ts';
import { runConfigSchema, terminalStatusSchema } from './run.ts';
import { signatureSchema } from './signature.ts';
import { smallestSchema } from './smallest.ts';
import { eventSchema } from './telemetry.ts';

const subject = {
  scenario: z.string(),
  target: z.string(),
  config: runConfigSchema,
  /** The database in which a `postgres` target builds its city, and a gate its clones; null: none is needed. */
  targetUrl: z.string().nullable(),
  /** Code of the user's. */
  modules: modulesSchema.optional(),
  /** The command that starts the service at a target that is a URL; null: it runs already. */
  exec: z.string().nullable().default(null),
  /** The database of a gated run; null: the run has no gate. */
  gate: gateOrderSchema.nullable().default(null),
};

/** First and last, both included. */
export const seedRangeSchema = z.tuple([z.int().min(0), z.int().min(0)]);
export type SeedRange = z.infer<typeof seedRangeSchema>;

export const workerOrderSchema = z.discriminatedUnion('do', [
  /** Loads files of the user's, to see whether they can be used for such a run. */
  z.object({
    do: z.literal('load'),
    modules: modulesSchema,
    scenario: z.string(),
    target: z.string(),
    bug: z.string().nullable(),
  }),
  /** Walks through every call of an adapter once, and prints what it sent and was answered. */
  z.object({
    do: z.literal('check-adapter'),
    modules: modulesSchema,
    scenario: z.string(),
    /** A URL, with user and password where it needs them. */
    target: z.string(),
    exec: z.string().nullable().default(null),
    rules: declaredRulesSchema.default({}),
    /** For the setup, and for each reset. */
    setupSeconds: z.number().positive(),
  }),
  /** Finds out how the service behind the gate is best tested. Of the configuration it heeds what is given already. */
  z.object({
    do: z.literal('survey'),
    ...subject,
    gate: gateOrderSchema,
    exec: z.string(),
    seed: z.int(),
  }),
  /** Executes one run and prints its history. */
  z.object({ do: z.literal('execute'), ...subject, seed: z.int() }),
  /** Makes a failing run small. */
  z.object({
    do: z.literal('shrink'),
    ...subject,
    seed: z.int(),
    /** How it failed when it was recorded, which its parts are held against; null: as it fails at first. */
    signature: signatureSchema.nullable().default(null),
    maxExecutions: z.int().min(1),
    maxSeconds: z.number().positive(),
    /** How often the result is executed again. */
    confirmations: z.int().min(0),
  }),
  /** Executes a run, or a part of it, until it fails as it did; a part in one timing after another. */
  z.object({
    do: z.literal('reproduce'),
    ...subject,
    seed: z.int(),
    signature: signatureSchema,
    /** Executions before it is taken to pass; null: as many as are worth it. */
    times: z.int().min(1).nullable(),
  }),
  /** Finds out why a run failed, from its smallest reproduction; where there is none yet, that is found first. */
  z.object({
    do: z.literal('explain'),
    ...subject,
    seed: z.int(),
    signature: signatureSchema.nullable().default(null),
    smallest: smallestSchema.nullable().default(null),
    /** What is known of a run against a service that is not to be executed again: its bundle; null for all others. */
    forensic: forensicSchema.nullable().default(null),
    /** For shrinking and explaining together. */
    maxSeconds: z.number().positive(),
  }),
  /** Executes many seeds and prints what became of them; then it waits for more of them, until it is stopped. */
  z.object({
    do: z.literal('campaign'),
    ...subject,
    seeds: z.array(seedRangeSchema),
    /** Seeds executed at once. */
    parallel: z.int().min(1).max(256),
  }),
]);
/** Further lines on stdin: a stop, or more seeds of a campaign. */
export const workerMessageSchema = z.union([
  harnessMessageSchema,
  z.object({ seeds: z.array(seedRangeSchema) }),
]);

export type WorkerOrder = z.infer<typeof workerOrderSchema>;
/** The same as it may be written, with what has a default left out. */
export type WorkerOrderInput = z.input<typeof workerOrderSchema>;
export type WorkerOrderTo<Work extends WorkerOrder['do']> = Extract<WorkerOrder, { do: Work }>;

/** One failing seed of a campaign. */
export const seedFailureSchema = z.object({
  seed: z.int(),
  signature: signatureSchema,
  message: z.string(),
  /** Operations begun when it failed: how long it took to find. */
  operations: z.int(),
});
export type SeedFailure = z.infer<typeof seedFailureSchema>;

/** What became of some seeds of a campaign. */
export const throughSchema = z.object({
  seeds: z.array(z.int()),
  failures: z.array(seedFailureSchema),
  operations: z.int(),
  /** Failing seeds that were executed a second time, and those of them that were the same again; behind a gate. */
  proved: z.int().optional(),
  identical: z.int().optional(),
  /** How many of the seeds reached each sometimes-property. */
  reached: z.record(z.string(), z.int()).optional(),
});
export type Through = z.infer<typeof throughSchema>;

/** How far shrinking has come. */
export const shrinkProgressSchema = z.object({
  executions: z.int(),
  operations: z.int(),
  /** What is being tried, for people. */
  stage: z.string(),
});
export type ShrinkProgress = z.infer<typeof shrinkProgressSchema>;

/** How executions of the same came out. */
export const reproducedSchema = z.object({
  executions: z.int(),
  /** Those that failed the same way. */
  same: z.int(),
  /** Those that failed otherwise, by signature. */
  otherwise: z.record(z.string(), z.int()),
});
export type Reproduced = z.infer<typeof reproducedSchema>;

/** One line on stdout of the worker: an object with exactly one of these. */
export const workerLineSchema = z.union([
  z.object({ event: eventSchema }),
  z.object({ ended: z.object({ status: terminalStatusSchema }) }),
  z.object({ shrinking: shrinkProgressSchema }),
  /** Null: the run did not fail again, or what failed cannot be made small; `why` says it. */
  z.object({ shrunk: smallestSchema.nullable(), why: z.string() }),
  z.object({ reproduced: reproducedSchema }),
  z.object({ explaining: explainProgressSchema }),
  /** Null: there is no explanation; `reason` says why. `smallest`: the one that it is of, when it was found on the way. */
  z.object({
    explained: whySchema.nullable(),
    reason: z.string(),
    smallest: smallestSchema.nullable().default(null),
  }),
  /** Seeds that are through since the last such line. */
  z.object({ through: throughSchema }),
  /** All seeds of a campaign that it was given are through; it waits for more. */
  z.object({ waiting: z.literal(true) }),
  /** What a survey is about, for people. */
  z.object({ surveying: z.string() }),
  z.object({ surveyed: surveySchema }),
  z.object({ step: checkStepSchema }),
  z.object({ checked: checkEndSchema }),
  /** A campaign has come to its end, or to a stop. */
  z.object({ finished: z.literal(true) }),
  /** The order could not be carried out. */
  z.object({ failed: z.string() }),
]);
export type WorkerLine = z.infer<typeof workerLineSchema>;
