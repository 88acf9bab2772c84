/** The part of a campaign that executes seeds, with its progress. */

import { sizeOf, without } from '../../server/contract/index.ts';
import { startWorker } from '../hosting/worker.ts';
import { bar } from '../output/progress-line.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import type { Stopping } from '../process/stopping.ts';
import { formatCompact, formatNumber, formatSeconds } from '../run/format.ts';
import { absorb, type Checkpoint } from './checkpoint.ts';
import { sampleCourse } from './course.ts';
import type { CampaignReporter } from './reporter.ts';

export interface HuntOptions {
  targetUrl: string | null;
  parallel: number;
  /** Keeps what is known by now. */
  save: () => void;
  reporter: CampaignReporter;
  /** Ends it in order, and by a second call at once. */
  stopping: Stopping;
}

/** Between two times that the checkpoint is kept, in ms. */
const SAVE_EVERY_MS = 1_000;

/** `isWhole`: every seed was executed; `isTold`: it was told to stop, which may have come too late. */
export interface Hunted {
  isWhole: boolean;
  isTold: boolean;
}

/** Executes what is left. */
export async function hunt(context: Context, checkpoint: Checkpoint, options: HuntOptions): Promise<Hunted> {
  const left = without(checkpoint.seeds, checkpoint.through);
  if (left.length === 0) return { isWhole: true, isTold: false };
  const { scenario, target, config, modules, exec, gate } = checkpoint;
  const { targetUrl, parallel, save, reporter } = options;
  const worker = startWorker(context, {
    do: 'campaign',
    scenario,
    target,
    config,
    targetUrl,
    modules,
    exec,
    gate,
    seeds: left,
    parallel,
  });
  const clock = startClock(checkpoint, sizeOf(left));
  let interrupted = false;
  const undo = options.stopping.onStop(() => {
    if (interrupted) return context.leave(EXIT.interrupted);
    interrupted = true;
    reporter.say('stopping the campaign; Ctrl-C again leaves at once.');
    worker.stop();
  });
  let savedAt = Date.now();
  try {
    for await (const said of worker.lines()) {
      if (!('through' in said)) continue;
      const known = checkpoint.found.length;
      absorb(checkpoint, said.through);
      clock.add(said.through.seeds.length, said.through.operations);
      sampleCourse(checkpoint);
      for (const found of checkpoint.found.slice(known)) reporter.found(found);
      reporter.progress(clock.text());
      if (Date.now() - savedAt < SAVE_EVERY_MS) continue;
      savedAt = Date.now();
      save();
    }
  } finally {
    reporter.clear();
    save();
    await worker.close();
    // Until it is gone, whoever tells it to stop is heard.
    undo();
  }
  return { isWhole: without(checkpoint.seeds, checkpoint.through).length === 0, isTold: interrupted };
}

/** Counts, and words how far it is and how long it takes yet. */
function startClock(checkpoint: Checkpoint, toDo: number) {
  const startedAt = performance.now();
  const secondsBefore = checkpoint.seconds;
  const total = sizeOf(checkpoint.seeds);
  let seeds = 0;
  let operations = 0;
  return {
    add(moreSeeds: number, moreOperations: number) {
      seeds += moreSeeds;
      operations += moreOperations;
      checkpoint.seconds = secondsBefore + (performance.now() - startedAt) / 1_000;
    },
    text(): string {
      const seconds = Math.max(0.001, (performance.now() - startedAt) / 1_000);
      const done = total - toDo + seeds;
      const failing = checkpoint.found.reduce((sum, found) => sum + found.seeds, 0);
      const rate = `${formatCompact(seeds / seconds)} seeds/s ${formatCompact(operations / seconds)} op/s`;
      const { proved, identical } = checkpoint;
      const again = proved === 0 ? '' : `, ${identical} of ${proved} the same again`;
      const left = formatSeconds(((toDo - seeds) * seconds) / Math.max(1, seeds));
      return `${bar(done / total, 16)} ${formatNumber(done)}/${formatNumber(total)}  ${rate}  ${left} left  ${failing} failing${again}`;
    },
  };
}
