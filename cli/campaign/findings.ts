/** What is known of the failures that a campaign found, with the runs that recorded them. */
import type { Campaign, Finding, Run, Why } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { usageError } from '../process/errors.ts';
import { findingTitle } from '../run/finding-title.ts';
import { safeText } from '../run/sanitize.ts';
import type { Known } from './baseline.ts';

export interface ToldFinding {
  finding: Finding;
  /** Null: it was not recorded, or its run was removed. */
  run: Run | null;
  /** Null: it is not known. */
  why: Why | null;
}

/** `name` left out: the newest. @throws CliError where there is none. */
export async function findCampaign(api: Api, name: string | undefined): Promise<Campaign> {
  const newest = name ?? (await api.campaigns({ limit: 1 })).campaigns[0]?.name;
  const found = newest === undefined ? null : await api.campaign(newest);
  if (found !== null) return found;
  throw usageError(
    name === undefined ? 'there is no campaign.' : `there is no campaign '${safeText(name)}'.`,
    '`simcity campaign` starts one; C in the list of runs (`simcity`) shows those that there are.',
  );
}

export async function tellFinding(api: Api, finding: Finding): Promise<ToldFinding> {
  if (finding.run === null) return { finding, run: null, why: null };
  // What was removed meanwhile is told without it.
  const run = await api.run(finding.run.id).catch(() => null);
  const task = run === null ? null : await api.task(run.id, 'explain').catch(() => null);
  return { finding, run, why: task?.state === 'ready' ? task.result : null };
}

export function knownOf({ name, createdAt }: Campaign, finding: Finding, why: Why | null = null): Known {
  const { signature, firstSeed, reproduce } = finding;
  return {
    signature,
    title: findingTitle(finding, why),
    firstSeen: { at: createdAt, campaign: name, seed: firstSeed },
    reproduce,
  };
}
