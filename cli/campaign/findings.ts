/** What is known of the failures that a campaign found, with the runs that recorded them. */
import type { Campaign, Finding, Run, Why } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { findingTitle } from '../run/finding-title.ts';
import type { Known } from './baseline.ts';

export interface ToldFinding {
  finding: Finding;
  /** Null: it was not recorded, or its run was removed. */
  run: Run | null;
  /** Null: it is not known. */
  why: Why | null;
}

export async function tellFinding(api: Api | null, finding: Finding): Promise<ToldFinding> {
  if (finding.run === null || api === null) return { finding, run: null, why: null };
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
