/** Executes the seeds of one shard in this process, without a server. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  emptyTally,
  mergeTallies,
  type SeedRange,
  type Tally,
  tallyOf,
  without,
} from '../../../server/contract/index.ts';
import type { Engine } from '../engine.ts';
import type { ShardDocument } from './document.ts';

export interface ShardOptions {
  seeds: readonly SeedRange[];
  /** Then it ends with what is through; null: it has no such limit. */
  seconds: number | null;
  /** Aborted when somebody stops it. */
  stopped: AbortSignal;
  onProgress: (tally: Tally) => void;
}

export async function executePart(
  engine: Engine,
  { seeds, seconds, stopped, onProgress }: ShardOptions,
): Promise<Pick<ShardDocument, 'tally' | 'end'>> {
  const began = performance.now();
  let tally = emptyTally();
  const done = new AbortController();
  const limit = seconds === null ? null : sleep(seconds * 1_000, undefined, { signal: done.signal });
  limit?.then(() => engine.stop()).catch(() => {});
  const stop = () => engine.stop();
  stopped.addEventListener('abort', stop, { once: true });
  try {
    if (seeds.length > 0)
      await engine.execute(seeds, (through) => {
        tally = mergeTallies(tally, tallyOf(through));
        onProgress(tally);
      });
  } finally {
    done.abort();
    stopped.removeEventListener('abort', stop);
    await engine.close();
  }
  const isWhole = without(seeds, tally.through).length === 0;
  return {
    tally: { ...tally, executingMs: Math.round(performance.now() - began) },
    end: isWhole ? 'whole' : stopped.aborted ? 'stopped' : 'time',
  };
}
