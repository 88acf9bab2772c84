/** A campaign without a server, as it is kept in a file of the data directory, so that a stopped one can go on. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  campaignSampleSchema,
  type FailureTally,
  formatSignature,
  gateOrderSchema,
  modulesSchema,
  runConfigSchema,
  seedRangeSchema,
  signatureSchema,
  smallestSchema,
  tallySchema,
} from '../../server/contract/index.ts';

/** What came of recording a failure. */
const recordSchema = z.object({
  /** The signature of the failure, as text. */
  failure: z.string(),
  /** Id of the run; null before it was recorded. */
  run: z.uuid().nullable(),
  /** Of that run; null: of a checkpoint that does not tell. */
  number: z.int().nullable(),
  smallest: z.int().nullable(),
  why: z.string(),
  reproduce: z.string().nullable(),
  /** True: nothing is left to do. */
  isOver: z.boolean(),
});
export type RecordOfFailure = z.infer<typeof recordSchema>;

const settled = {
  name: z.string(),
  /** The engine's generation and the version of SimCity that execute it; null: of a checkpoint that is older than 0.2.0. */
  generation: z.int().nullable().default(null),
  simcity: z.string().nullable().default(null),
  scenario: z.string(),
  target: z.string(),
  /** Files of the user's that it executes. */
  modules: modulesSchema.optional(),
  /** What starts the service, and what is behind the gate before its database. */
  exec: z.string().nullable().default(null),
  gate: gateOrderSchema.nullable().default(null),
  config: runConfigSchema,
  seeds: z.array(seedRangeSchema),
  /** Time spent executing, from each start to its stop. */
  seconds: z.number(),
  /** How far it was over time. */
  course: z.array(campaignSampleSchema).default([]),
};

const checkpointSchema = z.object({
  version: z.literal(2),
  /** Tells it from another of the same name. */
  id: z.uuid(),
  ...settled,
  budgetSeconds: z.number().nullable(),
  untilNew: z.int().nullable(),
  /** Failures that are known, by their signatures as text. */
  known: z.array(z.string()).default([]),
  /** Seeds that are executed before all others. */
  first: z.array(seedRangeSchema).default([]),
  /** False: failures are only counted. */
  records: z.boolean(),
  /** Why it ended before all seeds were through. */
  endedBy: z.enum(['stop', 'time', 'failures']).nullable(),
  tally: tallySchema,
  recorded: z.array(recordSchema),
  /** True once it has come to its end. */
  finished: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** True where it executes files or commands of the user's. */
export function executesOwnCode({ modules, exec, gate }: Checkpoint): boolean {
  if (exec !== null || gate !== null) return true;
  return modules !== undefined && Object.values(modules).some((file) => file !== null);
}

/** Of SimCity 0.1.0, and of what came before shards. */
const oldSchema = z.object({
  version: z.literal(1),
  id: z.uuid().nullable().default(null),
  ...settled,
  through: z.array(seedRangeSchema),
  operations: z.int(),
  proved: z.int().default(0),
  identical: z.int().default(0),
  found: z.array(
    z.object({
      ...{ signature: signatureSchema, message: z.string(), seeds: z.int(), firstSeed: z.int() },
      ...{ seed: z.int(), operations: z.int(), run: z.uuid().nullable(), why: z.string() },
      smallest: smallestSchema.nullable(),
    }),
  ),
  finished: z.boolean().nullable().default(null),
});
type OldCheckpoint = z.infer<typeof oldSchema>;

/** Reads a checkpoint, also one of 0.1.0: then its failures tell no distribution, and are recorded as they were. */
export const anyCheckpointSchema = z.union([checkpointSchema, oldSchema.transform(fromOld)]);

function fromOld(old: OldCheckpoint): Checkpoint {
  const { version: _, id, through, operations, proved, identical, found, finished, ...rest } = old;
  const failures = found.map(
    ({ signature, message, seeds, firstSeed, seed, operations: until }): FailureTally => ({
      ...{ signature, message, seeds, firstSeed, seed, operations: until, operationsUntil: [] },
    }),
  );
  const recorded = found.flatMap(({ signature, run, smallest, why }): RecordOfFailure[] => {
    if (run === null) return [];
    const made = { smallest: smallest?.operations ?? null, reproduce: smallest?.reproduce ?? null, why };
    const isOver = smallest !== null || why !== '';
    return [{ failure: formatSignature(signature), run, number: null, ...made, isOver }];
  });
  return {
    ...rest,
    ...{
      version: 2,
      id: id ?? idOfOld(old),
      budgetSeconds: null,
      untilNew: null,
      records: true,
      known: [],
      first: [],
    },
    tally: {
      ...{ through, operations, proved, identical, failures, reached: {} },
      executingMs: Math.round(old.seconds * 1_000),
    },
    ...{ recorded, endedBy: null, finished: finished ?? false },
    createdAt: new Date(0).toISOString(),
  };
}

/** The same each time that it is read. */
function idOfOld({ name, scenario, target, config }: OldCheckpoint): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([name, scenario, target, config]))
    .digest('hex');
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
  return [...parts, hash.slice(20, 32)].join('-');
}
