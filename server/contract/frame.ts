/** The frames of `GET /runs/:runId/stream` (Server-Sent Events). */
import { z } from 'zod';
import { failureKindSchema } from './forensic.ts';
import { liveSchema, terminalStatusSchema } from './run.ts';
import { eventSchema, snapshotSchema } from './telemetry.ts';

/** Status and newest metrics: at once on connecting, then every second. Carries no `id`. */
export const heartbeatFrameSchema = liveSchema.extend({
  at: z.iso.datetime(),
  /** How often each sometimes-property was reached; left out while nothing tells, and once the run has ended. */
  reached: z.record(z.string(), z.number()).optional(),
});
export type HeartbeatFrame = z.infer<typeof heartbeatFrameSchema>;

/** The failure in short. */
export const failureSummarySchema = z.object({
  kind: failureKindSchema,
  invariant: z.string(),
  message: z.string(),
  eventIndex: z.int().nullable(),
  reproduce: z.string(),
});
export type FailureSummary = z.infer<typeof failureSummarySchema>;

/** Only with `mode=live`: the events `from` to `to`, `events` in number, were passed over. */
export const skippedFrameSchema = z.object({
  from: z.int().min(0),
  to: z.int().min(0),
  events: z.int().min(1),
});
export type SkippedFrame = z.infer<typeof skippedFrameSchema>;

export const endFrameSchema = z.object({
  status: terminalStatusSchema,
  /** Null for STOPPED. */
  pass: z.boolean().nullable(),
  eventIndex: z.int(),
  durationSecondsActual: z.number(),
  failure: failureSummarySchema.nullable(),
  stopReason: z.string().nullable(),
});
export type EndFrame = z.infer<typeof endFrameSchema>;

/**
 * `lossless` carries every event. `live` is for eyes on a thin link: the newest events and metrics a few
 * times a second, and `skipped` in the place of those that were passed over.
 */
export const STREAM_MODES = ['lossless', 'live'] as const;
export type StreamMode = (typeof STREAM_MODES)[number];

/**
 * What was read is not stored any more. `pruned`: the run was removed: nothing more comes, and coming back is answered
 * with 410. `history_lost`: the database has lost the newest of it, by a failover or because it was restored: forget all
 * that came; what is stored follows, from event 0 on.
 */
export const resetFrameSchema = z.object({ code: z.enum(['pruned', 'history_lost']), message: z.string() });
export type ResetFrame = z.infer<typeof resetFrameSchema>;

/** One frame with its kind. On the wire: `event: <frame>`, `data: <JSON>`, and for history `id: <cursor>`. */
export type Frame =
  | { frame: 'heartbeat'; data: HeartbeatFrame }
  | { frame: 'event'; data: z.infer<typeof eventSchema> }
  | { frame: 'snapshot'; data: z.infer<typeof snapshotSchema> }
  | { frame: 'skipped'; data: SkippedFrame }
  | { frame: 'reset'; data: ResetFrame }
  | { frame: 'end'; data: EndFrame };

export const frameSchemas = {
  heartbeat: heartbeatFrameSchema,
  event: eventSchema,
  snapshot: snapshotSchema,
  skipped: skippedFrameSchema,
  reset: resetFrameSchema,
  end: endFrameSchema,
} as const;

/**
 * A place in a run's history, as the `id` of a frame. `12` stands after event 12, `12s` after the
 * snapshot that follows event 12, `12e` after the end, of which event 12 was the last. `12.5f0c9ab1` names who stored
 * event 12 as well: a history that went on from an older state, after a failover or a restore, has another there.
 */
export interface Cursor {
  index: number;
  after: 'event' | 'snapshot' | 'end';
  /** Left out, or null: it is not known. */
  epoch?: string | null | undefined;
}

const CURSOR_SUFFIX = { event: '', snapshot: 's', end: 'e' } as const;

export function formatCursor(cursor: Cursor): string {
  const epoch = cursor.epoch ? `.${cursor.epoch}` : '';
  return `${cursor.index}${CURSOR_SUFFIX[cursor.after]}${epoch}`;
}

/** Null when `text` is no cursor. */
export function parseCursor(text: string): Cursor | null {
  const match = /^(0|[1-9]\d{0,15})([se]?)(?:\.([0-9a-f]{8}))?$/.exec(text);
  if (!match) return null;
  const after = match[2] === 's' ? 'snapshot' : match[2] === 'e' ? 'end' : 'event';
  return { index: Number(match[1]), after, ...(match[3] === undefined ? {} : { epoch: match[3] }) };
}
