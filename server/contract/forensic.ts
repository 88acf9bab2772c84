/** The forensic bundle: all that is known at the first failure. */
import { z } from 'zod';
import { proofSchema } from './gate.ts';
import { FAILURE_KINDS } from './run-values.ts';

const jsonObject = z.record(z.string(), z.unknown());

export const failureKindSchema = z.enum(FAILURE_KINDS);

/** One HTTP request of an operation as the client saw it, in ms since the start of the run. */
export const wireExchangeSchema = z.object({
  /** `POST /bookings`, cut to 200 characters. */
  request: z.string(),
  /** It was handed to the connection, whole or as much of it as was to be; null: it never was. */
  leftMs: z.number().nullable(),
  /** The head of the answer came; null: none did. */
  firstByteMs: z.number().nullable(),
  /** The answer was whole, or it was known that none would come; null: neither by the time of the failure. */
  endedMs: z.number().nullable(),
  status: z.int().nullable(),
  /** Why no answer came; null: one did, or may still come. */
  cut: z.string().nullable(),
});
export type WireExchange = z.infer<typeof wireExchangeSchema>;

/** One operation as an interval: from its invocation to its completion, by event index and virtual time. */
export const intervalSchema = z.object({
  operation: z.int(),
  actor: z.string(),
  call: jsonObject,
  /** `pending` when no completion had come by the time of the failure. */
  outcome: z.enum(['ok', 'refused', 'unknown', 'pending']),
  answer: z.unknown(),
  invokedIndex: z.int(),
  completedIndex: z.int().nullable(),
  invokedMs: z.number(),
  completedMs: z.number().nullable(),
  /** Of a service at a URL without a gate: its requests on the wire, the first few. */
  wire: z.array(wireExchangeSchema).optional(),
});
export type Interval = z.infer<typeof intervalSchema>;

export const forensicSchema = z.object({
  version: z.literal(1),
  kind: failureKindSchema,
  /** The invariant's name, in kebab-case; for other kinds what stands for it (`per-object-history`). */
  invariant: z.string(),
  /** One sentence for people. */
  message: z.string(),
  /** Index of the event at which it broke; null when the harness did not live to say. */
  eventIndex: z.int().nullable(),
  virtualMs: z.number().nullable(),
  /** The operation whose completion broke it. */
  operation: jsonObject.nullable(),
  actual: z.unknown(),
  expected: z.unknown(),
  /** The object concerned (a slot), when there is one. */
  object: z.string().nullable(),
  /** The object's history as intervals, newest last. */
  history: z.array(intervalSchema),
  /** The last 50 events up to the failure, oldest first. */
  lastEvents: z.array(jsonObject),
  /** The city at the failure as the target holds it, or as far as it is known. */
  city: z.unknown(),
  /** What differs between the target's city and the model's, one sentence each. */
  difference: z.array(z.string()),
  faultsActive: z.array(z.string()),
  seed: z.int(),
  config: jsonObject,
  /** What the service promises, and where that is known from, for a service at a URL. */
  rules: jsonObject.nullable().optional(),
  versions: z.record(z.string(), z.string()),
  /** The command that reproduces the failure. */
  reproduce: z.string(),
  /** The smallest reproduction, once `shrink` has found it. */
  smallest: jsonObject.nullable().optional(),
  /**
   * How often the same plan failed the same way when it was tried again, where the world decides the interleaving;
   * and otherwise, by signature.
   */
  reproduction: z
    .object({
      attempts: z.int().min(0),
      failures: z.int().min(0),
      otherwise: z.record(z.string(), z.int()).optional(),
    })
    .optional(),
  /** How often the seed was executed again, behind a gate, and whether that was the same. */
  proof: proofSchema.optional(),
  /**
   * For harness failures: exit code, signal, the last lines it printed. For a service that the run started
   * itself: how often it was started and killed, and the last lines it printed.
   */
  process: jsonObject.nullable().optional(),
});
export type Forensic = z.infer<typeof forensicSchema>;
