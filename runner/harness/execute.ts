/**
 * One run from its plan to its verdict: where the seed decides every step, in virtual time; against a service that runs
 * by itself, in real time.
 */
import { type EndReport, isLive, isServiceTarget } from '../../server/contract/index.ts';
import { beginWorkload, findScenario } from '../scenarios/registry.ts';
import { CityClock } from '../sim/clock.ts';
import { Prng } from '../sim/prng.ts';
import { createTarget } from '../targets/registry.ts';
import type { ExecuteOptions } from './execute-options.ts';
import { ExecutionWatch } from './execution-watch.ts';
import { executeGated } from './gated/execute-gated.ts';
import { executeLive } from './live/execute-live.ts';
import { liveSettingsOf } from './live-settings.ts';
import { executeOn } from './simulated.ts';
import { recordOf } from './statement-record.ts';

export type { ExecuteOptions, StopSignal } from './execute-options.ts';

/**
 * Executes a run, sends all of its history to the sink and ends it there; resolves with the verdict.
 * @throws ExecutionLimitError when it hangs, or takes longer than its limits.
 */
export async function execute(options: ExecuteOptions): Promise<EndReport> {
  const { config, seed } = options;
  if (isLive(options.target, config)) return executeLive({ ...options, ...liveSettingsOf(options) });
  if (isServiceTarget(options.target)) return executeGated(options);
  const scenario = findScenario(options.scenario);
  const clock = new CityClock();
  const record = recordOf(options);
  const target = createTarget(options.target, scenario, config.bug, options.targetUrl, {
    concurrency: config.concurrency,
    isolation: config.isolation,
    prng: new Prng(seed, 'deadlock'),
    clock,
    cityName: options.cityName,
    cities: options.cities,
    statements: record ?? options.statements,
  });
  const workload = beginWorkload(scenario, seed, config);
  const watch = new ExecutionWatch(options.limits ?? null);
  const execution = { scenario, workload, target, clock, watch, service: null, record };
  return await watch.over(target, () => executeOn(execution, options));
}
