/**
 * What the processes of SimCity say to each other when one starts another. A child prints one line of
 * JSON on stdout when it is ready (`Ready`), and ends by itself when its stdin closes.
 */
import { z } from 'zod';
import { gateOrderSchema } from './gate.ts';
import { runConfigSchema } from './run.ts';

/** The first line on stdout of `database`, `server` and `runner`. */
export const readySchema = z.discriminatedUnion('ready', [
  /** `folder`: where the database is, on a disk that may get full. */
  z.object({ ready: z.literal('database'), url: z.string(), folder: z.string() }),
  z.object({ ready: z.literal('server'), url: z.string() }),
  z.object({ ready: z.literal('runner'), name: z.string() }),
  z.object({ ready: z.literal(false), code: z.string(), message: z.string(), hint: z.string().optional() }),
]);
export type Ready = z.infer<typeof readySchema>;

/** Files of the user's that a process is to load, as absolute paths; null: none. */
export const modulesSchema = z.object({
  target: z.string().nullable().default(null),
  scenario: z.string().nullable().default(null),
  /** Maps the calls to the HTTP API of a service at a URL. */
  adapter: z.string().nullable().default(null),
});
export type Modules = z.infer<typeof modulesSchema>;

/** What an attempt at a run repeats, because an attempt before it was lost. */
export const repeatSchema = z.object({
  /** Events below this index are stored already: they are compared with those that are sent. */
  below: z.int().min(1),
  /** Wall time from the first of them to the last, in seconds. */
  elapsedSeconds: z.number().min(0),
  /** Virtual time at which the faults were healed among them; null: they were not. */
  healedMs: z.number().nullable(),
});
export type Repeat = z.infer<typeof repeatSchema>;

/** The first line on stdin of a harness: all that it needs. Secrets never travel by argv or environment. */
export const harnessOrderSchema = z.object({
  runId: z.string(),
  scenario: z.string(),
  target: z.string(),
  seed: z.int(),
  config: runConfigSchema,
  /** Null: nothing of the run is stored yet. */
  repeat: repeatSchema.nullable().default(null),
  /** The engine's generation that the run is claimed for. A harness of another one refuses the order. */
  generation: z.int(),
  /** Base URL of the server that takes the telemetry. */
  serverUrl: z.string(),
  /** The run-scoped token for it. */
  token: z.string(),
  /** The database in which a `postgres` target builds its city, and a gate its clones; null: none is needed. */
  targetUrl: z.string().nullable(),
  /** What that city is called, so that its runner finds it; null: nobody looks for it. */
  cityName: z.string().nullable().default(null),
  /** The project that takes the telemetry by its REST interface, instead of the server. */
  supabase: z.object({ url: z.string(), key: z.string() }).nullable().optional(),
  /** The command that starts the service under test; only ever from the command line of the runner's own machine. */
  exec: z.string().nullable().default(null),
  /** The database of a gated run; only ever from there, too. Null: the run has no gate. */
  gate: gateOrderSchema.nullable().default(null),
  /** All URLs of a service that has several, `target` first, with users and passwords. */
  targets: z.array(z.string()).default([]),
  /** Code of the user's; only ever from the command line of the runner's own machine. */
  modules: modulesSchema.optional(),
});
export type HarnessOrder = z.infer<typeof harnessOrderSchema>;

/** Further lines on stdin of a harness. */
export const harnessMessageSchema = z.object({ stop: z.object({ reason: z.string().nullable() }) });
