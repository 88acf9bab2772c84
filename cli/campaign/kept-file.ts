/** The file of kept seeds: which of them a campaign executes first, and what it has found merged into it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Campaign, joined, type SeedRange } from '../../server/contract/index.ts';
import { commitOfService } from '../git/service-commit.ts';
import { replaceFile } from '../hosting/private-files.ts';
import type { Context } from '../process/context.ts';
import { messageOf, usageError } from '../process/errors.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import {
  type KeptSeed,
  type KeptSeeds,
  keptSeedsSchema,
  mergeKept,
  seedsOfSubject,
  subjectOf,
} from './kept-seeds.ts';

export interface KeepFlags {
  keepSeeds?: string;
  commit?: string;
}

export interface Keeping {
  /** Those that failed before, in campaigns of the same settings. */
  first(subject: Parameters<typeof subjectOf>[0]): SeedRange[];
  /** Merges into the file what was found. */
  keep(campaign: Campaign): void;
}

/** Null: no seeds are kept. @throws CliError for a file of something else, and where the commit is not known. */
export async function keeping(
  context: Context,
  { keepSeeds, commit: revision }: KeepFlags,
): Promise<Keeping | null> {
  if (keepSeeds === undefined) return null;
  const path = resolve(context.cwd, keepSeeds);
  const commit = await commitOfService(context, revision);
  const before = readKept(path);
  if (!existsSync(dirname(path))) throw unreadable(path, `there is no folder ${dirname(path)}`);
  return {
    first: (subject) =>
      joined(seedsOfSubject(before, subjectOf(subject)).map((seed): SeedRange => [seed, seed])),
    keep(campaign) {
      // Others may have written it meanwhile.
      const merged = mergeKept(readKept(path).seeds, foundBy(campaign, commit));
      write(path, merged);
      context.err(
        `simcity: ${formatNumber(merged.seeds.length)} failing seeds are kept in ${safeText(keepSeeds)}.\n`,
      );
    },
  };
}

/** Of each failure the seed that fails soonest. */
function foundBy(campaign: Campaign, { id, date }: { id: string; date: string }): KeptSeed[] {
  const subject = subjectOf(campaign);
  return campaign.findings.map(({ signature, seed, operations }) => ({
    ...{ commit: id, committedAt: date, subject, signature, seed, operations },
    foundAt: campaign.createdAt,
  }));
}

function readKept(path: string): KeptSeeds {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return mergeKept([], []);
    throw unreadable(path, messageOf(error));
  }
  try {
    return keptSeedsSchema.parse(JSON.parse(text));
  } catch {
    throw unreadable(path, 'it holds no seeds that this version can read');
  }
}

function write(path: string, kept: KeptSeeds): void {
  try {
    replaceFile(path, () => `${JSON.stringify(kept, null, 2)}\n`);
  } catch (error) {
    throw unreadable(path, messageOf(error));
  }
}

function unreadable(path: string, why: string): Error {
  return usageError(
    `${safeText(path)} cannot be used for --keep-seeds: ${safeText(why)}.`,
    'Name another file: one that is not there yet is made.',
  );
}
