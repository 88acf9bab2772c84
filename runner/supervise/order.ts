/** What a harness is told to do: the run, where its telemetry goes, and what of this runner's it needs for it. */
import {
  type HarnessOrder,
  isModuleLabel,
  isServiceTarget,
  type Modules,
  type Repeat,
} from '../../server/contract/index.ts';
import type { RunnerConfig } from '../config.ts';
import { withCredentials } from '../targets/http/credentials.ts';
import { cityNameOf } from '../targets/postgres/city-name.ts';
import type { ClaimedRun } from './queue.ts';

/** With the files that the harness loads. */
export type Order = HarnessOrder & { modules: Modules };

export function orderOf(run: ClaimedRun, token: string, config: RunnerConfig): Order {
  const target = withCredentials(run.target, config.credentials);
  const isService = isServiceTarget(target);
  const gate = isService && run.config.gate !== null ? config.gate : null;
  const needsDatabase = target === 'postgres' || isModuleLabel(target) || gate !== null;
  return {
    runId: run.id,
    scenario: run.scenario,
    target,
    seed: run.seed,
    config: run.config,
    repeat: repeatOf(run),
    generation: run.generation,
    serverUrl: config.serverUrl,
    supabase: config.supabase,
    token,
    targetUrl: needsDatabase ? config.targetUrl : null,
    cityName: cityNameOf({ runId: run.id, fence: run.fence }),
    exec: isService ? config.exec : null,
    gate,
    targets: run.config.targets.map((each) => withCredentials(each, config.credentials)),
    modules: {
      target: isModuleLabel(target) ? config.modules.target : null,
      scenario: isModuleLabel(run.scenario) ? config.modules.scenario : null,
      adapter: isService ? config.modules.adapter : null,
    },
  };
}

/** What of the run an attempt before this one has stored; null: nothing. */
function repeatOf({ repeat_below: below, elapsed_seconds, healed_ms: healedMs }: ClaimedRun): Repeat | null {
  return below === 0 ? null : { below, elapsedSeconds: elapsed_seconds ?? 0, healedMs };
}
