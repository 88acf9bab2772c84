/** Removing old runs: what is asked for, and what became of it. */
import { z } from 'zod';
import { terminalStatusSchema } from './run.ts';

/** A run goes when all that is given says so. Runs that have not ended stay, whatever is asked. */
export const pruneRequestSchema = z
  .strictObject({
    /** Only runs launched longer ago than this; from a day on, whole days (UTC) go. Null: of any age. */
    keepSeconds: z.number().min(1).nullable().default(null),
    /** Never the newest so many of the runs that have ended. Null: no matter which. */
    keepRuns: z.int().min(0).nullable().default(null),
    statuses: z.array(terminalStatusSchema).min(1).default(['PASS', 'FAIL', 'STOPPED']),
    /** Only say what would go. */
    dryRun: z.boolean().default(false),
  })
  .refine(({ keepSeconds, keepRuns }) => keepSeconds !== null || keepRuns !== null, {
    error: 'say what to keep: an age, a number of runs, or both',
  });
export type PruneRequest = z.output<typeof pruneRequestSchema>;

export const pruneReportSchema = z.object({
  dryRun: z.boolean(),
  /** Runs that were removed, or would be. */
  runs: z.int(),
  byStatus: z.partialRecord(terminalStatusSchema, z.int()),
  /** Events of their histories. */
  events: z.int(),
  oldest: z.iso.datetime().nullable(),
  newest: z.iso.datetime().nullable(),
  /** Days whose history was dropped as a whole. */
  daysDropped: z.int(),
  /** Campaigns that went with them: over, and unchanged for longer than is kept. */
  campaigns: z.int(),
  /** Rows of history that were removed one by one, of days on which other runs are left. */
  rowsRemoved: z.int(),
});
export type PruneReport = z.infer<typeof pruneReportSchema>;
