/** Why a failure happened: what the task `explain` finds out after the verdict, from the smallest reproduction. */
import { z } from 'zod';

/** What a story in lanes is drawn from. `answers`: nothing of what happened inside is seen. */
export const STORY_SOURCES = ['statements', 'requests', 'answers'] as const;

/** One request of the smallest reproduction. */
export const explainedLaneSchema = z.object({
  /** A, B, C …, in the order in which they began. */
  name: z.string(),
  actor: z.string(),
  operation: z.string(),
  /** What it was asked with, short: `citizen-004 k-48`. */
  words: z.string(),
  /** `48.0`, `48.1d`: its planned operation, which attempt, `d` for a duplicate. */
  request: z.string(),
  /** Its operation in the history. */
  op: z.int(),
  /** `accused`: the failure is named after it, or it read what was stale; `partner`: it changed what the other read. */
  role: z.enum(['accused', 'partner', 'other']),
  outcome: z.enum(['ok', 'refused', 'unknown', 'pending']),
});
export type ExplainedLane = z.infer<typeof explainedLaneSchema>;

/** One thing that happened, in the order in which it did. */
export const explainedStepSchema = z.object({
  /** From 1: what sentences point to. */
  step: z.int().min(1),
  /** Which lane, from 0; null: the service's own doings, or a fault of the whole city. */
  lane: z.int().min(0).nullable(),
  /**
   * `request` reaches the service; `leave`, `first-byte`, `cut`: on the wire of a service without a gate; `begin`, `statement`, `commit`,
   * `rollback`; `fault` strikes; `answer`: the service's; `note`.
   */
  kind: z.enum([
    'request',
    'leave',
    'first-byte',
    'cut',
    'begin',
    'statement',
    'commit',
    'rollback',
    'fault',
    'answer',
    'note',
  ]),
  /** SQL with its blanks collapsed, or words. */
  text: z.string(),
  /** Of a statement, short; empty: none, or they are left out. */
  values: z.string(),
  /** What was answered, short: `→ 1`, `2 rows: …`, an error. Empty: nothing. */
  answer: z.string(),
  /** As PostgreSQL says it: `UPDATE`, `SELECT`; null: not known. */
  tag: z.string().nullable(),
  /** Rows returned or changed. */
  count: z.int().nullable(),
  /** SQLSTATE. */
  error: z.string().nullable(),
  /** Its connection to the database, from 0. */
  connection: z.int().nullable(),
  /** Isolation level, at a `begin`. */
  isolation: z.string().nullable(),
  /** Lanes whose transactions it waited for; empty: it did not wait. */
  waitedFor: z.array(z.int()),
  /** The step after which it began to wait, and so where the bar of waiting begins; null: it did not. */
  waitedSince: z.int().nullable(),
  /** How often it was taken back and sent again. */
  takenBack: z.int(),
  /** What stands beside it after the arrow: `read`, `does not see b-1`, `2 of 1 seats`; empty: nothing. */
  mark: z.string(),
  /** Whether it carries the failure; what does not may be folded. */
  matters: z.boolean(),
  /** Index of the event of the history that it belongs to, in the run that was explained; null: none. */
  event: z.int().nullable(),
});
export type ExplainedStep = z.infer<typeof explainedStepSchema>;

/** What kind of fault it is. The first nine are of interleaving: one after another the same requests pass. */
export const WHY_KINDS = [
  'stale-check',
  'lost-update',
  'split-check',
  'old-snapshot',
  'read-skew',
  'torn-write',
  'early-release',
  'cache-race',
  'repeat-race',
  'double-effect',
  'key-scope',
  'id-clash',
  'wrong-write',
  'kept-refusal',
  'lost-ack',
  'void-write',
  'error-as-answer',
  'retry-leak',
  'missing-constraint',
  'wrong-condition',
  'wrong-value',
  'unknown',
] as const;
export const whyKindSchema = z.enum(WHY_KINDS);
export type WhyKind = z.infer<typeof whyKindSchema>;

/** Something that was tried, with what came of it. */
export const cureSchema = z.object({
  /** `turn`: the stale reader goes on only after what it was stale against; `span`: no other request of the object passes a statement. */
  kind: z.enum(['turn', 'serial', 'isolation', 'span', 'without-faults', 'without-repeats', 'right-service']),
  /** What was tried, in words: `serializable`, `5 after A's commit`. */
  what: z.string(),
  passes: z.int(),
  of: z.int(),
  /** Those that failed in another way. */
  otherwise: z.int(),
  /** Transactions that failed to serialize and were tried again, over all. */
  retries: z.int().nullable(),
  /** True when the conclusion says it already, so that a list of what was tried need not. */
  told: z.boolean().optional(),
});
export type Cure = z.infer<typeof cureSchema>;

/** The story, and why it went wrong. */
export const whySchema = z.object({
  version: z.literal(1),
  source: z.enum(STORY_SOURCES),
  kind: whyKindSchema,
  /** Standard name of the anomaly, where its cycle is complete: `G2, phantom`, `P4`; null: words alone. */
  name: z.string().nullable(),
  /** What happened in the domain, one line. */
  sentence: z.string(),
  /** Further sentences: the shape, what was measured, what is suggested. */
  conclusion: z.array(z.string()),
  lanes: z.array(explainedLaneSchema).max(200),
  steps: z.array(explainedStepSchema).max(2_000),
  /** The steps of the culprit pair: what was read, and what changed it; null: there is no such pair. */
  pair: z.object({ read: z.int(), write: z.int() }).nullable(),
  cures: z.array(cureSchema).max(50),
  /** How the reproduction is executed in just this order: a reduction's text. */
  reduction: z.string(),
  /** Requests that did not take their step as the order asks. */
  notAsAsked: z.int(),
  /** What it took, without shrinking. */
  executions: z.int(),
  seconds: z.number(),
});
export type Why = z.infer<typeof whySchema>;

export const explainProgressSchema = z.object({
  /** What is being done, for people. */
  stage: z.string(),
  executions: z.int(),
});
export type ExplainProgress = z.infer<typeof explainProgressSchema>;
