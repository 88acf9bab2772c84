/** Records what a database server sends to a client, and cuts what passes into pieces. */
import { setImmediate as turn } from 'node:timers/promises';
import { MessageReader } from '../../runner/targets/pgwire/protocol/framing.ts';
import type { Link, Look } from './tcp-proxy.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** Each piece is so many bytes long. */
export type Cutting = () => number;

/** Passes pieces of these sizes on, each in a turn of its own. */
function inPieces(cutting: Cutting, to: (link: Link) => Link['client']): Look {
  return async (bytes, link) => {
    for (let at = 0; at < bytes.length; ) {
      const size = cutting();
      if (to(link).writable) to(link).write(bytes.subarray(at, at + size));
      at += size;
      await turn();
    }
    return 'drop' as const;
  };
}

/** A proxy that cuts what passes, in both directions. */
export async function startCuttingProxy(port: number, cutting: Cutting): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(port);
  proxy.onRequest = inPieces(cutting, ({ upstream }) => upstream);
  proxy.onAnswer = inPieces(cutting, ({ client }) => client);
  return proxy;
}

export interface Recording {
  readonly port: number;
  /** For each connection in the order of the first byte: what the server sent. */
  streams(): Buffer[];
  close(): Promise<void>;
}

export async function startRecording(port: number): Promise<Recording> {
  const proxy = await TcpProxy.start(port);
  const streams = new Map<Link, Buffer[]>();
  proxy.onAnswer = (bytes, link) => {
    const stream = streams.get(link) ?? [];
    streams.set(link, [...stream, bytes]);
    return 'pass';
  };
  return {
    port: proxy.port,
    streams: () => [...streams.values()].map((pieces) => Buffer.concat(pieces)),
    close: () => proxy.close(),
  };
}

/**
 * What a client was told, comparably: of the login only the settings, and without the pid of who sent a notification.
 */
export function comparable(stream: Buffer): { settings: string[]; session: Buffer } {
  const reader = new MessageReader();
  reader.push(stream);
  const settings: string[] = [];
  for (let message = reader.next(); message && message.type !== 'Z'; message = reader.next()) {
    if (message.type === 'S') settings.push(message.bytes.toString('latin1'));
  }
  const session: Buffer[] = [];
  for (let message = reader.next(); message; message = reader.next()) {
    const bytes = Buffer.from(message.bytes);
    if (message.type === 'A') bytes.fill(0, 5, 9);
    session.push(bytes);
  }
  return { settings: settings.sort(), session: Buffer.concat([...session, reader.rest()]) };
}

/** The messages of a stream in words, to see where two of them part. */
export function inWords(session: Buffer): string[] {
  const reader = new MessageReader();
  reader.push(session);
  const words: string[] = [];
  for (let message = reader.next(); message; message = reader.next()) {
    words.push(`${message.type} ${JSON.stringify(message.bytes.toString('latin1', 5, 205))}`);
  }
  return words;
}
