/**
 * Stand-ins for the Docker Engine and the Kubernetes API, as far as the launchers call them, with the answers that
 * their references document. A container is a real process of this machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Call {
  method: string;
  path: string;
  body: unknown;
}

const EXIT_BY_SIGNAL: Record<string, number> = { SIGKILL: 137, SIGTERM: 143, SIGSEGV: 139 };

/** A process that stands for a container. `command` is what its image would run. */
class Container {
  readonly process: ChildProcess;
  readonly ended: Promise<number>;

  constructor(command: string[]) {
    const [file = '', ...args] = command;
    this.process = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.process.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) => resolve(code ?? EXIT_BY_SIGNAL[signal ?? ''] ?? 1));
    });
  }
}

export abstract class StandIn {
  readonly calls: Call[] = [];
  protected readonly server: Server = createServer(
    (request, response) => void this.#serve(request, response),
  );
  protected readonly command: string[];
  protected container: Container | null = null;

  constructor(command: string[]) {
    this.command = command;
  }

  async listen(where: string | number): Promise<this> {
    await new Promise<void>((resolve) => {
      if (typeof where === 'string') this.server.listen(where, resolve);
      else this.server.listen(where, '127.0.0.1', resolve);
    });
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.container?.process.kill('SIGKILL');
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  protected abstract answer(call: Call): Promise<[status: number, body?: unknown]>;

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const call = {
      method: request.method ?? '',
      path: request.url ?? '',
      body: text === '' ? null : JSON.parse(text),
    };
    this.calls.push(call);
    const [status, body] = await this.answer(call);
    // A log is text, and all else JSON.
    response.writeHead(status, {
      'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
    });
    response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  }
}

export class DockerStandIn extends StandIn {
  outOfMemory = false;
  /** The status and message that a creation is refused with. */
  refuses: [status: number, message: string] | null = null;
  /** The containers that others have made; `stale` and `fresh` have ended, long ago and just now. */
  left: { Id: string; State: string; Labels: Record<string, string> }[] = [];
  #socket: Duplex | null = null;

  constructor(command: string[]) {
    super(command);
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      this.calls.push({ method: request.method ?? '', path: request.url ?? '', body: null });
      socket.write(
        'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
      );
      socket.on('error', () => undefined);
      this.#socket = socket;
    });
  }

  /** What was written to a container that had ended is read by nobody, and would keep the connection open. */
  override async close(): Promise<void> {
    this.#socket?.destroy();
    await super.close();
  }

  protected async answer({ method, path }: Call): Promise<[number, unknown?]> {
    const action = `${method} ${path.replace(/^\/v1\.41/, '').split('?')[0]}`;
    if (action === 'GET /containers/json') return [200, this.left];
    if (action === 'GET /containers/stale/json')
      return [200, { State: { FinishedAt: '2026-01-01T00:00:00Z' } }];
    if (action === 'GET /containers/fresh/json') return [200, { State: { FinishedAt: new Date() } }];
    if (action === 'POST /containers/create') {
      return this.refuses
        ? [this.refuses[0], { message: this.refuses[1] }]
        : [201, { Id: 'c0ffee', Warnings: [] }];
    }
    if (action === 'POST /containers/c0ffee/start') return this.#start();
    if (action === 'POST /containers/c0ffee/wait') return [200, { StatusCode: await this.container?.ended }];
    if (action === 'GET /containers/c0ffee/json')
      return [200, { Id: 'c0ffee', State: { OOMKilled: this.outOfMemory } }];
    if (action === 'POST /containers/c0ffee/kill') {
      const signal = new URL(path, 'http://docker').searchParams.get('signal') as NodeJS.Signals;
      return this.container?.process.kill(signal) ? [204] : [409, { message: 'is not running' }];
    }
    if (action === 'DELETE /containers/c0ffee') return [204];
    return [404, { message: `page not found: ${action}` }];
  }

  #start(): [number] {
    this.container = new Container(this.command);
    const { process: child } = this.container;
    const socket = this.#socket;
    socket?.pipe(child.stdin as NodeJS.WritableStream);
    const frames = (stream: number) => (chunk: Buffer) => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(chunk.length, 4);
      const frame = Buffer.concat([header, chunk]);
      // Cut in two at a bad place, as a network may.
      socket?.write(frame.subarray(0, 5));
      socket?.write(frame.subarray(5));
    };
    child.stdout?.on('data', frames(1));
    child.stderr?.on('data', frames(2));
    child.once('close', () => socket?.end());
    return [204];
  }
}

/** A client of the cluster at a port, as a file of KUBECONFIG. */
export function kubeconfigOf(port: number): string {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [
      {
        name: 'test',
        cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'test', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'city' } }],
  });
}

export class KubernetesStandIn extends StandIn {
  outOfMemory = false;
  /** What the container waits for instead of running. */
  waits: { reason: string; message: string } | null = null;
  /** The pod vanishes, as with its node. */
  gone = false;
  /** So many deletions fail before one is done. */
  refusesDeletions = 0;
  #exitCode: number | null = null;

  constructor(command: string[]) {
    super(command);
    const sockets = new WebSocketServer({
      server: this.server,
      handleProtocols: (offered) => [...offered][0] ?? false,
    });
    sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
      this.calls.push({ method: 'ATTACH', path: request.url ?? '', body: null });
      this.#join(socket);
    });
  }

  /** A client of the cluster, as a file of KUBECONFIG. */
  get kubeconfig(): string {
    return kubeconfigOf(this.port);
  }

  protected async answer({ method, path, body }: Call): Promise<[number, unknown?]> {
    const action = `${method} ${path.split('?')[0]}`;
    if (method === 'DELETE' && this.refusesDeletions > 0) {
      this.refusesDeletions -= 1;
      return [503, { kind: 'Status', code: 503, message: 'the server is currently unable to handle it' }];
    }
    if (action === 'POST /apis/batch/v1/namespaces/city/jobs') {
      const job = body as { metadata: object };
      if (this.waits === null) this.#start();
      return [201, { ...job, metadata: { ...job.metadata, name: 'simcity-job-1' } }];
    }
    if (action === 'GET /api/v1/namespaces/city/pods')
      return [200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [this.#pod()] }];
    if (action === 'GET /api/v1/namespaces/city/pods/pod-1') {
      return this.gone
        ? [404, { kind: 'Status', code: 404, message: 'pods "pod-1" not found' }]
        : [200, this.#pod()];
    }
    if (action === 'DELETE /api/v1/namespaces/city/pods') {
      const grace = new URL(path, 'http://k8s').searchParams.get('gracePeriodSeconds');
      this.container?.process.kill(grace === '0' ? 'SIGKILL' : 'SIGTERM');
      this.gone = true;
      return [200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }];
    }
    if (method === 'DELETE') return [200, { kind: 'Status', apiVersion: 'v1', status: 'Success' }];
    return [404, { kind: 'Status', code: 404, message: action }];
  }

  #start(): void {
    this.container = new Container(this.command);
    void this.container.ended.then((code) => {
      this.#exitCode = code;
    });
  }

  #pod(): object {
    const code = this.#exitCode;
    const reason = this.outOfMemory ? 'OOMKilled' : code === 0 ? 'Completed' : 'Error';
    const state = this.waits
      ? { waiting: this.waits }
      : code === null
        ? { running: { startedAt: '2026-01-01T00:00:00Z' } }
        : { terminated: { exitCode: code, reason } };
    return {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'pod-1' },
      status: { phase: 'Running', containerStatuses: [{ name: 'harness', state }] },
    };
  }

  /** Each message begins with the number of its channel: 0 stdin, 1 stdout, 2 stderr. */
  #join(socket: WebSocket): void {
    const child = this.container?.process;
    if (!child) return socket.close();
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0 && child.stdin?.writable) child.stdin.write(data.subarray(1));
    });
    socket.on('close', () => child.stdin?.end());
    const channel = (number: number) => (chunk: Buffer) =>
      socket.send(Buffer.concat([Buffer.from([number]), chunk]));
    child.stdout?.on('data', channel(1));
    child.stderr?.on('data', channel(2));
    child.once('close', () => socket.close());
  }
}
