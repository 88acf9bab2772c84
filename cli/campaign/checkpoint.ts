/** What a campaign has found, in a file of the data directory, so that a stopped one can go on. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  campaignSampleSchema,
  gateOrderSchema,
  joined,
  modulesSchema,
  runConfigSchema,
  type SeedFailure,
  sameSignature,
  seedRangeSchema,
  signatureSchema,
  smallestSchema,
  type Through,
} from '../../server/contract/index.ts';
import { type FolderLock, isLocked, takeLock } from '../../server/contract/process-lock/lock.ts';
import { doubtAboutDataDir, refuseForeign } from '../hosting/data-dir.ts';
import { readSealed, replaceSealed } from '../hosting/private-files.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';

/** Everything that failed in one way. */
const foundSchema = z.object({
  signature: signatureSchema,
  /** Of the seed below. */
  message: z.string(),
  seeds: z.int(),
  firstSeed: z.int(),
  /** The one that fails after the fewest operations, which is recorded and shrunk. */
  seed: z.int(),
  operations: z.int(),
  /** The recorded run; null before it was. */
  run: z.string().nullable(),
  smallest: smallestSchema.nullable(),
  /** Why there is no smallest one. */
  why: z.string(),
});
export type Found = z.infer<typeof foundSchema>;

const fileSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  /** Tells it from another of the same name; null: of a checkpoint that is older than such ids. */
  id: z.uuid().nullable().default(null),
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
  through: z.array(seedRangeSchema),
  operations: z.int(),
  /** Time spent executing, from each start to its stop. */
  seconds: z.number(),
  /** Failing seeds that were executed a second time, and those of them that were the same again; behind a gate. */
  proved: z.int().default(0),
  identical: z.int().default(0),
  found: z.array(foundSchema),
  /** How far it was over time. */
  course: z.array(campaignSampleSchema).default([]),
  /** Who conducted it last, as servers were told. */
  holder: z.uuid().nullable().default(null),
  /** True once it has come to its end; null: of a checkpoint that does not tell. */
  finished: z.boolean().nullable().default(null),
});
const checkpointSchema = fileSchema.transform((file) => ({ ...file, id: file.id ?? idOfOld(file) }));
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** The same each time that it is read. */
function idOfOld({ name, scenario, target, config }: z.infer<typeof fileSchema>): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([name, scenario, target, config]))
    .digest('hex');
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
  return [...parts, hash.slice(20, 32)].join('-');
}

/** Takes in what the worker says of seeds that are through. */
export function absorb(checkpoint: Checkpoint, through: Through): void {
  checkpoint.through = joined([
    ...checkpoint.through,
    ...through.seeds.map((seed): [number, number] => [seed, seed]),
  ]);
  checkpoint.operations += through.operations;
  checkpoint.proved += through.proved ?? 0;
  checkpoint.identical += through.identical ?? 0;
  for (const failure of through.failures) absorbFailure(checkpoint.found, failure);
}

function absorbFailure(found: Found[], failure: SeedFailure): void {
  const { signature, seed, operations, message } = failure;
  const known = found.find((other) => sameSignature(other.signature, signature));
  if (!known) {
    found.push({
      ...{ signature, message, seed, operations, firstSeed: seed, seeds: 1 },
      ...{ run: null, smallest: null, why: '' },
    });
    return;
  }
  known.seeds++;
  known.firstSeed = Math.min(known.firstSeed, seed);
  // Threads end in any order: a tie goes to the lower seed, so that the choice is the same every time.
  const smaller = operations < known.operations || (operations === known.operations && seed < known.seed);
  if (known.run === null && smaller) Object.assign(known, { seed, operations, message });
}

export interface CampaignFiles {
  path(name: string): string;
  exists(name: string): boolean;
  /** When each was saved, in ms since 1970; the newest first. */
  list(): { name: string; savedAtMs: number }[];
  /** The newest one's name; null: there is none. */
  newest(): string | null;
  load(name: string): Checkpoint;
  save(checkpoint: Checkpoint): void;
  /** Keeps others from conducting it until this process ends, or releases it. @throws CliError while another does. */
  lock(name: string): Promise<FolderLock>;
  isLocked(name: string): Promise<boolean>;
}

/** The campaigns of a data directory. */
export function campaignFiles(dataDir: string): CampaignFiles {
  const folder = join(dataDir, 'campaigns');
  const path = (name: string) => join(folder, `${name}.json`);
  const names = () => {
    try {
      if (doubtAboutDataDir(dataDir) !== null) return [];
      return readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
    } catch {
      return [];
    }
  };
  const list = () =>
    names()
      .map((name) => ({ name, savedAtMs: Math.floor(statSync(path(name)).mtimeMs) }))
      .sort((a, b) => b.savedAtMs - a.savedAtMs);
  const makeFolder = () => mkdirSync(folder, { recursive: true, mode: 0o755 });
  return {
    path,
    list,
    exists: (name) => names().includes(name),
    newest: () => list()[0]?.name ?? null,
    load(name) {
      refuseForeign(dataDir);
      return load(path(name), name);
    },
    save(checkpoint) {
      makeFolder();
      replaceSealed(path(checkpoint.name), checkpoint);
    },
    async lock(name) {
      makeFolder();
      const lock = await takeLock(folder, `${name}.campaign`);
      if ('release' in lock) return lock;
      throw usageError(
        `the campaign '${safeText(name)}' is conducted by process ${lock.heldBy} just now.`,
        'Wait for its end, or stop that process.',
      );
    },
    isLocked: (name) => isLocked(folder, `${name}.campaign`),
  };
}

function load(path: string, name: string): Checkpoint {
  const file = readSealed(path);
  if (file === null) throw usageError(`there is no campaign '${safeText(name)}' in ${safeText(path)}.`);
  if ('doubt' in file) {
    throw usageError(
      `the checkpoint of the campaign '${safeText(name)}' is not read: ${safeText(file.doubt)}.`,
      `The file is ${safeText(path)}. Start a new one with another --name.`,
    );
  }
  const checkpoint = checkpointSchema.safeParse(file.value);
  if (!checkpoint.success) {
    throw new CliError(`${path} is not the checkpoint of a campaign that this version can go on with.`, {
      exitCode: EXIT.usage,
      hint: 'Start a new one with another --name.',
    });
  }
  if (executesOwnCode(checkpoint.data) && !file.isSealed) throw notFromHere(name, path);
  // Of a copy the other may conduct it still.
  return { ...checkpoint.data, holder: file.isSealed ? checkpoint.data.holder : null };
}

function executesOwnCode({ modules, exec, gate }: Checkpoint): boolean {
  if (exec !== null || gate !== null) return true;
  return modules !== undefined && Object.values(modules).some((file) => file !== null);
}

/** Code is executed only where the command is given: a checkpoint that was copied here must not name it. */
function notFromHere(name: string, path: string): CliError {
  return usageError(
    `the campaign '${safeText(name)}' executes files or commands, and its checkpoint was not written here: ${safeText(path)} is a copy.`,
    'Start a new one with another --name, and name the files and commands again.',
  );
}
