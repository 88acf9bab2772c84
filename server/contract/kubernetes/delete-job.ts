/** Deletes a Job with its pods. */
import type { Cluster } from './cluster.ts';

/** Of a deletion that fails, with a pause between. */
const DELETE_TRIES = 20;

export interface DeleteOptions {
  /** What its pods get between SIGTERM and SIGKILL. */
  graceSeconds: number;
  /** Between two tries. */
  pause: () => Promise<unknown>;
}

/** A Job that is gone already is as good; one whose deletion fails each time is left. */
export async function deleteJob(
  { batch, core, namespace }: Cluster,
  name: string,
  { graceSeconds, pause }: DeleteOptions,
): Promise<void> {
  const labelSelector = `job-name=${name}`;
  const gracePeriodSeconds = graceSeconds;
  // The pods first: a Job's own grace is not that of its pods.
  await insist(
    () => core.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds }),
    pause,
  );
  await insist(() => batch.deleteNamespacedJob({ namespace, name, propagationPolicy: 'Background' }), pause);
}

/** What is not deleted may start another pod: an API that is away for a moment is asked again. */
async function insist(deletes: () => Promise<unknown>, pause: DeleteOptions['pause']): Promise<void> {
  for (let i = 0; i < DELETE_TRIES; i++) {
    const refusal = await deletes().then(
      () => null,
      (error: { code?: number }) => error,
    );
    if (refusal === null || refusal.code === 404) return;
    await pause();
  }
}
