/** Carries out one order to the laboratory, and says as lines what comes of it. */
import type { LabLine, LabOrder, LabOrderTo } from '../../server/contract/index.ts';
import { campaign } from '../campaign/campaign.ts';
import { execute } from '../harness/execute.ts';
import { standardLimit } from '../harness/execution-watch.ts';
import type { StopControl } from '../harness/stop-control.ts';
import { loadModules } from '../modules/load-modules.ts';
import { shrink } from '../shrink/shrink.ts';
import { shrinkLive } from '../shrink/shrink-live.ts';
import { composeSmallest } from '../shrink/smallest.ts';
import { isServiceUrl } from '../targets/http/address.ts';
import { LineSink } from './line-sink.ts';

export interface Laboratory {
  stop: StopControl;
  /** Takes one line; returns a promise while the reader has enough. */
  write: (line: LabLine) => void | Promise<void>;
  /** The file that a campaign's threads run. */
  threadFile: URL;
}

/** Rejects when the order cannot be carried out. */
export async function carryOut(order: LabOrder, lab: Laboratory): Promise<void> {
  await loadModules(order.modules);
  switch (order.do) {
    case 'load':
      return await lab.write({ finished: true });
    case 'execute':
      return await executeRun(order, lab);
    case 'shrink':
      return await shrinkRun(order, lab);
    case 'campaign':
      return await hunt(order, lab);
  }
}

async function executeRun({ do: _, ...run }: LabOrderTo<'execute'>, lab: Laboratory): Promise<void> {
  const sink = new LineSink((line) => lab.write(line as LabLine));
  const limits = { seconds: standardLimit(run.config), stop: lab.stop };
  await execute({ ...run, sink, signal: lab.stop, limits });
}

/** Progress is told this often at most, in ms. */
const TELL_EVERY_MS = 100;

async function shrinkRun(order: LabOrderTo<'shrink'>, lab: Laboratory): Promise<void> {
  const { do: _, maxExecutions, maxSeconds, confirmations, ...subject } = order;
  const makeSmall = isServiceUrl(order.target) ? shrinkLive : shrink;
  let told = 0;
  const shrunk = await makeSmall(subject, {
    maxExecutions,
    maxSeconds,
    confirmations,
    signal: lab.stop,
    onProgress: (shrinking) => {
      const now = performance.now();
      if (now - told < TELL_EVERY_MS) return;
      told = now;
      void lab.write({ shrinking });
    },
  });
  if (typeof shrunk === 'string') await lab.write({ shrunk: null, why: shrunk });
  else await lab.write({ shrunk: composeSmallest(subject, shrunk), why: '' });
}

async function hunt(order: LabOrderTo<'campaign'>, lab: Laboratory): Promise<void> {
  const { do: _, seeds, parallel, ...subject } = order;
  await campaign({
    subject,
    seeds,
    parallel,
    signal: lab.stop,
    threadFile: lab.threadFile,
    onThrough: (through) => void lab.write({ through }),
  });
  await lab.write({ finished: true });
}
