/** Follows the Job of a campaign to its end, and takes what each shard printed as soon as it is through. */
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { Cluster } from '../../../server/contract/kubernetes/cluster.ts';
import { indexesIn } from './completed-indexes.ts';
import { CONTAINER } from './indexed-job.ts';

export interface JobProgress {
  /** Shards that are through, that are given up, and pods that run. */
  completed: number;
  failed: number;
  running: number;
  /** Why no pod runs, where the cluster tells; null otherwise. */
  waiting: string | null;
}

export interface JobWatcher {
  progress(progress: JobProgress): void;
  /** What a shard printed. */
  printed(log: string): void;
  /** Between two looks. @throws when nobody follows any more. */
  pause(): Promise<unknown>;
}

/** `why` null: all shards are through. Else why not, as the cluster tells it, with the last words of one that failed. */
export interface JobEnd {
  why: string | null;
}

const INDEX_LABEL = 'batch.kubernetes.io/job-completion-index';
const LAST_LINES = 5;

export async function followJob(cluster: Cluster, name: string, watcher: JobWatcher): Promise<JobEnd> {
  const taken = new Set<number>();
  for (;;) {
    const job = await lookedUp(() => cluster.batch.readNamespacedJob({ namespace: cluster.namespace, name }));
    if (job === 'gone') return { why: 'the Job is gone: somebody deleted it' };
    if (job !== 'away') {
      const isTaken = await takePrinted(cluster, name, job, { taken, watcher });
      watcher.progress(await progressOf(cluster, name, job));
      const end = endOf(job);
      if (end !== null && isTaken)
        return end.why === null ? end : { why: await withLastWords(cluster, name, end.why) };
    }
    await watcher.pause();
  }
}

/** `away`: the API did not answer, which says nothing about the Job. @throws what the API refuses. */
async function lookedUp<Value>(read: () => Promise<Value>): Promise<Value | 'gone' | 'away'> {
  try {
    return await read();
  } catch (error) {
    const { code } = error as { code?: number | string };
    if (code === 404) return 'gone';
    if (code === 401 || code === 403) throw error;
    return 'away';
  }
}

/** False while the API is away, and so something is left that has to be asked for again. */
async function takePrinted(
  cluster: Cluster,
  name: string,
  job: V1Job,
  { taken, watcher }: { taken: Set<number>; watcher: JobWatcher },
): Promise<boolean> {
  let isTaken = true;
  for (const index of indexesIn(job.status?.completedIndexes)) {
    if (taken.has(index)) continue;
    const labelSelector = `job-name=${name},${INDEX_LABEL}=${index}`;
    const pod = await podOf(cluster, labelSelector, 'Succeeded');
    const log = pod === 'away' ? pod : pod === null ? 'gone' : await logOf(cluster, pod);
    if (log === 'away') isTaken = false;
    else taken.add(index);
    if (log !== 'away' && log !== 'gone') watcher.printed(log);
  }
  return isTaken;
}

async function podOf(cluster: Cluster, labelSelector: string, phase: string): Promise<V1Pod | null | 'away'> {
  const { core, namespace } = cluster;
  const fieldSelector = `status.phase=${phase}`;
  const pods = await lookedUp(() =>
    core.listNamespacedPod({ namespace, labelSelector, fieldSelector, limit: 1 }),
  );
  if (pods === 'away') return 'away';
  return pods === 'gone' ? null : (pods.items[0] ?? null);
}

function logOf(
  { core, namespace }: Cluster,
  pod: V1Pod,
  tailLines?: number,
): Promise<string | 'gone' | 'away'> {
  const name = pod.metadata?.name ?? '';
  const lines = tailLines === undefined ? {} : { tailLines };
  return lookedUp(() => core.readNamespacedPodLog({ name, namespace, container: CONTAINER, ...lines }));
}

async function progressOf(cluster: Cluster, name: string, { status }: V1Job): Promise<JobProgress> {
  const running = status?.ready ?? 0;
  return {
    completed: indexesIn(status?.completedIndexes).length,
    failed: indexesIn(status?.failedIndexes).length,
    running,
    waiting: running === 0 && (status?.active ?? 0) > 0 ? await waitingOf(cluster, name) : null,
  };
}

async function waitingOf(cluster: Cluster, name: string): Promise<string | null> {
  const pod = await podOf(cluster, `job-name=${name}`, 'Pending');
  if (pod === null || pod === 'away') return null;
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const unplaced = pod.status?.conditions?.find(({ status }) => status === 'False');
  return waiting?.message ?? waiting?.reason ?? unplaced?.message ?? null;
}

function endOf({ status }: V1Job): JobEnd | null {
  const ended = status?.conditions?.find(
    (each) => each.status === 'True' && (each.type === 'Complete' || each.type === 'Failed'),
  );
  if (ended === undefined) return null;
  return { why: ended.type === 'Complete' ? null : [ended.reason, ended.message].filter(Boolean).join(': ') };
}

async function withLastWords(cluster: Cluster, name: string, why: string): Promise<string> {
  const pod = await podOf(cluster, `job-name=${name}`, 'Failed');
  const log = pod === null || pod === 'away' ? '' : await logOf(cluster, pod, LAST_LINES);
  return log === '' || log === 'gone' || log === 'away' ? why : `${why}\n${log.trimEnd()}`;
}
