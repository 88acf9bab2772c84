/**
 * A stand-in for the Kubernetes API with one Indexed Job, which it executes as the documentation of Jobs says:
 * parallelism, attempts by index, the policy for failures, and the indexes in its status. A pod is a real process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { V1Job } from '@kubernetes/client-node';
import { type Call, kubeconfigOf, StandIn } from './container-apis.ts';

interface Pod {
  name: string;
  index: number;
  process: ChildProcess;
  log: string;
  exitCode: number | null;
}

const BASE = '/apis/batch/v1/namespaces/city/jobs';
const PODS = '/api/v1/namespaces/city/pods';

export class IndexedJobStandIn extends StandIn {
  readonly pods: Pod[] = [];
  /** Indexes whose first pod ends with another exit code than its process does. */
  readonly failsOnce = new Map<number, number>();
  /** Indexes whose pods never end by themselves. */
  readonly holds = new Set<number>();
  /** So many reads of logs fail before one is answered. */
  refusesLogs = 0;
  /** What Secrets hold that pods name, by their names. */
  secrets: Record<string, Record<string, string>> = {};
  /** Pods wait for a node. */
  hasNoRoom = false;
  job: V1Job | null = null;
  #completed = new Set<number>();
  #failed = new Set<number>();
  #failures = new Map<number, number>();
  #condition: { type: string; status: string; reason?: string; message?: string } | null = null;

  /** A refusal of the Job. */
  refusal: [status: number, message: string] | null = null;

  /** `command`: what a pod runs, to which the words of the Job's command are added but for `simcity`. */
  constructor(command = [process.execPath, `${process.cwd()}/cli/simcity.js`]) {
    super(command);
  }

  get kubeconfig(): string {
    return kubeconfigOf(this.port);
  }

  override async close(): Promise<void> {
    this.#end();
    await Promise.all(this.pods.map(({ process: child }) => ended(child)));
    await super.close();
  }

  protected async answer({ method, path, body }: Call): Promise<[number, unknown?]> {
    const { pathname, searchParams } = new URL(path, 'http://k8s');
    const action = `${method} ${pathname}`;
    if (action === `POST ${BASE}` && this.refusal !== null) {
      const [code, message] = this.refusal;
      return [code, { kind: 'Status', code, message }];
    }
    if (action === `POST ${BASE}`) return [201, this.#create(body as V1Job)];
    if (method === 'DELETE') return this.#delete(pathname);
    if (action === `GET ${BASE}/job-1`) return this.job === null ? notFound(action) : [200, this.#shown()];
    if (action === `GET ${PODS}`) return [200, this.#list(searchParams)];
    const log = /\/pods\/(pod-[\d-]+)\/log$/.exec(pathname);
    if (log) return this.#log(log[1] ?? '', searchParams);
    return notFound(action);
  }

  #create(job: V1Job): V1Job {
    this.job = { ...job, metadata: { ...job.metadata, name: 'job-1' } };
    this.#schedule();
    return this.job;
  }

  #delete(pathname: string): [number, unknown] {
    this.#end();
    if (pathname.startsWith(BASE)) this.job = null;
    return [200, { kind: 'Status', apiVersion: 'v1', status: 'Success' }];
  }

  #end(): void {
    this.hasNoRoom = true;
    for (const { process: child } of this.pods) child.kill('SIGKILL');
  }

  /** Starts what there is room for, the lowest index first. */
  #schedule(): void {
    const spec = this.job?.spec;
    if (!spec || this.hasNoRoom || this.#condition !== null) return;
    const running = this.pods.filter(({ exitCode }) => exitCode === null);
    const taken = new Set([...this.#completed, ...this.#failed, ...running.map(({ index }) => index)]);
    const waiting = Array.from({ length: spec.completions ?? 0 }, (_, i) => i).filter((i) => !taken.has(i));
    for (const index of waiting.slice(0, Math.max(0, (spec.parallelism ?? 0) - running.length)))
      this.#start(index);
    if (waiting.length === 0 && running.length === 0) this.#conclude();
  }

  #start(index: number): void {
    const container = this.job?.spec?.template.spec?.containers[0];
    const [, ...words] = container?.args ?? [];
    const named = container?.envFrom?.map(({ secretRef }) => this.secrets[secretRef?.name ?? '']) ?? [];
    const [file = '', ...args] = this.command;
    const child = spawn(file, [...args, ...words, ...(this.holds.has(index) ? ['--hold'] : [])], {
      env: {
        ...{ PATH: process.env['PATH'], JOB_COMPLETION_INDEX: String(index), SIMCITY_DATA_DIR: '.simcity' },
        ...Object.assign({}, ...named),
      },
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const name = `pod-${index}-${this.#failures.get(index) ?? 0}`;
    const pod: Pod = { name, index, process: child, log: '', exitCode: null };
    this.pods.push(pod);
    const keep = (text: string) => {
      pod.log += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('close', (code) => {
      pod.exitCode = this.failsOnce.get(index) ?? code ?? 137;
      this.failsOnce.delete(index);
      this.#over(pod);
      this.#schedule();
    });
  }

  #over({ index, exitCode }: Pod): void {
    if (exitCode === 0) {
      this.#completed.add(index);
      return;
    }
    const { podFailurePolicy, backoffLimitPerIndex = 0, maxFailedIndexes } = this.job?.spec ?? {};
    const failJob = podFailurePolicy?.rules.find(({ action }) => action === 'FailJob');
    if (failJob?.onExitCodes?.values.includes(exitCode ?? 0)) {
      this.#fail('PodFailurePolicy', `Container shard failed with exit code ${exitCode}`);
      return;
    }
    const failures = (this.#failures.get(index) ?? 0) + 1;
    this.#failures.set(index, failures);
    if (failures > backoffLimitPerIndex) this.#failed.add(index);
    if (this.#failed.size > (maxFailedIndexes ?? Number.POSITIVE_INFINITY))
      this.#fail(
        'MaxFailedIndexesExceeded',
        'Job has exceeded the specified maximal number of failed indexes',
      );
  }

  #fail(reason: string, message: string): void {
    this.#condition = { type: 'Failed', status: 'True', reason, message };
    for (const { process: child } of this.pods) child.kill('SIGKILL');
  }

  #conclude(): void {
    if (this.#failed.size > 0) this.#fail('FailedIndexes', 'Job has failed indexes');
    else this.#condition = { type: 'Complete', status: 'True' };
  }

  #shown(): V1Job {
    const running = this.pods.filter(({ exitCode }) => exitCode === null).length;
    const isOver = this.#condition !== null && running === 0;
    return {
      ...(this.job as V1Job),
      status: {
        completedIndexes: textOf(this.#completed),
        failedIndexes: textOf(this.#failed),
        active: this.hasNoRoom ? 1 : running,
        ready: running,
        conditions: (isOver ? [this.#condition] : []) as never,
      },
    };
  }

  #list(query: URLSearchParams): object {
    const index = /job-completion-index=(\d+)/.exec(query.get('labelSelector') ?? '')?.[1];
    const phase = /status\.phase=(\w+)/.exec(query.get('fieldSelector') ?? '')?.[1];
    const items = this.pods.map(shownPod).filter((pod) => {
      return pod.status.phase === phase && (index === undefined || pod.metadata.annotations.index === index);
    });
    const waits = {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: NO_ROOM }],
    };
    const waiting = phase === 'Pending' && this.hasNoRoom ? [{ metadata: { name: 'w' }, status: waits }] : [];
    return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [...items, ...waiting] };
  }

  #log(name: string, query: URLSearchParams): [number, unknown] {
    if (this.refusesLogs > 0) {
      this.refusesLogs -= 1;
      return [500, { kind: 'Status', code: 500, message: 'the node cannot be reached' }];
    }
    const pod = this.pods.find((each) => each.name === name);
    if (pod === undefined) return notFound(name);
    const lines = Number(query.get('tailLines') ?? 0);
    return [200, lines === 0 ? pod.log : pod.log.trimEnd().split('\n').slice(-lines).join('\n')];
  }
}

export const NO_ROOM = '0/3 nodes are available: 3 Insufficient cpu.';

function shownPod({ name, index, exitCode }: Pod) {
  const phase = exitCode === null ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed';
  return { metadata: { name, annotations: { index: String(index) } }, status: { phase } };
}

/** As the API writes it: `0,2-4`. */
function textOf(indexes: ReadonlySet<number>): string {
  const runs: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

function notFound(what: string): [number, unknown] {
  return [404, { kind: 'Status', code: 404, message: what }];
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('close', () => resolve()));
}
