/** Reads what is known already: from a file, or from what a campaign has found. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Campaign } from '../../server/contract/index.ts';
import type { Context } from '../process/context.ts';
import { messageOf, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { type Baseline, baselineOf, baselineSchema } from './baseline.ts';
import { knownOf } from './findings.ts';

const IS_FILE = /[/\\]|\.json$/i;

/** `named`: a path, which has a slash or ends with `.json`, or a campaign. @throws CliError for neither. */
export async function readBaseline(
  context: Context,
  named: string,
  find: (name: string) => Promise<Campaign | null>,
): Promise<Baseline> {
  if (IS_FILE.test(named)) return readFile(resolve(context.cwd, named));
  const campaign = await find(named);
  if (campaign !== null) return baselineOf(campaign.findings.map((finding) => knownOf(campaign, finding)));
  throw usageError(
    `there is no campaign '${safeText(named)}' whose failures could be known.`,
    'A file is named with a slash or .json: --baseline ./known.json. `simcity campaign baseline NAME` writes one.',
  );
}

function readFile(path: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw usageError(
      `the baseline ${safeText(path)} cannot be read: ${safeText(messageOf(error))}.`,
      '`simcity campaign baseline NAME` prints one: put it into a file.',
    );
  }
  const parsed = baselineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw usageError(
    `${safeText(path)} is not a baseline that this version can read.`,
    '`simcity campaign baseline NAME` prints one: put it into a file.',
  );
}
