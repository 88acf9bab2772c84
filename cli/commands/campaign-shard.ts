/** `simcity campaign --shard 3/20 --json`: executes a part of the seeds in this process, and prints what it found. */
import { availableParallelism } from 'node:os';
import {
  ENGINE_GENERATION,
  failingOf,
  partOf,
  runConfigSchema,
  sizeOf,
} from '../../server/contract/index.ts';
import { buildHash } from '../campaign/build.ts';
import { keepCity } from '../campaign/city.ts';
import { codeHash } from '../campaign/code.ts';
import { Engine } from '../campaign/engine.ts';
import { type CampaignFlags, planOf, settledPlan } from '../campaign/plan.ts';
import { lineReporter } from '../campaign/reporter.ts';
import { documentText, type ShardDocument } from '../campaign/shard/document.ts';
import { executePart } from '../campaign/shard/execute.ts';
import { bar } from '../output/progress-line.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { VERSION } from '../process/version.ts';
import type { ShardFlag } from '../program/flags.ts';
import { counted, formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';

export interface ShardFlags extends CampaignFlags {
  scenario: string;
  shard: ShardFlag;
  exitZero?: true;
}

/** Exit code 0: no seed failed, or `--exit-zero`; 1: some did; 130: stopped, with what was through. */
export async function campaignShard(context: Context, flags: ShardFlags): Promise<number> {
  const shard = { number: numberOf(context, flags.shard), count: flags.shard.count };
  if (flags.json !== true) {
    throw usageError(
      'a shard is printed as a document, which `simcity campaign merge` takes.',
      'Add --json, and where it goes: --json >shard.json',
    );
  }
  const reporter = lineReporter(context);
  const asked = await planOf(context, flags, 'shard');
  const city = keepCity(context, flags, async () => null);
  try {
    const plan = await settledPlan(context, asked.plan, asked.own, { city, say: reporter.say });
    const { scenario, target } = plan;
    const code = codeHash(context.cwd, asked.own);
    const config = runConfigSchema.parse(plan.config);
    const subject = { name: plan.name, scenario, target, config, code };
    const engine = new Engine(context, {
      ...{ subject, own: asked.own, targetUrl: await city.url(subject) },
      parallel: flags.parallel ?? availableParallelism(),
    });
    const document = await executed(context, engine, {
      shard,
      campaign: {
        ...{ scenario, target, config, seeds: [...plan.seeds], code },
        ...{ generation: ENGINE_GENERATION, version: VERSION, build: buildHash() },
      },
      seconds: plan.budgetSeconds,
    });
    await context.out(documentText(document));
    if (document.end === 'stopped') return EXIT.interrupted;
    return document.tally.failures.length === 0 || flags.exitZero ? EXIT.pass : EXIT.fail;
  } finally {
    await city.close();
  }
}

type Order = Pick<ShardDocument, 'shard' | 'campaign'> & { seconds: number | null };

async function executed(
  context: Context,
  engine: Engine,
  { shard, campaign, seconds }: Order,
): Promise<Omit<ShardDocument, 'format'>> {
  const reporter = lineReporter(context);
  const seeds = partOf(campaign.seeds, shard.number, shard.count);
  const total = sizeOf(seeds);
  const of = `${counted(total, 'seed', 'seeds')} of ${safeText(campaign.scenario)} on ${safeText(campaign.target)}`;
  reporter.say(`shard ${shard.number}/${shard.count}: ${of}`);
  const stopped = new AbortController();
  const undo = createStopping(context).onStop(() => {
    if (stopped.signal.aborted) context.leave(EXIT.interrupted);
    stopped.abort();
  });
  const end = await executePart(engine, {
    ...{ seeds, seconds, stopped: stopped.signal },
    onProgress({ through, failures }) {
      const done = sizeOf(through);
      const failing = `${formatNumber(failingOf(failures))} failing`;
      reporter.progress(`${bar(done / total, 16)} ${formatNumber(done)}/${formatNumber(total)}  ${failing}`);
    },
  });
  reporter.clear();
  undo();
  return { shard, campaign, ...end };
}

/** `auto`: as Kubernetes tells the pods of an Indexed Job, from 0. */
function numberOf({ env }: Context, { number, count }: ShardFlag): number {
  if (number !== 'auto') return number;
  const text = env['JOB_COMPLETION_INDEX'] ?? '';
  const index = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (index < count) return index + 1;
  throw usageError(
    `--shard auto/${count}: JOB_COMPLETION_INDEX ${text === '' ? 'is not set' : `is ${safeText(text)}`}, and must be 0 to ${count - 1}.`,
    'The pods of an Indexed Job have it; elsewhere say which, such as --shard 1/20.',
  );
}
