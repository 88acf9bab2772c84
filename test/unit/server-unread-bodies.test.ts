import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leaveUnreadBodies } from '../../server/unread-bodies.ts';

const BODY = 'x'.repeat(4 * 1024 * 1024);
/** What may have come along with the head, and one piece more. */
const MOST_READ = 192 * 1024;

let server: Server;
let sockets: Socket[];
/** Whether the handler reads the body before it answers. */
let reads: boolean;

beforeEach(async () => {
  sockets = [];
  reads = false;
  server = createServer(async (incoming: IncomingMessage, outgoing) => {
    // As most answers, it comes some turns after the head.
    await (reads ? text(incoming) : setImmediate());
    outgoing.end('answered');
  });
  leaveUnreadBodies(server);
  server.on('connection', (socket) => sockets.push(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => server.close());

/** A request with a body of 4 MiB. */
const request = (...headers: string[]) =>
  `${['POST / HTTP/1.1', 'Host: x', `Content-Length: ${BODY.length}`, ...headers].join('\r\n')}\r\n\r\n${BODY}`;

/** Sends them over one connection; answers all that came until it was closed. */
function send(...requests: string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  // Whoever still sends may be told that nobody reads any more.
  socket.on('error', () => undefined);
  for (const each of requests) socket.write(each);
  let answers = '';
  socket.setEncoding('latin1').on('data', (part) => {
    answers += part;
  });
  return new Promise((resolve) => socket.on('close', () => resolve(answers)));
}

test('a body that was answered before it was read is not read, and its connection is closed after the answer', async () => {
  expect(await send(request())).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*answered/);
  expect(sockets[0]?.bytesRead).toBeLessThanOrEqual(MOST_READ);
});

test('a body that was read leaves its connection to what comes next', async () => {
  reads = true;
  expect((await send(request(), request('Connection: close'))).match(/200 OK/g)).toHaveLength(2);
  expect(sockets).toHaveLength(1);
});
