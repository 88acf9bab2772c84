/** Events, snapshots, and the batches in which a harness sends them. */
import { z } from 'zod';
import { forensicSchema } from './forensic.ts';
import { jsonObjectSchema, liveSchema, terminalStatusSchema } from './run.ts';

/**
 * One line of a run's history. `type` is `start`, `fault`, `heal`, `violation`, `note`, `end`, or
 * `<operation>.<phase>` with the phase `invoke`, `ok`, `refused` or `unknown` (`book.refused`).
 */
export const eventSchema = z.object({
  /** Gapless from 0. */
  index: z.int().min(0),
  /** Wall time; the only field of an event that the seed does not decide. */
  at: z.iso.datetime(),
  /** Virtual time in milliseconds since the start. */
  virtualMs: z.number().min(0),
  type: z.string().min(1).max(100),
  /** Who: a citizen, `city` or `chaos`. */
  actor: z.string().max(200),
  data: jsonObjectSchema,
});
export type RunEvent = z.infer<typeof eventSchema>;

/** The metrics after the event with this index. */
export const snapshotSchema = z.object({
  index: z.int().min(0),
  at: z.iso.datetime(),
  metrics: z.record(z.string(), z.number()),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** How the harness says that the run ended; it comes with the batch that holds the `end` event. */
export const endReportSchema = z.object({
  status: terminalStatusSchema,
  /** Why, for STOPPED: in the words of whoever stopped it, or the kind of `failForensic`. */
  reason: z.string().nullable(),
  /** Why it failed; for STOPPED what went wrong with the run itself, if something did. */
  failForensic: forensicSchema.nullable(),
});
export type EndReport = z.infer<typeof endReportSchema>;

export const telemetryBatchSchema = z.object({
  /**
   * In order, without a gap; may overlap with what is stored already (a retry). An attempt at a run that was lost
   * before begins at 0 again: what is stored is compared then, and not stored twice.
   */
  events: z.array(eventSchema).max(10_000).default([]),
  snapshots: z.array(snapshotSchema).max(10_000).default([]),
  /** The metrics with what has been reached beside them: see `asReached`. */
  live: liveSchema.pick({ metrics: true, eventsPerSecond: true }).optional(),
  end: endReportSchema.optional(),
});

/** The answer to a batch, given only after it is committed. */
export const telemetryAnswerSchema = z.object({
  /** The index of the event that this attempt must send next. */
  next: z.int().min(0),
  /** Not null once a stop was asked for. */
  stop: z.object({ reason: z.string().nullable() }).nullable(),
});
export type TelemetryAnswer = z.infer<typeof telemetryAnswerSchema>;

export const eventPageSchema = z.object({
  events: z.array(eventSchema),
  /** Pass as `from` for the next page; null when nothing more is stored now. */
  next: z.int().nullable(),
});
export type EventPage = z.infer<typeof eventPageSchema>;

export const timedSnapshotSchema = snapshotSchema.extend({
  /** Virtual time of the event with this index, in ms; left out by servers that are older than it. */
  virtualMs: z.number().min(0).optional(),
});
export type TimedSnapshot = z.infer<typeof timedSnapshotSchema>;

export const snapshotPageSchema = z.object({
  snapshots: z.array(timedSnapshotSchema),
  next: z.int().nullable(),
});
export type SnapshotPage = z.infer<typeof snapshotPageSchema>;
