/**
 * Tasks: work on a run that has ended, which somebody asked for and whoever can executes. Each is a resource of its
 * own beside the run, worked at under a lease.
 */
import { z } from 'zod';
import { type Bisected, bisectedSchema } from './bisected.ts';
import { type Why, whySchema } from './explanation.ts';
import { smallestSchema } from './smallest.ts';
import { type Verified, verifiedSchema } from './verified.ts';

/**
 * `explain`: why it failed; `shrink`: its smallest reproduction; `verify`: whether its seed gives the same history
 * again; `bisect`: the first commit of the service that fails so, which only whoever has the repository can find.
 */
export const TASK_KINDS = ['explain', 'shrink', 'verify', 'bisect'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

export const taskProgressSchema = z.object({
  /** What is being done, for people. */
  stage: z.string(),
  /** Executions so far. */
  executions: z.int(),
  /** Operations left; null: none are left out by this task. */
  operations: z.int().nullable().default(null),
  /** For how long it has been worked at. */
  seconds: z.number().default(0),
});
export type TaskProgress = z.infer<typeof taskProgressSchema>;

/** What came of making a run small. The smallest reproduction itself is stored with the run's bundle. */
export const shrunkSchema = smallestSchema.pick({
  operations: true,
  operationsBefore: true,
  minimal: true,
  executions: true,
  seconds: true,
});
export type Shrunk = z.infer<typeof shrunkSchema>;

/** What comes of each kind. */
export interface TaskResults {
  explain: Why;
  shrink: Shrunk;
  verify: Verified;
  bisect: Bisected;
}

/** How a task ends: with its result, or with the reason why there is none. */
export type TaskEnd<Kind extends TaskKind = TaskKind> =
  | { state: 'ready'; result: TaskResults[Kind] }
  | { state: 'none'; reason: string };

/** The resource as it is served. `progress` null: it has been asked for, and nobody works at it. */
export type Task<Kind extends TaskKind = TaskKind> =
  | { state: 'pending'; progress: TaskProgress | null }
  | TaskEnd<Kind>;
export type Explanation = Task<'explain'>;

const taskOf = <Result>(result: z.ZodType<Result>) =>
  z.discriminatedUnion('state', [
    z.object({ state: z.literal('pending'), progress: taskProgressSchema.nullable() }),
    z.object({ state: z.literal('ready'), result }),
    z.object({ state: z.literal('none'), reason: z.string() }),
  ]);
export const taskSchemas: { [Kind in TaskKind]: z.ZodType<Task<Kind>> } = {
  explain: taskOf(whySchema),
  shrink: taskOf(shrunkSchema),
  verify: taskOf(verifiedSchema),
  bisect: taskOf(bisectedSchema),
};

/** More than this, as JSON, is not stored of one result. */
export const TASK_LIMIT_BYTES = 1024 * 1024;

/** How long a lease on a task holds. It is renewed well before. */
export const TASK_LEASE_SECONDS = 30;

export const taskRequestSchema = z.strictObject({
  /** Also when there is a result: it is made anew. */
  again: z.boolean().default(false),
});
export type TaskRequest = z.input<typeof taskRequestSchema>;

/** To work at a task, and to go on working at it. */
export const taskLeaseSchema = z.strictObject({
  /** Chosen by whoever works at it, at random, so that a call may be made again. */
  holder: z.uuid(),
  /** True: only as long as it is held by this holder still. */
  renews: z.boolean().default(false),
  /** Null: as it was. */
  progress: taskProgressSchema.nullable().default(null),
});
export type TaskLease = z.input<typeof taskLeaseSchema>;

export const taskLeasedSchema = z.object({
  /** How long it is held from now on, unless it is renewed. */
  seconds: z.number(),
});

const taskEndOf = <Result>(result: z.ZodType<Result>) =>
  z.strictObject({
    holder: z.uuid(),
    end: z.discriminatedUnion('state', [
      z.strictObject({ state: z.literal('ready'), result }),
      z.strictObject({ state: z.literal('none'), reason: z.string().min(1).max(2_000) }),
    ]),
  });
/** How a task ended, as its holder says it. */
export const taskEndSchemas: { [Kind in TaskKind]: z.ZodType<{ holder: string; end: TaskEnd<Kind> }> } = {
  explain: taskEndOf(whySchema),
  shrink: taskEndOf(shrunkSchema),
  verify: taskEndOf(verifiedSchema),
  bisect: taskEndOf(bisectedSchema),
};

/** Tasks that are asked for, with nobody at work on them, in the order in which they were. */
export const waitingTasksSchema = z.object({
  tasks: z.array(z.object({ runId: z.uuid(), kind: z.enum(TASK_KINDS) })),
});
export type WaitingTasks = z.infer<typeof waitingTasksSchema>;
