/** One thread of a campaign: executes the seeds that it is handed. */
import { parentPort, workerData } from 'node:worker_threads';
import { adviceAside, type StagedService, stageService } from '../harness/gated/staged-service.ts';
import { StopControl } from '../harness/stop-control.ts';
import { loadModules } from '../modules/load-modules.ts';
import { CityKeeper } from '../targets/postgres/keeper.ts';
import type { ThreadData, ThreadMessage, ThreadOrder } from './campaign.ts';
import { executeSeed } from './seed.ts';

/** True in a thread that a campaign started. */
export function isCampaignThread(): boolean {
  return (workerData as Partial<ThreadData> | null)?.campaignThread === true;
}

export function serveCampaign(): void {
  const { subject, isAside } = workerData as ThreadData;
  const loaded = loadModules(subject.modules);
  const stop = new StopControl();
  const cities = new CityKeeper();
  let staging: Promise<StagedService> | null = null;
  const stage = () => {
    staging ??= stageService(subject, { isAside });
    return staging;
  };
  const say = (message: ThreadMessage) => parentPort?.postMessage(message);
  let underWay: Promise<void> = Promise.resolve();
  parentPort?.on('message', (order: ThreadOrder) => {
    if ('stop' in order) return stop.request('the campaign was stopped');
    if ('seed' in order) {
      underWay = executed(order.seed);
      return;
    }
    stop.request('the campaign is over');
    void underWay
      .finally(() => cities.close())
      .finally(async () => (await staging?.catch(() => null))?.stage.close())
      .finally(() => parentPort?.close());
  });

  async function executed(seed: number): Promise<void> {
    try {
      await loaded;
      const staged = subject.config.gate === null ? undefined : await stage();
      say({ seed, outcome: await executeSeed(subject, seed, stop, { cities, staged }) });
    } catch (error) {
      say({ seed, error: (isAside ? adviceAside(error) : errorOf(error)).message });
    }
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
