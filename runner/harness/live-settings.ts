/** What of a run's settings only a service at a URL heeds, as the live attack takes it. */
import type { RunConfig } from '../../server/contract/index.ts';
import type { LiveOptions } from './live/execute-live.ts';

/** A run as it was launched. */
interface LaunchedRun {
  target: string;
  /** With users and passwords, where the configuration has none; left out: those of the configuration. */
  targets?: readonly string[] | undefined;
  config: RunConfig;
  exec?: string | null;
}

/** @throws Error for instances that nothing starts. */
export function liveSettingsOf({
  target,
  targets,
  config,
  exec = null,
}: LaunchedRun): Required<Pick<LiveOptions, 'setupTimeoutMs' | 'instances' | 'targets'>> {
  const { setupTimeoutSeconds, instances } = config;
  if (instances > 1 && exec === null) {
    throw new Error(
      `Nothing starts ${instances} instances: give the command that starts one, as --exec 'COMMAND'.`,
    );
  }
  const all = targets !== undefined && targets.length > 0 ? targets : config.targets;
  return {
    setupTimeoutMs: setupTimeoutSeconds * 1_000,
    instances,
    targets: all.length > 0 ? all : [target],
  };
}
