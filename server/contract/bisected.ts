/** What came of a search through the commits of a repository for the first one that fails as a run did. */
import { z } from 'zod';

export const commitSchema = z.object({
  /** The whole hash. */
  id: z.string(),
  /** The first line of its message. */
  subject: z.string(),
  author: z.string(),
  /** When it was committed, as ISO 8601. */
  date: z.string(),
});
export type Commit = z.infer<typeof commitSchema>;

/** `bad`: it fails the same way. `good`: it passes. `skip`: it cannot be tested, or fails otherwise. */
export const verdictSchema = z.enum(['good', 'bad', 'skip']);
export type RevisionVerdict = z.infer<typeof verdictSchema>;

export const triedSchema = z.object({
  commit: commitSchema,
  verdict: verdictSchema,
  /** A sentence for people. */
  why: z.string(),
  executions: z.int(),
});
export type Tried = z.infer<typeof triedSchema>;

/** Of commits among which the first bad one is, and of revisions that were tried, so many are told. */
export const MOST_COMMITS = 200;

export const bisectedSchema = z.object({
  good: commitSchema,
  bad: commitSchema,
  /** The first that fails; null: there are some before it that cannot be tested. */
  first: commitSchema.nullable(),
  /** Those among which it is, where `first` is null. */
  among: z.array(commitSchema).max(MOST_COMMITS),
  /** In the order in which they were tried. */
  tried: z.array(triedSchema).max(MOST_COMMITS),
  /** Commits after `good` up to `bad`. */
  commits: z.int(),
  /** What was executed: the smallest reproduction of the run, or its whole seed. */
  executed: z.enum(['smallest', 'seed']),
  executions: z.int(),
  seconds: z.number(),
});
export type Bisected = z.infer<typeof bisectedSchema>;
