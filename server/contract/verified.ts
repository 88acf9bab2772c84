/** What came of executing a run's seed again: the same history, or where the two part. */
import { z } from 'zod';
import { eventSchema } from './telemetry.ts';

/** One value that differs. A side that is left out has none. */
export const differenceSchema = z.object({
  /** Such as `data.booking`. */
  path: z.string(),
  left: z.unknown(),
  right: z.unknown(),
});

/** The first event in which two histories differ, with what is around it. */
export const partingSchema = z.object({
  index: z.int().min(0),
  /** Null where that history has ended. */
  left: eventSchema.nullable(),
  right: eventSchema.nullable(),
  differences: z.array(differenceSchema),
  /** The last events that both have, oldest first. */
  before: z.array(eventSchema),
  /** What follows on each side. */
  leftAfter: z.array(eventSchema),
  rightAfter: z.array(eventSchema),
});

export const verifiedSchema = z.object({
  identical: z.boolean(),
  /** Events that both have. */
  common: z.int().min(0),
  /** What ended the recorded history other than its seed: `it was stopped`; null: nothing did. */
  endedBy: z.string().nullable(),
  /** Versions that are others now than when it was recorded. */
  versions: z.array(z.object({ name: z.string(), recorded: z.string(), executed: z.string() })),
  /** Null: it is identical. `left` is what was recorded. */
  parting: partingSchema.nullable(),
  /** How many UUIDs and timestamps were renamed one to one; null: the run has no gate. */
  renamed: z.object({ uuids: z.int(), timestamps: z.int() }).nullable(),
  /** What kind of difference it is, and what to do about it; null: it is identical, or the run has no gate. */
  difference: z.object({ class: z.string(), advice: z.string() }).nullable(),
  seconds: z.number(),
});
export type Verified = z.infer<typeof verifiedSchema>;
