/**
 * Starts harnesses as containers, by the API of the Docker Engine over its socket: create, attach, start, wait,
 * remove. The order and stops go by stdin, which closes with the runner (`StdinOnce`), so that a container without a
 * runner ends like a process does.
 */
import type { Duplex } from 'node:stream';
import type { HarnessOrder } from '../../server/contract/index.ts';
import { DockerEngine } from './docker-engine.ts';
import { type Alive, type ChildExit, exitOf, type HarnessChild, type Launcher } from './harness-child.ts';
import { HarnessOutput } from './harness-output.ts';

export interface DockerOptions {
  /** `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`, as DOCKER_HOST. */
  host: string;
  image: string;
  /** The network of the containers; `host` reaches a server and databases on the loopback address. */
  network: string;
  /** Variables of the container. */
  env: Readonly<Record<string, string>>;
  /** What creating, attaching and starting may take, its image pulled. */
  startTimeoutSeconds: number;
}

/** Attached streams end with the container; what still comes after its exit is waited for so long. */
const DRAIN_MS = 2_000;
const MEMORY_BYTES = 2 * 1024 ** 3;
/** By it a harness's container is known, and whose it is. */
const RUN_LABEL = 'simcity.run';
/** A container that has ended is removed by its runner within seconds; one that is still there then has lost it. */
const LEFT_MS = 60_000;

export function dockerLauncher(options: DockerOptions): Launcher {
  return (order, onAlive) => new DockerChild(options, order, onAlive);
}

/** Of a list of containers. */
interface Listed {
  Id: string;
  State: string;
  Labels: Record<string, string>;
}

class DockerChild implements HarnessChild {
  readonly pid = undefined;
  readonly startLimitSeconds: number;
  readonly done: Promise<ChildExit>;
  readonly #engine: DockerEngine;
  readonly #output: HarnessOutput;
  #id: string | null = null;
  #stdin: Duplex | null = null;
  #started = false;
  /** Asked for before there was a container to ask it of. */
  #killed: 'SIGTERM' | 'SIGKILL' | null = null;
  #stop: string | null = null;

  constructor(options: DockerOptions, order: HarnessOrder, onAlive: (alive: Alive) => void) {
    this.startLimitSeconds = options.startTimeoutSeconds;
    this.#engine = new DockerEngine(options.host);
    this.#output = new HarnessOutput(onAlive);
    this.done = this.#run(options, order);
  }

  stop(reason: string | null): void {
    this.#stop = `${JSON.stringify({ stop: { reason } })}\n`;
    if (this.#stdin?.writable) this.#stdin.write(this.#stop);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#killed = signal;
    if (!this.#started) return;
    // Gone already, or the engine does not answer: then the wait tells.
    this.#engine.call('POST', `/containers/${this.#id}/kill?signal=${signal}`).catch(() => undefined);
  }

  async #run(options: DockerOptions, order: HarnessOrder): Promise<ChildExit> {
    try {
      await this.#removeLeft(order.runId);
      const drained = await this.#begin(options, order);
      const exit = await this.#wait();
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
      return { ...exit, spawnError: null, ...this.#output.kept() };
    } catch (error) {
      const spawnError = error instanceof Error ? error.message : String(error);
      return { code: null, signal: null, spawnError, outOfMemory: false, ...this.#output.kept() };
    } finally {
      this.#stdin?.destroy();
      if (this.#id !== null) await this.#remove(this.#id);
    }
  }

  /** Removes what runners left that were lost: attempts at this run before this one, and what ended a while ago. */
  async #removeLeft(runId: string): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ label: [RUN_LABEL] }));
    const found = (await this.#engine.call('GET', `/containers/json?all=1&filters=${filters}`)) as Listed[];
    for (const { Id: id, State: state, Labels: labels } of found) {
      const isLeft = labels[RUN_LABEL] === runId || (state === 'exited' && (await this.#endedLongAgo(id)));
      if (isLeft) await this.#remove(id);
    }
  }

  async #endedLongAgo(id: string): Promise<boolean> {
    // Another runner may have removed it meanwhile.
    const found = await this.#engine.call('GET', `/containers/${id}/json`).catch(() => null);
    const { State: state } = (found ?? {}) as { State?: { FinishedAt?: string } };
    return state?.FinishedAt !== undefined && Date.now() - Date.parse(state.FinishedAt) > LEFT_MS;
  }

  async #remove(id: string): Promise<void> {
    await this.#engine.call('DELETE', `/containers/${id}?force=1&v=1`).catch(() => undefined);
  }

  /** Resolves once the container runs, with the end of its output. */
  async #begin(options: DockerOptions, order: HarnessOrder): Promise<Promise<void>> {
    const created = await this.#engine.call('POST', '/containers/create', containerOf(options, order.runId));
    this.#id = String((created as { Id: unknown }).Id);
    const { socket, head } = await this.#engine.attach(this.#id);
    this.#stdin = socket;
    const drained = readFrames(socket, head, this.#output);
    if (this.#killed) throw new Error('it was ended before it began');
    await this.#engine.call('POST', `/containers/${this.#id}/start`);
    this.#started = true;
    if (this.#killed) this.kill(this.#killed);
    socket.write(`${JSON.stringify(order)}\n`);
    if (this.#stop) socket.write(this.#stop);
    return drained;
  }

  async #wait(): Promise<Pick<ChildExit, 'code' | 'signal' | 'outOfMemory'>> {
    const waited = await this.#engine.call('POST', `/containers/${this.#id}/wait`, undefined, 0);
    const { State: state } = (await this.#engine.call('GET', `/containers/${this.#id}/json`)) as {
      State?: { OOMKilled?: boolean };
    };
    const outOfMemory = state?.OOMKilled === true;
    if (outOfMemory)
      this.#output.stderr(Buffer.from('\n{"message":"the container was out of memory (OOMKilled)"}\n'));
    return { ...exitOf(Number((waited as { StatusCode: unknown }).StatusCode)), outOfMemory };
  }
}

function containerOf({ image, network, env }: DockerOptions, runId: string): Record<string, unknown> {
  return {
    Image: image,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: { [RUN_LABEL]: runId },
    // The image's asks a server; a harness gives signs of life.
    Healthcheck: { Test: ['NONE'] },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
    StopTimeout: 10,
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: 'no' },
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 256,
      Memory: MEMORY_BYTES,
      // Of memory and swap together: none of it is swap.
      MemorySwap: MEMORY_BYTES,
    },
  };
}

/** Frames of an attached container without a terminal: the stream's number, three zeros, the length, the bytes. */
function readFrames(socket: Duplex, head: Buffer, output: HarnessOutput): Promise<void> {
  let left: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    while (left.length >= 8) {
      const end = 8 + left.readUInt32BE(4);
      if (left.length < end) return;
      const bytes = left.subarray(8, end);
      if (left[0] === 2) output.stderr(bytes);
      else output.stdout(bytes);
      left = left.subarray(end);
    }
  };
  if (head.length > 0) take(head);
  socket.on('data', take);
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.once('close', () => {
      output.stdoutEnded();
      resolve();
    });
  });
}
