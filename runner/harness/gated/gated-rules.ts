/** The rules of a service behind a gate: what is declared, and what its API says without being asked. */
import type { DeclaredRules } from '../../../server/contract/index.ts';
import type { HttpApi } from '../../targets/http/api.ts';
import { type RunRules, runRulesOf } from '../live/run-rules.ts';

/** `flags` go before what the adapter declares. */
export function gatedRulesOf(api: HttpApi, flags: DeclaredRules): RunRules {
  const run = runRulesOf(api, flags);
  // Without a cancel nothing is named by the id of a booking, and it may be that none is shown.
  if (!api.offers('cancel') && run.sources.cancelsBy === undefined) run.rules.cancelsBy = 'nobody';
  return run;
}
