/** One thread of a campaign: executes the seeds that it is handed. */
import { parentPort, workerData } from 'node:worker_threads';
import { StopControl } from '../harness/stop-control.ts';
import { loadModules } from '../modules/load-modules.ts';
import type { ThreadData, ThreadMessage } from './campaign.ts';
import { executeSeed } from './seed.ts';

/** True in a thread that a campaign started. */
export function isCampaignThread(): boolean {
  return (workerData as Partial<ThreadData> | null)?.campaignThread === true;
}

export function serveCampaign(): void {
  const { subject } = workerData as ThreadData;
  const loaded = loadModules(subject.modules);
  const stop = new StopControl();
  const say = (message: ThreadMessage) => parentPort?.postMessage(message);
  parentPort?.on('message', (message: { seed: number } | { stop: true }) => {
    if ('stop' in message) return stop.request('the campaign was stopped');
    const { seed } = message;
    loaded
      .then(() => executeSeed(subject, seed, stop))
      .then(
        (outcome) => say({ seed, outcome }),
        (error: unknown) => say({ seed, error: error instanceof Error ? error.message : String(error) }),
      );
  });
}
