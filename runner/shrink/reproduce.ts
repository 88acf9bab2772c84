/** Executes a run, or the part of it that was found to fail, until it fails the same way again. */
import { isLive, type Reproduced, type Signature, signatureOf } from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute.ts';
import { standardLimit } from '../harness/execution-watch.ts';
import { FailureTally } from '../harness/failure-tally.ts';
import { configOf, type Subject, wholeOf } from './candidate.ts';
import type { Executor } from './executor.ts';
import { LiveExecutor } from './live-executor.ts';
import { SimulatedExecutor } from './simulated-executor.ts';

/** Of what the world decides, unless so many are asked for. */
const LIVE_TIMES = 6;

export interface ReproduceOptions {
  /** Executions before it is taken to pass; null: as many as are worth it. */
  times: number | null;
  signal: StopSignal;
}

/**
 * Ends with the first execution that fails the same way. Another version of the service may take other steps for the
 * same request, so that a schedule that was found for one does not fit the other: a part is executed in one timing
 * after another. @throws ExecutionLimitError when it hangs.
 */
export async function reproduce(
  subject: Subject & { signature: Signature },
  { times, signal }: ReproduceOptions,
): Promise<Reproduced> {
  const isReal = isLive(subject.target, subject.config);
  const executor = new (isReal ? LiveExecutor : SimulatedExecutor)(subject, signal);
  const tally = new FailureTally(subject.signature);
  try {
    const configs = configsOf(subject, executor);
    const most = executor.isRepeatable
      ? Math.min(times ?? configs.length, configs.length)
      : (times ?? LIVE_TIMES);
    for (let i = 0; i < most && !signal.requested; i++) {
      const config = configs[i % configs.length] ?? subject.config;
      const { forensic } = await executor.execute(config, standardLimit(config), true);
      if (tally.count(forensic && signatureOf(forensic)) === 'same') break;
    }
  } finally {
    await executor.close();
  }
  return { executions: tally.executions, same: tally.same, otherwise: tally.otherwise ?? {} };
}

/** A part in each of its timings; the whole as its seed has it. */
function configsOf({ config: asked, signature }: Subject & { signature: Signature }, executor: Executor) {
  const config = { ...asked, rate: null };
  if (config.reduction === null) return [config];
  const candidate = wholeOf(config);
  return [...executor.timings(candidate, candidate.operations.length, true)].map((timing) =>
    configOf(config, { ...candidate, ...timing }, signature),
  );
}
