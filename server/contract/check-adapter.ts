/** What a walk through an adapter shows: each call with its requests and answers, and what was learned at the end. */
import { z } from 'zod';

/** One request of the adapter's, and its answer. Long texts are cut. */
const exchangeSchema = z.object({
  method: z.string(),
  path: z.string(),
  body: z.string().nullable(),
  /** Null: there was no answer. */
  status: z.int().nullable(),
  /** The body of the answer, or why there is none. */
  answer: z.string(),
});
export type CheckedExchange = z.infer<typeof exchangeSchema>;

export const checkStepSchema = z.object({
  /** What was done, for people. */
  title: z.string(),
  exchanges: z.array(exchangeSchema),
  /** What the adapter made of it. */
  made: z.string(),
  /** What a right service would have answered instead, in words; null: this. */
  expected: z.string().nullable(),
});
export type CheckStep = z.infer<typeof checkStepSchema>;

export const checkEndSchema = z.object({
  /** As the event `rules` of a run tells them; null: they are not known. */
  rules: z.record(z.string(), z.unknown()).nullable(),
  /** What could not be walked, and why. */
  leftOut: z.array(z.string()),
  /** Operations and rules that no run with this adapter can test. */
  notTested: z.array(z.string()),
  /** What ended it early; null: nothing. */
  failed: z.object({ kind: z.enum(['adapter', 'unreachable']), message: z.string() }).nullable(),
});
export type CheckEnd = z.infer<typeof checkEndSchema>;
