/** Carries out one order to the worker, and says as lines what comes of it. */
import {
  isServiceTarget,
  type WorkerLine,
  type WorkerOrder,
  type WorkerOrderTo,
} from '../../server/contract/index.ts';
import { campaign } from '../campaign/campaign.ts';
import { execute } from '../harness/execute.ts';
import { standardLimit } from '../harness/execution-watch.ts';
import { survey } from '../harness/gated/survey.ts';
import { apiOf } from '../harness/live/api-of.ts';
import { loadModules } from '../modules/load-modules.ts';
import { findScenario } from '../scenarios/registry.ts';
import { reproduce } from '../shrink/reproduce.ts';
import { shrink } from '../shrink/shrink.ts';
import { composeSmallest } from '../shrink/smallest.ts';
import { findService } from '../targets/registry.ts';
import { checkAdapter } from './check-adapter.ts';
import { explainRun } from './explain.ts';
import { LineSink } from './line-sink.ts';
import { seldom } from './seldom.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Rejects when the order cannot be carried out. */
export async function carryOut(order: WorkerOrder, worker: WorkerProcess): Promise<void> {
  await loadModules(order.modules);
  switch (order.do) {
    case 'load':
      if (isServiceTarget(order.target)) apiOf(findScenario(order.scenario));
      else findService(order.target, findScenario(order.scenario), order.bug);
      return await worker.write({ finished: true });
    case 'check-adapter':
      return await checkAdapter(order, worker);
    case 'survey':
      return await surveyService(order, worker);
    case 'execute':
      return await executeRun(order, worker);
    case 'shrink':
      return await shrinkRun(order, worker);
    case 'reproduce':
      return await reproduceRun(order, worker);
    case 'explain':
      return await explainRun(order, worker);
    case 'campaign':
      return await hunt(order, worker);
  }
}

async function executeRun({ do: _, ...run }: WorkerOrderTo<'execute'>, worker: WorkerProcess): Promise<void> {
  const sink = new LineSink((line) => worker.write(line as WorkerLine));
  const limits = { seconds: standardLimit(run.config), stop: worker.stop };
  // Whoever executes a run aside compares it with another: that is the proof.
  await execute({ ...run, sink, signal: worker.stop, limits, proofs: 0 });
}

async function surveyService(
  { do: _, ...order }: WorkerOrderTo<'survey'>,
  worker: WorkerProcess,
): Promise<void> {
  const surveyed = await survey({
    ...order,
    signal: worker.stop,
    tell: (surveying) => void worker.write({ surveying }),
  });
  await worker.write({ surveyed });
}

async function shrinkRun(order: WorkerOrderTo<'shrink'>, worker: WorkerProcess): Promise<void> {
  const { do: _, maxExecutions, maxSeconds, confirmations, ...subject } = order;
  const shrunk = await shrink(subject, {
    maxExecutions,
    maxSeconds,
    confirmations,
    signal: worker.stop,
    onProgress: seldom((shrinking) => void worker.write({ shrinking })),
  });
  if (typeof shrunk === 'string') await worker.write({ shrunk: null, why: shrunk });
  else await worker.write({ shrunk: composeSmallest(subject, shrunk), why: '' });
}

async function reproduceRun(order: WorkerOrderTo<'reproduce'>, worker: WorkerProcess): Promise<void> {
  const { do: _, times, ...subject } = order;
  await worker.write({ reproduced: await reproduce(subject, { times, signal: worker.stop }) });
}

async function hunt(order: WorkerOrderTo<'campaign'>, worker: WorkerProcess): Promise<void> {
  const { do: _, seeds, parallel, ...subject } = order;
  await campaign({
    subject,
    seeds,
    more: async () => {
      await worker.write({ waiting: true });
      return worker.moreSeeds();
    },
    parallel,
    signal: worker.stop,
    threadFile: worker.threadFile,
    onThrough: (through) => void worker.write({ through }),
  });
  await worker.write({ finished: true });
}
