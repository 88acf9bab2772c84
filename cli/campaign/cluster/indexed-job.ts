/** The Job of a campaign: one pod a shard. Placement, retries, deadlines and quotas are the cluster's. */
import type { V1Job } from '@kubernetes/client-node';
import { type RunConfig, rangesText, type SeedRange } from '../../../server/contract/index.ts';
import { restrictedPod } from '../../../server/contract/kubernetes/pod.ts';
import { configWords } from '../../../server/contract/reproduce.ts';

export interface CampaignJob {
  /** The campaign. */
  name: string;
  image: string;
  /** What comes behind `simcity` in a pod: a command that knows its shard by JOB_COMPLETION_INDEX. */
  words: readonly string[];
  shards: number;
  /** Pods at once. */
  parallel: number;
  /** For all of it; null: until all shards are through. */
  seconds: number | null;
  /** A Secret of the namespace whose keys are variables of the pods; null: they need none. */
  secret: string | null;
}

export const CONTAINER = 'shard';
/** A shard that is told to stop prints what it has. */
export const STOP_GRACE_SECONDS = 30;
/** For those who come later to read what its shards printed. */
const KEEP_SECONDS = 86_400;
/** Attempts at a shard beside the first, until it is given up. */
const RETRIES = 2;
/** Above the time of the campaign: pods are placed, and tell what they have. */
const OVERTIME_SECONDS = 300;
/** Of the shards, until the Job is given up as a whole. */
const MOST_FAILED = 0.1;
/** The name of a pod is that of its Job with five letters, its index and five letters more, of 63 at most. */
const LONGEST_NAME = 36;
/** `wrong usage`, which no second attempt makes right. */
const USAGE_EXIT_CODE = 2;

export function indexedJob({ name, image, words, shards, parallel, seconds, secret }: CampaignJob): V1Job {
  const labels = { 'app.kubernetes.io/name': 'simcity-campaign', 'simcity.campaign': name };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: `${name.slice(0, LONGEST_NAME).replace(/-+$/, '')}-`, labels },
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: parallel,
      backoffLimitPerIndex: RETRIES,
      maxFailedIndexes: Math.ceil(shards * MOST_FAILED),
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          {
            action: 'FailJob',
            onExitCodes: { containerName: CONTAINER, operator: 'In', values: [USAGE_EXIT_CODE] },
          },
          // A node that is drained is no attempt.
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      ttlSecondsAfterFinished: KEEP_SECONDS,
      ...(seconds === null ? {} : { activeDeadlineSeconds: Math.ceil(seconds) + OVERTIME_SECONDS }),
      template: restrictedPod({
        labels,
        graceSeconds: STOP_GRACE_SECONDS,
        container: {
          ...{ name: CONTAINER, image, args: ['simcity', ...words] },
          ...(secret === null ? {} : { envFrom: [{ secretRef: { name: secret } }] }),
          // A processor a pod: more of them are more pods.
          resources: { requests: { cpu: '1', memory: '512Mi' }, limits: { memory: '2Gi' } },
        },
      }),
    },
  };
}

/** What the shards of a campaign execute. */
export interface ShardedCampaign extends Pick<CampaignJob, 'shards' | 'parallel' | 'seconds'> {
  scenario: string;
  target: string;
  config: RunConfig;
  seeds: readonly SeedRange[];
}

/** The command of each pod, without `simcity`. */
export function shardWords(campaign: ShardedCampaign): string[] {
  const { scenario, target, seeds, shards } = campaign;
  const seconds = secondsOfShard(campaign);
  return [
    ...['campaign', scenario, '--target', target, ...configWords(campaign)],
    ...['--seeds', rangesText(seeds), ...(seconds === null ? [] : ['--for', `${seconds}s`])],
    // A failure that was found is no failure of the pod, which would be tried again.
    ...['--parallel', '1', '--shard', `auto/${shards}`, '--exit-zero', '--json'],
  ];
}

/** The time of the campaign, shared so that all shards get as much of it; null: each until it is through. */
function secondsOfShard({ shards, parallel, seconds }: ShardedCampaign): number | null {
  return seconds === null ? null : Math.max(1, Math.floor(seconds / Math.ceil(shards / parallel)));
}
