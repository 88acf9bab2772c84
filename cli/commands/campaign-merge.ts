/** `simcity campaign merge FILE…`: what shards found that were executed by themselves, as one campaign. */
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { newFailures, signaturesOf } from '../campaign/baseline.ts';
import { campaignOf } from '../campaign/campaign-of.ts';
import { campaignFiles } from '../campaign/files.ts';
import { refuseTaken } from '../campaign/local-session.ts';
import { localCampaign } from '../campaign/look-up.ts';
import { readBaseline } from '../campaign/read-baseline.ts';
import { documentOfLine, type NamedDocument } from '../campaign/shard/document.ts';
import { type Merged, mergeShards } from '../campaign/shard/merge.ts';
import { mergedCheckpoint } from '../campaign/shard/merged-campaign.ts';
import { dataDirOf, prepareDataDir } from '../hosting/data-dir.ts';
import { mergedJson, mergedText } from '../output/merged.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT, messageOf, usageError } from '../process/errors.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { whereText } from './campaign-told.ts';

export interface MergeFlags {
  json?: true;
  /** What it is kept as; left out: it is only told. */
  name?: string;
  /** What is known already: a file, or the failures of a campaign that is kept here. */
  baseline?: string;
  dataDir?: string;
}

/** Exit code 0: no seed failed in a way that is not known; 1: some did; 4: none did, and shards are missing. */
export async function campaignMerge(context: Context, files: string[], flags: MergeFlags): Promise<number> {
  const documents: NamedDocument[] = [];
  for (const file of files) documents.push(...(await documentsOf(file)));
  return await tellMerged(context, mergeShards(documents), flags);
}

/** Tells what was found on stdout, and keeps it where a name is given. Returns the exit code: what is not whole is no PASS. */
export async function tellMerged(context: Context, merged: Merged, flags: MergeFlags): Promise<number> {
  const { name = 'merged' } = flags;
  const known = await knownBy(context, flags);
  const checkpoint = mergedCheckpoint(merged, { name, id: randomUUID(), at: new Date(), known });
  if (flags.name !== undefined) {
    refuseOwnCode(merged);
    const dataDir = dataDirOf(context, flags.dataDir);
    const kept = campaignFiles(dataDir);
    refuseTaken(kept, name);
    prepareDataDir(dataDir);
    kept.save(checkpoint);
  }
  const campaign = campaignOf(checkpoint, { isUnderWay: false, shards: merged.count });
  const style = styleFor(wantsColor(context, 'stdout'));
  const text = flags.json ? safeJson(mergedJson(merged, campaign), 2) : mergedText(merged, campaign, style);
  await context.out(`${text}\n`);
  if (flags.name !== undefined) {
    const rest = merged.left.length === 0 ? '' : ', and execute what is left,';
    const onward = `simcity campaign --resume ${name}${whereText(flags)}`;
    context.err(`simcity: record what was found${rest} with: ${onward}\n`);
  }
  if (newFailures(known, campaign.findings).length > 0) return EXIT.fail;
  return merged.missing.length + merged.stopped.length === 0 ? EXIT.pass : EXIT.unreachable;
}

async function knownBy(context: Context, flags: MergeFlags): Promise<string[]> {
  if (flags.baseline === undefined) return [];
  const dataDir = dataDirOf(context, flags.dataDir);
  const find = async (name: string) => localCampaign(dataDir, flags, name);
  return signaturesOf(await readBaseline(context, flags.baseline, find));
}

/** What it executes is not in the documents: it is only ever given on a command line. */
function refuseOwnCode({ campaign: { code } }: Merged): void {
  if (code === null) return;
  throw usageError(
    'a campaign that executes files or commands of yours cannot be kept from its shards: they are not in them.',
    'Leave --name out, and execute the seed of a failure by its own command.',
  );
}

async function documentsOf(file: string): Promise<NamedDocument[]> {
  const name = file === '-' ? 'standard input' : file;
  const documents: NamedDocument[] = [];
  for await (const line of linesOf(file)) {
    const document = documentOfLine(line, name);
    if (document !== null) documents.push(document);
  }
  if (documents.length > 0) return documents;
  throw usageError(
    `there is no shard of a campaign in ${safeText(name)}.`,
    'It takes what `simcity campaign --shard 1/4 --json` prints, also among the lines of a log.',
  );
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const input = file === '-' ? process.stdin : (await open(file)).createReadStream();
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw usageError(`${safeText(file)} cannot be read: ${safeText(messageOf(error))}.`);
  }
}
