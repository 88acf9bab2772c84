/** Pods that work for a campaign of a server: the claimants of one Job, which goes when there are no more seeds. */
import type { Context } from '../../process/context.ts';
import { messageOf, usageError } from '../../process/errors.ts';
import { safeLines, safeText } from '../../run/sanitize.ts';
import type { CampaignFlags } from '../plan.ts';
import { indexedJob } from './indexed-job.ts';
import { type Pods, podsOf } from './pods.ts';
import { makeJob, runJob } from './run-job.ts';

export interface Claimants {
  /** Deletes the Job; again is no harm. */
  end(): Promise<void>;
}

const DEFAULT_PODS = 10;

export interface ClaimantFlags extends CampaignFlags {
  shards?: number;
}

/**
 * What starts them for a campaign, once it is there. `url`: the server, as this machine reaches it.
 * @throws CliError for what no pod can do.
 */
export async function claimantsOf(
  context: Context,
  flags: ClaimantFlags,
  { url, say }: { url: string; say: (message: string) => void },
): Promise<(campaign: string) => Promise<Claimants>> {
  const { cluster, image, secret } = await podsOf(context, flags);
  refuseLoopback(url, secret);
  // The server cuts the shards, so that there are as many pods as work at once.
  const pods = Math.min(flags.parallel ?? DEFAULT_PODS, flags.shards ?? Number.POSITIVE_INFINITY);
  const size = { shards: pods, parallel: pods, seconds: flags.for ?? null };
  return async (campaign) => {
    const words = claimantWords(campaign, secret === null ? url : null);
    const name = await makeJob(cluster, indexedJob({ ...size, name: campaign, image, secret, words }));
    say(`Job ${name} in the namespace ${cluster.namespace}: ${pods} pods work for the campaign`);
    return followed(context, cluster, name, say);
  };
}

function followed(
  context: Context,
  cluster: Pods['cluster'],
  name: string,
  say: (message: string) => void,
): Claimants {
  const ended = new AbortController();
  const quiet = { progress: () => {}, printed: () => {} };
  const running = runJob(context, cluster, name, { stopped: ended.signal, ...quiet })
    .then((end) => {
      if (end !== null && end.why !== null) say(`the Job failed: ${safeLines(end.why)}`);
    })
    .catch((error: unknown) => say(safeLines(messageOf(error))));
  return {
    async end() {
      ended.abort();
      await running;
    },
  };
}

/** `url` null: the pods know it, and their token, by variables. */
export function claimantWords(campaign: string, url: string | null): string[] {
  return [
    ...['campaign', '--join', campaign, ...(url === null ? [] : ['--server', url])],
    // What they find is recorded by who started it, or by the runners of the server.
    ...['--parallel', '1', '--no-record', '--exit-zero', '--log'],
  ];
}

function refuseLoopback(url: string, secret: string | null): void {
  const host = URL.parse(url)?.hostname ?? '';
  if (secret !== null || !/^(localhost|127\..*|\[::1\])$/.test(host)) return;
  throw usageError(
    `pods cannot reach the server at ${safeText(url)}.`,
    'Name it as they do; or put its SIMCITY_URL, and their SIMCITY_TOKEN, into a Secret that SIMCITY_POD_SECRET names.',
  );
}
