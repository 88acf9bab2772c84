/** `simcity campaign --shard 3/20 --json`: executes a part of the seeds in this process, and prints what it found. */
import { availableParallelism } from 'node:os';
import {
  ENGINE_GENERATION,
  failingOf,
  partOf,
  runConfigSchema,
  sizeOf,
} from '../../server/contract/index.ts';
import { lineReporter } from '../campaign/reporter.ts';
import { documentText } from '../campaign/shard/document.ts';
import { executeShard } from '../campaign/shard/execute.ts';
import { type Subject, type SubjectFlags, subjectOf } from '../campaign/subject.ts';
import { cityDatabase } from '../hosting/city-database.ts';
import { surveyed } from '../hosting/survey.ts';
import { bar } from '../output/progress-line.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { VERSION } from '../process/version.ts';
import type { ShardFlag } from '../program/flags.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';

export interface ShardFlags extends SubjectFlags {
  scenario: string;
  shard: ShardFlag;
  parallel?: number;
  /** In seconds. */
  for?: number;
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
  const asked = await subjectOf(context, flags);
  const { target, gate } = asked;
  const cities = await cityDatabase(context, flags, { target, isGated: gate !== null }, null);
  const reporter = lineReporter(context);
  const targetUrl = cities.url;
  const subject = await withSurvey(context, asked, targetUrl, reporter.say);
  const { modules: _, exec: __, gate: ___, ...campaign } = subject;
  const seeds = partOf(subject.seeds, shard.number, shard.count);
  const total = sizeOf(seeds);
  reporter.say(
    `shard ${shard.number}/${shard.count}: ${formatNumber(total)} seeds of ${safeText(campaign.scenario)}`,
  );
  const { tally, end } = await executeShard(context, {
    order: {
      ...{ ...subject, do: 'campaign', seeds, targetUrl },
      parallel: flags.parallel ?? availableParallelism(),
    },
    seconds: flags.for ?? null,
    stopping: createStopping(context),
    onProgress({ through, failures }) {
      const done = sizeOf(through);
      reporter.progress(
        `${bar(done / total, 16)} ${formatNumber(done)}/${formatNumber(total)}  ${formatNumber(failingOf(failures))} failing`,
      );
    },
  });
  reporter.clear();
  await cities.close();
  const engine = { generation: ENGINE_GENERATION, version: VERSION, build: null, code: null };
  await context.out(documentText({ shard, campaign: { ...campaign, ...engine }, end, tally }));
  if (end === 'stopped') return EXIT.interrupted;
  return tally.failures.length === 0 || flags.exitZero ? EXIT.pass : EXIT.fail;
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

/** The same for each shard, since it looks at the service by the first seed of all. */
async function withSurvey(
  context: Context,
  subject: Subject,
  targetUrl: string | null,
  say: (message: string) => void,
): Promise<Subject> {
  const { scenario, target, config, exec, gate, modules, seeds } = subject;
  if (gate === null || exec === null) return subject;
  const { config: found } = await surveyed(context, {
    launch: { scenario, target, config },
    ...{ target, gate, exec, targetUrl, say },
    modules: modules ?? null,
    seed: seeds[0]?.[0] ?? 1,
  });
  return { ...subject, config: runConfigSchema.parse(found) };
}
