/** What a campaign has found, in a file of the data directory, so that a stopped one can go on. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  formatSignature,
  modulesSchema,
  runConfigSchema,
  type SeedFailure,
  seedRangeSchema,
  signatureSchema,
  smallestSchema,
} from '../../server/contract/index.ts';
import { doubtAboutDataDir, refuseForeign } from '../hosting/data-dir.ts';
import { readSealed, replaceSealed } from '../hosting/private-files.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { joined } from './ranges.ts';

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

const stateSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  /** The engine's generation and the version of SimCity that execute it; null: of a state that is older than 0.2.0. */
  generation: z.int().nullable().default(null),
  simcity: z.string().nullable().default(null),
  scenario: z.string(),
  target: z.string(),
  /** Files of the user's that it executes. */
  modules: modulesSchema.optional(),
  config: runConfigSchema,
  seeds: z.array(seedRangeSchema),
  through: z.array(seedRangeSchema),
  operations: z.int(),
  /** Time spent executing, in all sessions. */
  seconds: z.number(),
  found: z.array(foundSchema),
});
export type CampaignState = z.infer<typeof stateSchema>;

/** Takes in what the worker says of seeds that are through. */
export function absorb(
  state: CampaignState,
  through: { seeds: number[]; failures: SeedFailure[]; operations: number },
): void {
  state.through = joined([...state.through, ...through.seeds.map((seed): [number, number] => [seed, seed])]);
  state.operations += through.operations;
  for (const failure of through.failures) absorbFailure(state.found, failure);
}

function absorbFailure(found: Found[], failure: SeedFailure): void {
  const { signature, seed, operations, message } = failure;
  const known = found.find((other) => formatSignature(other.signature) === formatSignature(signature));
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
  /** The newest one's name; null: there is none. */
  newest(): string | null;
  load(name: string): CampaignState;
  save(state: CampaignState): void;
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
  return {
    path,
    exists: (name) => names().includes(name),
    newest: () =>
      names()
        .map((name) => ({ name, at: statSync(path(name)).mtimeMs }))
        .sort((a, b) => b.at - a.at)[0]?.name ?? null,
    load(name) {
      refuseForeign(dataDir);
      return load(path(name), name);
    },
    save(state) {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      replaceSealed(path(state.name), state);
    },
  };
}

function load(path: string, name: string): CampaignState {
  const file = readSealed(path);
  if (file === null) throw usageError(`there is no campaign '${safeText(name)}' in ${safeText(path)}.`);
  if ('doubt' in file) {
    throw usageError(
      `the state of the campaign '${safeText(name)}' is not read: ${safeText(file.doubt)}.`,
      `The file is ${safeText(path)}. Start a new one with another --name.`,
    );
  }
  const state = stateSchema.safeParse(file.value);
  if (!state.success) {
    throw new CliError(`${path} is not the state of a campaign that this version can go on with.`, {
      exitCode: EXIT.usage,
      hint: 'Start a new one with another --name.',
    });
  }
  if (executesFiles(state.data) && !file.isSealed) throw notFromHere(name, path);
  return state.data;
}

function executesFiles({ modules }: CampaignState): boolean {
  return modules !== undefined && Object.values(modules).some((file) => file !== null);
}

/** Code is executed only where the command is given: a state that was copied here must not name it. */
function notFromHere(name: string, path: string): CliError {
  return usageError(
    `the campaign '${safeText(name)}' executes files, and its state was not written here: ${safeText(path)} is a copy.`,
    'Start a new one with another --name, and name the files with --target and --scenario.',
  );
}
