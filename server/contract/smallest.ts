/** The smallest reproduction of a failure, as `shrink` finds it and as it is stored with the run's bundle. */
import { z } from 'zod';
import { failureKindSchema } from './forensic.ts';
import { runConfigSchema } from './run.ts';

/** One line of the story of a shrunk run. */
export const storyStepSchema = z.object({
  /** From 1. */
  step: z.int().min(1),
  virtualMs: z.number(),
  /** A citizen, `city` or `chaos`. */
  actor: z.string(),
  /** The call with its arguments, short: `book slot-003`. */
  operation: z.string(),
  /** What happened: `asks`, `asks again`, the fault that struck, `is answered`, … */
  what: z.string(),
  /** The answer, short; empty when this line is none. */
  answer: z.string(),
});
export type StoryStep = z.infer<typeof storyStepSchema>;

/** One line of what went over the wire of a gated run. UUIDs and timestamps are renamed. */
export const wireLineSchema = z.object({
  /**
   * `request`: with its words; `statement`: it is let through, with its values; `rows`: what the database answered to it; `lock`:
   * it waits for one, is taken back, is a deadlock's victim, or was struck by a fault; `answer`: the service's to a request;
   * `notification`: one is handed on; `quiet`: nothing can go on.
   */
  kind: z.enum(['request', 'statement', 'rows', 'lock', 'answer', 'notification', 'quiet']),
  /** The number of a request, or the service's own doings. */
  owner: z.union([z.int(), z.literal('background')]),
  text: z.string(),
  /** Values of a statement, rows, or a body; empty: there are none, or they are left out. */
  values: z.string(),
});
export type WireLine = z.infer<typeof wireLineSchema>;

export const smallestSchema = z.object({
  version: z.literal(1),
  scenario: z.string(),
  target: z.string(),
  seed: z.int(),
  /** The whole configuration, with the reduction in it. */
  config: runConfigSchema,
  /** How many planned operations are left, and of how many. */
  operations: z.int(),
  operationsBefore: z.int(),
  /** The faults that still strike, as `<planned operation>.<attempt>.<fault>`. */
  faults: z.array(z.string()),
  kind: failureKindSchema,
  invariant: z.string(),
  /** Why it is wrong: a sentence for people. */
  message: z.string(),
  actual: z.unknown(),
  expected: z.unknown(),
  story: z.array(storyStepSchema),
  /** What went over the wire, of a gated run. */
  wire: z.array(wireLineSchema).default([]),
  /** The command that reproduces it. */
  reproduce: z.string(),
  /** True when it was shown that without any one of the operations it does not fail this way. */
  minimal: z.boolean(),
  /** For how many of the operations the run without it fails in another way, instead of passing. */
  failsOtherwise: z.int(),
  /** How often the result failed the same way when executed again; and otherwise, by signature. */
  reproduced: z.object({
    times: z.int(),
    of: z.int(),
    otherwise: z.record(z.string(), z.int()).optional(),
  }),
  /** What finding it took. */
  executions: z.int(),
  seconds: z.number(),
});
export type Smallest = z.infer<typeof smallestSchema>;
