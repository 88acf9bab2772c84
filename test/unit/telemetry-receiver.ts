/** A receiver of telemetry over a real socket, with the server's rules, that misbehaves as a test says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type EndReport,
  type RunEvent,
  type Snapshot,
  telemetryBatchSchema,
} from '../../server/contract/index.ts';

/** What happens to one request: `take` it; commit it and lose the answer; drop it; or answer so. */
export type Step =
  | 'take'
  | 'commit-and-lose-the-answer'
  | 'drop'
  | { status: number; body?: unknown; headers?: Record<string, string> };

export class Receiver {
  readonly events: RunEvent[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly requests: { events: number; authorization: string | undefined; live: unknown }[] = [];
  end: EndReport | null = null;
  stop: { reason: string | null } | null = null;
  url = '';
  connections = 0;
  /** Decides about each request; its number counts from 1. */
  script: (request: number, events: RunEvent[]) => Step | Promise<Step> = () => 'take';
  #server: Server | null = null;
  #changed: (() => void)[] = [];

  async listen(port = 0): Promise<this> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('connection', () => {
      this.connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Resolves when `condition` holds; it is looked at after every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const batch = telemetryBatchSchema.parse(JSON.parse(text));
    const { authorization } = request.headers;
    this.requests.push({ events: batch.events.length, authorization, live: batch.live });
    const step = await this.script(this.requests.length, batch.events);
    if (step === 'take' || step === 'commit-and-lose-the-answer') this.#commit(batch, response, step);
    else if (step === 'drop') response.destroy();
    else response.writeHead(step.status, step.headers).end(JSON.stringify(step.body ?? {}));
    for (const wake of this.#changed.splice(0)) wake();
  }

  #commit(
    batch: ReturnType<typeof telemetryBatchSchema.parse>,
    response: ServerResponse,
    step: 'take' | 'commit-and-lose-the-answer',
  ): void {
    for (const event of batch.events) {
      if (event.index > this.events.length) {
        const error = { code: 'sequence_gap', message: 'a gap', expected: this.events.length };
        response.writeHead(409).end(JSON.stringify({ error }));
        return;
      }
      if (event.index === this.events.length) this.events.push(event);
    }
    for (const snapshot of batch.snapshots) {
      if (!this.snapshots.some((stored) => stored.index === snapshot.index)) this.snapshots.push(snapshot);
    }
    if (batch.end) this.end = batch.end;
    if (step === 'commit-and-lose-the-answer') response.destroy();
    else response.end(JSON.stringify({ next: this.events.length, stop: this.stop }));
  }
}

export function refusal(status: number, code: string, message = code): Step {
  return { status, body: { error: { code, message } } };
}

export function event(index: number, more: Partial<RunEvent> = {}): RunEvent {
  const at = new Date(Date.UTC(2026, 0, 1) + index).toISOString();
  return { index, at, virtualMs: index, type: 'book.ok', actor: 'citizen-001', data: { n: index }, ...more };
}
