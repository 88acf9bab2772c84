/** Executes a run against a service whose statements go through a gate of ours: in virtual time, as the seed decides. */
import type { EndReport } from '../../../server/contract/index.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import { GatedRun } from './gated-run.ts';
import { stageService } from './staged-service.ts';

/** @throws Error when the run cannot begin; ExecutionLimitError when it hangs, or takes longer than its limits. */
export async function executeGated(options: ExecuteOptions): Promise<EndReport> {
  if (options.staged) return await new GatedRun(options, options.staged).execute();
  const staged = await stageService(options);
  try {
    return await new GatedRun(options, staged).execute();
  } finally {
    await staged.stage.close();
  }
}
