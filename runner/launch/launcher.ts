/** Picks the launcher that the settings name; the code of the others is not loaded. */
import type { RunnerConfig } from '../config.ts';
import type { Launcher } from './harness-child.ts';
import { startHarness } from './process.ts';

export async function launcherOf(config: RunnerConfig): Promise<Launcher> {
  const { launcher, image, startTimeoutSeconds } = config;
  const env = config.targets === null ? {} : { SIMCITY_TARGETS: config.targets };
  if (launcher === 'docker') {
    const { dockerLauncher } = await import('./docker.ts');
    return dockerLauncher({
      ...{ host: config.dockerHost, image, network: config.dockerNetwork, env, startTimeoutSeconds },
    });
  }
  if (launcher === 'kubernetes') {
    const { kubernetesLauncher } = await import('./kubernetes.ts');
    return kubernetesLauncher({ image, namespace: config.namespace, env, startTimeoutSeconds });
  }
  return (order, onAlive) => startHarness(config.harnessScript, order, onAlive);
}
