/** `simcity campaign --launcher kubernetes` without a server: its shards are the pods of one Job, and are merged at the end. */
import { failingOf, runConfigSchema } from '../../server/contract/index.ts';
import type { JobProgress } from '../campaign/cluster/follow-job.ts';
import { indexedJob, shardWords } from '../campaign/cluster/indexed-job.ts';
import { podsOf } from '../campaign/cluster/pods.ts';
import { makeJob, runJob } from '../campaign/cluster/run-job.ts';
import { campaignFiles } from '../campaign/files.ts';
import { refuseTaken } from '../campaign/local-session.ts';
import { type CampaignFlags, planOf } from '../campaign/plan.ts';
import { lineReporter } from '../campaign/reporter.ts';
import { documentOfLine, type NamedDocument } from '../campaign/shard/document.ts';
import { mergeShards } from '../campaign/shard/merge.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { bar } from '../output/progress-line.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { formatNumber } from '../run/format.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { tellMerged } from './campaign-merge.ts';

export interface ClusterFlags extends CampaignFlags {
  scenario: string;
  shards?: number;
}

const DEFAULT_SHARDS = 10;

/** Exit code 0: no seed failed; 1: some did; 4: none did, and shards are missing; 130: stopped. */
export async function campaignOnCluster(context: Context, flags: ClusterFlags): Promise<number> {
  refuseWithoutServer(flags);
  const { cluster, image, secret } = await podsOf(context, flags);
  // Hours later would be too late.
  if (flags.name !== undefined) refuseTaken(campaignFiles(dataDirOf(context, flags.dataDir)), flags.name);
  const { plan } = await planOf(context, flags, 'campaign');
  const shards = flags.shards ?? DEFAULT_SHARDS;
  const size = { shards, parallel: Math.min(flags.parallel ?? shards, shards), seconds: plan.budgetSeconds };
  const words = shardWords({ ...plan, config: runConfigSchema.parse(plan.config), ...size });
  const name = await makeJob(cluster, indexedJob({ ...size, name: plan.name, image, secret, words }));
  const reporter = lineReporter(context);
  reporter.say(`Job ${name} in the namespace ${cluster.namespace}: ${formatNumber(shards)} shards`);
  const documents: NamedDocument[] = [];
  const stopped = new AbortController();
  const undo = createStopping(context).onStop(() => {
    if (stopped.signal.aborted) return context.leave(EXIT.interrupted);
    reporter.say('deleting the Job; Ctrl-C again leaves at once.');
    stopped.abort();
  });
  const end = await runJob(context, cluster, name, {
    stopped: stopped.signal,
    progress: (progress) => reporter.progress(progressText(progress, shards, documents)),
    printed: (log) => documents.push(...documentsIn(log)),
  }).finally(() => {
    reporter.clear();
    undo();
  });
  if (end !== null && end.why !== null) reporter.say(`the Job failed: ${safeLines(end.why)}`);
  if (documents.length === 0) return end === null ? EXIT.interrupted : EXIT.unreachable;
  const exitCode = await tellMerged(context, mergeShards(documents), flags);
  return end === null ? EXIT.interrupted : exitCode;
}

/** Without a server no pod knows what the others do. */
function refuseWithoutServer({ untilNew, keepSeeds }: ClusterFlags): void {
  const flag = untilNew !== undefined ? '--until-new' : keepSeeds !== undefined ? '--keep-seeds' : null;
  if (flag === null) return;
  throw usageError(
    `${flag} needs a server: without one the pods execute their shards by themselves.`,
    'Name it by --server URL, or leave the flag out.',
  );
}

function documentsIn(log: string): NamedDocument[] {
  return log.split('\n').flatMap((line) => documentOfLine(line, 'the log of a pod') ?? []);
}

function progressText(progress: JobProgress, shards: number, documents: readonly NamedDocument[]): string {
  const { completed, failed, running, waiting } = progress;
  const failing = documents.reduce((sum, { document }) => sum + failingOf(document.tally.failures), 0);
  const states = [`${running} running`, ...(failed === 0 ? [] : [`${failed} given up`])].join(', ');
  const why = waiting === null ? '' : `  no pod runs: ${safeText(waiting)}`;
  return `${bar(completed / shards, 16)} ${completed}/${shards} shards  ${states}  ${formatNumber(failing)} failing${why}`;
}
