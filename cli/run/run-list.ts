/** What a list of runs tells: which are active, and the campaigns among them. */
import type { Run, RunStatus } from '../../server/contract/index.ts';

/** True while somebody executes it, so that what it says of its speed is of now. */
export function isExecuted({ status }: { status: RunStatus }): boolean {
  return status === 'RUNNING' || status === 'STOPPING';
}

export function isActive({ status }: { status: RunStatus }): boolean {
  return status === 'QUEUED' || status === 'RUNNING' || status === 'STOPPING';
}

/** The campaigns among the runs that are loaded. */
export interface CampaignRow {
  name: string;
  runs: number;
  active: number;
  passed: number;
  failed: number;
  /** Those that ended without a verdict. */
  unjudged: number;
  /** By what broke, the most frequent first. */
  failures: { invariant: string; count: number }[];
}

export function campaignRows(runs: readonly Run[]): CampaignRow[] {
  const byName = Map.groupBy(
    runs.filter(({ campaign }) => campaign !== null),
    ({ campaign }) => campaign ?? '',
  );
  return [...byName].map(([name, members]) => {
    const failed = members.filter(({ status }) => status === 'FAIL');
    const failures = [...Map.groupBy(failed, (run) => run.failForensic?.invariant ?? 'unknown')]
      .map(([invariant, each]) => ({ invariant, count: each.length }))
      .sort((a, b) => b.count - a.count);
    return {
      name,
      runs: members.length,
      active: members.filter(isActive).length,
      passed: members.filter(({ status }) => status === 'PASS').length,
      failed: failed.length,
      unjudged: members.filter(({ status }) => status === 'STOPPED').length,
      failures,
    };
  });
}
