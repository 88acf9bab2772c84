/** What `simcity.config.ts` and `simcity.config.json` may hold. */
import { z } from 'zod';
import { runConfigSchema } from '../../server/contract/index.ts';
import { duration, reporter, threshold } from '../flags.ts';

const run = runConfigSchema.shape;
const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `must be a URL such as ${example}` });

/** Makes a check of a parser that throws. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
};

const runSchema = z
  .strictObject({
    target: z.string().min(1).max(2_000),
    seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
    operations: run.operations.unwrap(),
    /** Seconds, or a text such as `30s`. */
    duration: z
      .union([z.number().positive().max(604_800), z.string().superRefine(parses(duration))])
      .transform((value) => (typeof value === 'string' ? duration(value) : value)),
    citizens: run.citizens.unwrap(),
    slots: run.slots.unwrap(),
    concurrency: run.concurrency.unwrap(),
    faults: run.faults.unwrap(),
    fault: run.faultRates.unwrap(),
    bug: run.bug.unwrap().unwrap(),
    isolation: run.isolation.unwrap(),
    strategy: run.strategy.unwrap(),
    rate: run.rate.unwrap().unwrap(),
    snapshotEvery: run.snapshotEvery.unwrap(),
    threshold: z.array(z.string().superRefine(parses(threshold))).max(50),
  })
  .partial();

export const configFileSchema = z
  .strictObject({
    $schema: z.string(),
    server: url(/^https?$/, 'http://127.0.0.1:4600'),
    token: z.string().min(1),
    databaseUrl: url(/^postgres(ql)?$/, 'postgres://user@host/database'),
    targetUrl: url(/^postgres(ql)?$/, 'postgres://user@host/database'),
    launcher: z.enum(['process', 'docker', 'kubernetes']),
    image: z.string().min(1),
    sink: z.enum(['server', 'supabase']),
    dataDir: z.string().min(1),
    host: z.string().min(1),
    port: z.int().min(0).max(65_535),
    requireToken: z.boolean(),
    tokens: z.string().min(1),
    allowedHosts: z.string().min(1),
    targets: z.string().min(1),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    theme: z.enum(['auto', 'dark', 'light']),
    plain: z.boolean(),
    ascii: z.boolean(),
    reporters: z
      .array(z.string().superRefine(parses(reporter)))
      .transform((texts) => texts.flatMap((text) => reporter(text))),
    run: runSchema,
  })
  .partial();

export type ConfigFile = z.output<typeof configFileSchema>;
