/** `simcity campaign --launcher kubernetes`: the shards of a campaign as the pods of one Job, and what they found together. */
import { settingsOf } from '../../server/contract/environment.ts';
import { failingOf, isModuleFile, runConfigSchema } from '../../server/contract/index.ts';
import { connectCluster } from '../../server/contract/kubernetes/cluster.ts';
import { indexedJob, shardWords } from '../campaign/cluster/indexed-job.ts';
import { runJob } from '../campaign/cluster/run-job.ts';
import { campaignFiles } from '../campaign/files.ts';
import { refuseTaken } from '../campaign/local-session.ts';
import { type CampaignFlags, planOf } from '../campaign/plan.ts';
import { lineReporter } from '../campaign/reporter.ts';
import { documentOfLine, type NamedDocument } from '../campaign/shard/document.ts';
import { mergeShards } from '../campaign/shard/merge.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { bar } from '../output/progress-line.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { VERSION } from '../process/version.ts';
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
  refuseOwnCode(flags);
  // Hours later would be too late.
  if (flags.name !== undefined) refuseTaken(campaignFiles(dataDirOf(context, flags.dataDir)), flags.name);
  const { plan } = await planOf(context, flags, 'campaign');
  const { image, namespace, podSecret } = settingsOf(context.env, ['image', 'namespace', 'podSecret']);
  const shards = flags.shards ?? DEFAULT_SHARDS;
  const size = { shards, parallel: Math.min(flags.parallel ?? shards, shards), seconds: plan.budgetSeconds };
  const job = indexedJob({
    ...{ ...size, name: plan.name, image: image ?? `simcity:${VERSION}`, secret: podSecret },
    words: shardWords({ ...plan, config: runConfigSchema.parse(plan.config), ...size }),
  });
  const cluster = await connectCluster(namespace).catch((error: unknown) => {
    throw new CliError(`${messageOf(error)}.`, { exitCode: EXIT.usage, cause: error });
  });
  const reporter = lineReporter(context);
  const documents: NamedDocument[] = [];
  let failing = 0;
  const stopped = new AbortController();
  const undo = createStopping(context).onStop(() => {
    if (stopped.signal.aborted) return context.leave(EXIT.interrupted);
    reporter.say('deleting the Job; Ctrl-C again leaves at once.');
    stopped.abort();
  });
  const end = await runJob(context, cluster, {
    ...{ job, stopped: stopped.signal },
    made: (name) => reporter.say(`Job ${name} in the namespace ${cluster.namespace}: ${shards} shards`),
    progress({ completed, failed, running, waiting }) {
      const states = [`${running} running`, ...(failed === 0 ? [] : [`${failed} given up`])].join(', ');
      const why = waiting === null ? '' : `  no pod runs: ${safeText(waiting)}`;
      reporter.progress(
        `${bar(completed / shards, 16)} ${completed}/${shards} shards  ${states}  ${formatNumber(failing)} failing${why}`,
      );
    },
    printed(log) {
      for (const line of log.split('\n')) {
        const document = documentOfLine(line, 'a pod');
        if (document === null) continue;
        documents.push(document);
        failing += failingOf(document.document.tally.failures);
      }
    },
  });
  reporter.clear();
  undo();
  if (end !== null && end.why !== null) reporter.say(`the Job failed: ${safeLines(end.why)}`);
  if (documents.length === 0) return end === null ? EXIT.interrupted : EXIT.unreachable;
  const exitCode = await tellMerged(context, mergeShards(documents), flags);
  return end === null ? EXIT.interrupted : exitCode;
}

/** The image has none of it. */
function refuseOwnCode({ scenario, target = '', exec, adapter }: ClusterFlags): void {
  if (![scenario, target].some(isModuleFile) && exec === undefined && adapter === undefined) return;
  throw usageError(
    'files and commands of this machine are not in the image of the pods.',
    'Make an image that has them, and a Job like .deploy/kubernetes/campaign.example.yaml whose command names them.',
  );
}
