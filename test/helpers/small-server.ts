/** A small HTTP server for one test, with the bodies of its requests read. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolveService } from '../../runner/targets/http/address.ts';
import { type Send, Unanswered } from '../../runner/targets/http/api.ts';
import { CookieJars } from '../../runner/targets/http/cookies.ts';
import { answerOf, wireRequestOf } from '../../runner/targets/http/request.ts';
import { Wire } from '../../runner/targets/http/wire.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface SmallServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** All requests so far. */
  readonly asked: Asked[];
  /** A wire to it, which is closed with it. */
  wire(): Promise<Wire>;
}

export async function smallServer(
  answer: (asked: Asked, response: ServerResponse) => void,
  port = 0,
): Promise<SmallServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body: Buffer.concat(chunks) };
    asked.push(one);
    answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const listening = (server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${listening}`;
  const wires: Wire[] = [];
  return {
    ...{ url, port: listening, server, asked },
    async wire() {
      const wire = new Wire(await resolveService(url), 8);
      wires.push(wire);
      return wire;
    },
    async [Symbol.asyncDispose]() {
      for (const wire of wires) wire.close();
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON, or nothing. */
export function answerJson(response: ServerResponse, status: number, json?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(json === undefined ? undefined : JSON.stringify(json));
}

/** As the client of a run sends, without faults. */
export function sending(wire: Wire): Send {
  const jars = new CookieJars();
  return async (request) => {
    const exchange = await wire.exchange(wireRequestOf(request, jars), { deadlineMs: 2_000 });
    if (exchange.kind === 'none') throw new Unanswered(exchange.cause, exchange);
    if (exchange.status >= 500) throw new Unanswered(`${exchange.status}`, { status: exchange.status });
    jars.keep(request.jar, exchange);
    return answerOf(exchange);
  };
}
