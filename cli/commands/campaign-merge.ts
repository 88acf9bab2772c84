/** `simcity campaign merge FILE…`: what shards found that were executed by themselves, as one campaign. */
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { documentOfLine, type NamedDocument } from '../campaign/shard/document.ts';
import { type Merged, mergeShards } from '../campaign/shard/merge.ts';
import { mergedJson, mergedText } from '../output/merged.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT, messageOf, usageError } from '../process/errors.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

export interface MergeFlags {
  json?: true;
}

/** Exit code 0: no seed failed; 1: some did; 4: none did, and shards are missing. */
export async function campaignMerge(context: Context, files: string[], flags: MergeFlags): Promise<number> {
  const documents: NamedDocument[] = [];
  for (const file of files) documents.push(...(await documentsOf(file)));
  const merged = mergeShards(documents);
  await printMerged(context, merged, flags);
  return mergedExitCode(merged);
}

export async function printMerged(context: Context, merged: Merged, { json }: MergeFlags): Promise<void> {
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(`${json ? safeJson(mergedJson(merged), 2) : mergedText(merged, style)}\n`);
}

/** What is not whole is no PASS. */
export function mergedExitCode({ tally, missing, stopped }: Merged): number {
  if (tally.failures.length > 0) return EXIT.fail;
  return missing.length + stopped.length === 0 ? EXIT.pass : EXIT.unreachable;
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
