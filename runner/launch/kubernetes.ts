/**
 * Starts harnesses as Kubernetes Jobs, by the official client: one Job a run, never tried again. The order and
 * stops go by the stdin of the pod, to which the runner is attached and which closes with it (`stdinOnce`).
 */
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type * as Kubernetes from '@kubernetes/client-node';
import type { HarnessOrder } from '../../server/contract/index.ts';
import { type Cluster, connectCluster } from '../../server/contract/kubernetes/cluster.ts';
import { deleteJob } from '../../server/contract/kubernetes/delete-job.ts';
import { restrictedPod } from '../../server/contract/kubernetes/pod.ts';
import { type Alive, type ChildExit, exitOf, type HarnessChild, type Launcher } from './harness-child.ts';
import { HarnessOutput } from './harness-output.ts';

export interface KubernetesOptions {
  image: string;
  /** Null: the one of the configuration of the client. */
  namespace: string | null;
  env: Readonly<Record<string, string>>;
  /** A pod that does not run by then is given up: no node, no room, no image. */
  startTimeoutSeconds: number;
  /** Between two looks at the pod. */
  pollMs?: number;
}

const POLL_MS = 500;
/** Above the time that a pod gets to run: it is attached, and its process begins. */
const BEGIN_SECONDS = 60;
const STOP_GRACE_SECONDS = 10;
/** A finished Job stays for a look at it. */
const KEEP_SECONDS = 600;
/** Above what a supervisor takes to give a run up. */
const OVERTIME_SECONDS = 300;
const LONGEST_SECONDS = 7 * 24 * 3_600;
const LABEL = 'simcity.run';

export function kubernetesLauncher(options: KubernetesOptions): Launcher {
  return (order, onAlive) => new KubernetesChild(options, order, onAlive);
}

type Ended = Pick<ChildExit, 'code' | 'signal' | 'outOfMemory'>;

class KubernetesChild implements HarnessChild {
  readonly pid = undefined;
  readonly startLimitSeconds: number;
  readonly done: Promise<ChildExit>;
  readonly #options: KubernetesOptions;
  readonly #output: HarnessOutput;
  readonly #stdin = new PassThrough();
  #cluster: Cluster | null = null;
  #job: string | null = null;
  #killed: 'SIGTERM' | 'SIGKILL' | null = null;

  constructor(options: KubernetesOptions, order: HarnessOrder, onAlive: (alive: Alive) => void) {
    this.#options = options;
    this.startLimitSeconds = options.startTimeoutSeconds + BEGIN_SECONDS;
    this.#output = new HarnessOutput(onAlive);
    this.#stdin.write(`${JSON.stringify(order)}\n`);
    this.done = this.#run(order);
  }

  stop(reason: string | null): void {
    if (this.#stdin.writable) this.#stdin.write(`${JSON.stringify({ stop: { reason } })}\n`);
  }

  /** Deletes the Job with its pod, which gets the grace for SIGTERM and none for SIGKILL. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#killed = signal;
    void this.#delete(signal === 'SIGKILL' ? 0 : STOP_GRACE_SECONDS);
  }

  async #run(order: HarnessOrder): Promise<ChildExit> {
    try {
      const cluster = await connectCluster(this.#options.namespace);
      this.#cluster = cluster;
      const { namespace } = cluster;
      const body = jobOf(this.#options, order);
      const job = await cluster.batch.createNamespacedJob({ namespace, body });
      this.#job = job.metadata?.name ?? '';
      const pod = await this.#running(cluster);
      const attached = await this.#attach(cluster, pod);
      const exit = await this.#ended(cluster, pod);
      attached.close();
      return { ...exit, spawnError: null, ...this.#output.kept() };
    } catch (error) {
      const ended = this.#killed === null ? null : this.#killed;
      const spawnError = ended === null ? messageOf(error) : null;
      if (ended === null) await this.#delete(0);
      return { code: null, signal: ended, spawnError, outOfMemory: false, ...this.#output.kept() };
    } finally {
      this.#stdin.end();
    }
  }

  /** The name of the Job's pod, once its container runs or has ended. @throws Error when it never will. */
  async #running(cluster: Cluster): Promise<string> {
    const labelSelector = `job-name=${this.#job}`;
    const { namespace } = cluster;
    let why = 'there is no pod';
    const limitMs = this.#options.startTimeoutSeconds * 1_000;
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += await this.#pause()) {
      if (this.#killed) throw new Error('it was ended before it began');
      const { items } = await cluster.core.listNamespacedPod({ namespace, labelSelector });
      const state = items[0]?.status?.containerStatuses?.[0]?.state;
      if (state?.running || state?.terminated) return items[0]?.metadata?.name ?? '';
      why = state?.waiting?.message ?? state?.waiting?.reason ?? items[0]?.status?.phase ?? why;
      if (
        /^(InvalidImageName|CreateContainerConfigError|CreateContainerError)$/.test(
          state?.waiting?.reason ?? '',
        )
      )
        throw new Error(`its pod does not run: ${why}`);
    }
    throw new Error(`its pod did not run within ${limitMs / 1_000} s (SIMCITY_START_TIMEOUT): ${why}`);
  }

  async #attach({ client, config, namespace }: Cluster, pod: string): Promise<{ close(): void }> {
    const into = (take: (chunk: Buffer) => void) =>
      new Writable({
        write(chunk: Buffer, _, done) {
          take(chunk);
          done();
        },
      });
    const stdout = into((chunk) => this.#output.stdout(chunk));
    const stderr = into((chunk) => this.#output.stderr(chunk));
    const attach = new client.Attach(config);
    return await attach.attach(namespace, pod, 'harness', stdout, stderr, this.#stdin, false);
  }

  /** Waits for the end of the container, or of its pod. */
  async #ended({ core, namespace }: Cluster, name: string): Promise<Ended> {
    for (;;) {
      const pod = await core.readNamespacedPod({ namespace, name }).catch((error: unknown) => {
        // A server of the API that is away for a moment says nothing about the pod.
        if ((error as { code?: number }).code === 404) return 'gone' as const;
        return null;
      });
      if (pod === 'gone') {
        // Its Job would start another one, which nobody is attached to.
        await this.#delete(0);
        return this.#lost('the pod is gone: it was deleted, or its node was');
      }
      const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
      if (ended) {
        const outOfMemory = ended.reason === 'OOMKilled';
        if (outOfMemory) this.#tell('the container was out of memory (OOMKilled)');
        return { ...exitOf(ended.exitCode), outOfMemory };
      }
      if (pod?.status?.phase === 'Failed')
        return this.#lost(`the pod failed: ${pod.status.reason ?? ''} ${pod.status.message ?? ''}`.trim());
      await this.#pause();
    }
  }

  #lost(message: string): Ended {
    if (this.#killed === null) this.#tell(message);
    return { code: null, signal: this.#killed ?? 'SIGKILL', outOfMemory: false };
  }

  #tell(message: string): void {
    this.#output.stderr(Buffer.from(`\n${JSON.stringify({ message })}\n`));
  }

  async #pause(): Promise<number> {
    const pollMs = this.#options.pollMs ?? POLL_MS;
    await delay(pollMs);
    return pollMs;
  }

  async #delete(graceSeconds: number): Promise<void> {
    if (this.#cluster === null || !this.#job) return;
    await deleteJob(this.#cluster, this.#job, {
      graceSeconds,
      pause: () => this.#pause(),
    });
  }
}

/** One Job for one run: no retries, no service account, nothing that it may write but /tmp. */
export function jobOf({ image, env }: KubernetesOptions, order: HarnessOrder): Kubernetes.V1Job {
  const labels = { [LABEL]: order.runId, 'app.kubernetes.io/name': 'simcity-harness' };
  const seconds = order.config.durationSeconds;
  const repeated = order.repeat?.elapsedSeconds ?? 0;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: `simcity-${order.runId.slice(-12)}-`, labels },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      // A pod that is being deleted still runs: another beside it would be a second execution.
      podReplacementPolicy: 'Failed',
      ttlSecondsAfterFinished: KEEP_SECONDS,
      activeDeadlineSeconds:
        seconds === null ? LONGEST_SECONDS : Math.ceil(seconds + repeated) + OVERTIME_SECONDS,
      template: restrictedPod({
        labels,
        graceSeconds: STOP_GRACE_SECONDS,
        container: {
          ...{ name: 'harness', image, stdin: true, stdinOnce: true },
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
          resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '2Gi' } },
        },
      }),
    },
  };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
