/** Executes the seeds of one shard in this process, without a server. */
import {
  emptyTally,
  mergeTallies,
  type Tally,
  tallyOf,
  type WorkerOrderInput,
  without,
} from '../../../server/contract/index.ts';
import { startWorker } from '../../hosting/worker.ts';
import type { Context } from '../../process/context.ts';
import { EXIT } from '../../process/errors.ts';
import type { Stopping } from '../../process/stopping.ts';
import type { ShardDocument } from './document.ts';

export interface ShardOptions {
  order: Extract<WorkerOrderInput, { do: 'campaign' }>;
  /** Then it ends with what is through; null: it has no such limit. */
  seconds: number | null;
  stopping: Stopping;
  onProgress: (tally: Tally) => void;
}

export async function executeShard(
  context: Context,
  { order, seconds, stopping, onProgress }: ShardOptions,
): Promise<Pick<ShardDocument, 'tally' | 'end'>> {
  let tally = emptyTally();
  if (order.seeds.length === 0) return { tally, end: 'whole' };
  let end: ShardDocument['end'] = 'whole';
  const worker = startWorker(context, order);
  const endBy = (why: 'time' | 'stopped') => {
    if (end === 'stopped') return context.leave(EXIT.interrupted);
    end = why;
    worker.stop();
  };
  const undo = stopping.onStop(() => endBy('stopped'));
  const timer = seconds === null ? undefined : setTimeout(endBy, seconds * 1_000, 'time');
  let toldAt = performance.now();
  try {
    for await (const said of worker.lines()) {
      // It would wait for more of them.
      if ('waiting' in said) worker.stop();
      if (!('through' in said)) continue;
      const now = performance.now();
      tally = mergeTallies(tally, tallyOf(said.through, Math.round(now - toldAt)));
      toldAt = now;
      onProgress(tally);
    }
  } finally {
    clearTimeout(timer);
    await worker.close();
    undo();
  }
  const isWhole = without(order.seeds, tally.through).length === 0;
  return { tally, end: isWhole ? 'whole' : end };
}
