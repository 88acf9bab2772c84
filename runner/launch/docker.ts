/**
 * Starts harnesses as containers, by the API of the Docker Engine over its socket: create, attach, start, wait,
 * remove. Plain HTTP, because a client library takes 19 MB for these six calls. The order and stops go by stdin,
 * which closes with the runner (`StdinOnce`), so that a container without a runner ends like a process does.
 */
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HarnessOrder } from '../../server/contract/index.ts';
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

const API = '/v1.41';
const ANSWER_LIMIT_MS = 30_000;
/** Attached streams end with the container; what still comes after its exit is waited for so long. */
const DRAIN_MS = 2_000;
const MEMORY_BYTES = 2 * 1024 ** 3;
const MAX_ANSWER_CHARACTERS = 1024 * 1024;

export function dockerLauncher(options: DockerOptions): Launcher {
  return (order, onAlive) => new DockerChild(options, order, onAlive);
}

class DockerChild implements HarnessChild {
  readonly pid = undefined;
  readonly startLimitSeconds: number;
  readonly done: Promise<ChildExit>;
  readonly #engine: Engine;
  readonly #output: HarnessOutput;
  #id: string | null = null;
  #stdin: Duplex | null = null;
  #started = false;
  /** Asked for before there was a container to ask it of. */
  #killed: 'SIGTERM' | 'SIGKILL' | null = null;
  #stop: string | null = null;

  constructor(options: DockerOptions, order: HarnessOrder, onAlive: (alive: Alive) => void) {
    this.startLimitSeconds = options.startTimeoutSeconds;
    this.#engine = new Engine(options.host);
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
      const drained = await this.#begin(options, order);
      const exit = await this.#wait();
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
      return { ...exit, spawnError: null, ...this.#output.kept() };
    } catch (error) {
      const spawnError = error instanceof Error ? error.message : String(error);
      return { code: null, signal: null, spawnError, outOfMemory: false, ...this.#output.kept() };
    } finally {
      this.#stdin?.destroy();
      if (this.#id !== null)
        await this.#engine.call('DELETE', `/containers/${this.#id}?force=1&v=1`).catch(() => undefined);
    }
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
    Labels: { 'simcity.run': runId },
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

class Engine {
  readonly #where: Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;

  /** @throws Error for what is neither a socket nor a plain TCP address. */
  constructor(host: string) {
    const url = URL.parse(host);
    if (url?.protocol === 'unix:') this.#where = { socketPath: url.pathname };
    else if (url?.protocol === 'tcp:' || url?.protocol === 'http:')
      this.#where = { host: url.hostname, port: url.port || 2375 };
    else throw new Error(`DOCKER_HOST is ${JSON.stringify(host)}, but must be unix:///… or tcp://HOST:PORT`);
  }

  /** The answer's JSON. `limitMs` 0: as long as it takes. @throws Error with what the engine said. */
  call(method: string, path: string, body?: unknown, limitMs = ANSWER_LIMIT_MS): Promise<unknown> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { ...this.#where, agent: false, method, path: API + path, headers },
        (incoming) => {
          readAnswer(incoming)
            .then((answer) => resolve(answerOf(incoming, answer, path)), reject)
            .catch(reject);
        },
      );
      outgoing.on('error', (error) => reject(unreachable(error)));
      if (limitMs > 0)
        outgoing.setTimeout(limitMs, () => outgoing.destroy(new Error(`no answer in ${limitMs} ms`)));
      outgoing.end(text);
    });
  }

  attach(id: string): Promise<{ socket: Duplex; head: Buffer }> {
    const path = `${API}/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;
    const headers = { connection: 'Upgrade', upgrade: 'tcp' };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { ...this.#where, agent: false, method: 'POST', path, headers },
        (incoming) => {
          incoming.resume();
          reject(new Error(`the Docker Engine did not attach: ${incoming.statusCode}`));
        },
      );
      outgoing.on('upgrade', (_, socket, head) => resolve({ socket, head }));
      outgoing.on('error', (error) => reject(unreachable(error)));
      outgoing.end();
    });
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) {
    if (text.length < MAX_ANSWER_CHARACTERS) text += chunk;
  }
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function answerOf({ statusCode = 0 }: IncomingMessage, answer: unknown, path: string): unknown {
  if (statusCode < 300) return answer;
  const { message = '' } = (answer ?? {}) as { message?: string };
  throw new Error(`the Docker Engine refused ${path.split('?')[0]}: ${statusCode} ${message}`.trim());
}

function unreachable(error: NodeJS.ErrnoException): Error {
  return new Error(`the Docker Engine cannot be reached: ${error.code ?? error.message}`, { cause: error });
}
