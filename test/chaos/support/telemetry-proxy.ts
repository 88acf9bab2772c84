/**
 * An HTTP proxy between harnesses and the server: it notes what was acknowledged, and loses, repeats, delays
 * or swaps requests and answers as the test says.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { RunEvent } from '../../../server/contract/index.ts';

/**
 * What becomes of a batch: `cut-before`: it never reaches the server; `lose-answer`: it is stored, and the answer
 * lost; `twice`: it arrives two times; `stale`: an earlier batch arrives once more before it, and after it again;
 * `lie`: it never reaches the server, and is acknowledged, as by a server that is broken.
 */
export type Fate = 'pass' | 'cut-before' | 'lose-answer' | 'twice' | 'stale' | 'lie';

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export class TelemetryProxy {
  /** By run and index: events as they were sent in batches whose answer 200 reached the harness. */
  readonly acknowledged = new Map<string, Map<number, string>>();
  /** Statuses of the server's answers to telemetry; 0: none came. */
  readonly statuses = new Map<number, number>();
  batches = 0;
  /** Of the newest batch. */
  lastHeaders: IncomingMessage['headers'] = {};
  /** The bodies of answers that were 500 or more, each once. */
  readonly refusals = new Set<string>();
  fateOf: (batch: number) => Fate = () => 'pass';
  /** Called after the server has answered, before the harness gets to know. */
  onAnswer: (status: number, batch: number) => void | Promise<void> = () => undefined;
  /** Called with each batch as it goes to the server; what it answers, with the server's answer, null: none came. */
  watch: (runId: string, token: string, batch: Buffer) => (answer: Answer | null) => void = () => () =>
    undefined;
  readonly #server: Server;
  readonly #upstream: string;
  readonly #earlier: { path: string; headers: IncomingMessage['headers']; body: Buffer }[] = [];

  private constructor(server: Server, upstream: string) {
    this.#server = server;
    this.#upstream = upstream;
  }

  static async start(upstream: string): Promise<TelemetryProxy> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const proxy = new TelemetryProxy(server, upstream);
    server.on('request', (asked, answer) => {
      proxy.#handle(asked, answer).catch(() => asked.socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** What came so far is neither known nor repeated any more. */
  forget(): void {
    this.acknowledged.clear();
    this.#earlier.length = 0;
  }

  /** Events acknowledged of a run. */
  countOf(runId: string): number {
    return this.acknowledged.get(runId)?.size ?? 0;
  }

  async #handle(asked: IncomingMessage, out: ServerResponse): Promise<void> {
    const path = asked.url ?? '/';
    const runId = runIdOf(path);
    if (runId === undefined) return this.#passOn(asked, out);
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const forward = () => this.#forward(asked.method ?? 'GET', path, asked.headers, body);
    const batch = ++this.batches;
    this.lastHeaders = asked.headers;
    const fate = this.fateOf(batch);
    if (fate === 'cut-before') {
      asked.socket.destroy();
      return;
    }
    if (fate === 'stale') await this.#repeatEarlier();
    if (fate === 'twice') await forward();
    const answer = await (fate === 'lie' ? this.#lie(runId, asked.headers, body) : forward()).catch(
      (error: unknown) => {
        this.#count(0);
        throw error;
      },
    );
    if (fate === 'stale') await this.#repeatEarlier();
    this.#count(answer.status);
    if (answer.status >= 500) this.refusals.add(answer.body.toString());
    await this.onAnswer(answer.status, batch);
    this.#earlier.push({ path, headers: asked.headers, body });
    if (this.#earlier.length > 5) this.#earlier.shift();
    if (fate === 'lose-answer' || asked.socket.destroyed) {
      asked.socket.destroy();
      return;
    }
    if (answer.status === 200) this.#note(runId, body);
    give(out, answer);
  }

  /** What is no telemetry, streams among it. */
  #passOn(asked: IncomingMessage, out: ServerResponse): void {
    const { method, headers } = asked;
    const options = { method, headers: { ...headers, connection: 'close' }, agent: false as const };
    const sent = send(`${this.#upstream}${asked.url ?? '/'}`, options, (response) => {
      const { connection: _, ...kept } = response.headers;
      out.writeHead(response.statusCode ?? 502, kept);
      out.flushHeaders();
      pipeline(response, out, () => undefined);
    });
    sent.on('error', () => out.destroy());
    out.on('close', () => sent.destroy());
    pipeline(asked, sent, () => undefined);
  }

  async #repeatEarlier(): Promise<void> {
    const [earlier] = this.#earlier;
    if (earlier) await this.#forward('POST', earlier.path, earlier.headers, earlier.body);
  }

  #count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  #note(runId: string, body: Buffer): void {
    const events = this.acknowledged.get(runId) ?? new Map<number, string>();
    this.acknowledged.set(runId, events);
    const batch = JSON.parse(body.toString()) as { events: RunEvent[] };
    for (const event of batch.events) events.set(event.index, JSON.stringify(event));
  }

  async #lie(runId: string, headers: IncomingMessage['headers'], body: Buffer): Promise<Answer> {
    const settle = this.watch(runId, headers.authorization ?? '', body);
    const { events = [] } = JSON.parse(body.toString()) as { events?: RunEvent[] };
    const next = (events.at(-1)?.index ?? -1) + 1;
    const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ next, stop: null })) };
    settle(answer);
    return answer;
  }

  async #forward(
    method: string,
    path: string,
    headers: IncomingMessage['headers'],
    body: Buffer,
  ): Promise<Answer> {
    const settle = this.watch(runIdOf(path) ?? '', headers.authorization ?? '', body);
    const answer = await this.#send(method, path, headers, body).catch((error: unknown) => {
      settle(null);
      throw error;
    });
    settle(answer);
    return answer;
  }

  #send(method: string, path: string, headers: IncomingMessage['headers'], body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { method, headers: { ...headers, connection: 'close' }, agent: false as const };
      const sent = send(`${this.#upstream}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** Undefined: it is no path of telemetry. */
function runIdOf(path: string): string | undefined {
  return /\/runs\/([^/]+)\/telemetry$/.exec(path)?.[1];
}

function give(out: ServerResponse, { status, headers, body }: Answer): void {
  const { connection: _, 'transfer-encoding': __, ...kept } = headers;
  out.writeHead(status, { ...kept, 'content-length': body.length });
  out.end(body);
}
