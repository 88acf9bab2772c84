/** The Job of a campaign: one pod a shard. Placement, retries, deadlines and quotas are the cluster's. */
import type { V1Job } from '@kubernetes/client-node';
import { KEEP_SECONDS } from '../../../server/contract/kubernetes/cluster.ts';
import { restrictedPod } from '../../../server/contract/kubernetes/pod.ts';

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
/** A shard that is told to stop tells what it has. */
export const STOP_GRACE_SECONDS = 30;
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

/** How long each shard gets, so that all of them are through in `seconds`; null: until it is through. */
export function secondsOfShard({ shards, parallel, seconds }: CampaignJob): number | null {
  return seconds === null ? null : seconds / Math.ceil(shards / parallel);
}
