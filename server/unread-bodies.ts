/** What becomes of a body that nobody wants, because its request was answered before it was read. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** So long whoever is still sending has to take the answer. Closed at once, it might be lost on the way. */
const LINGER_MS = 500;

/** Reads nothing more of such a body, which may be large or without end, and closes its connection after the answer. */
export function leaveUnreadBodies(server: Server): void {
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.once('finish', () => {
      if (incoming.complete) return;
      const { socket } = incoming;
      socket.pause();
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    });
  });
}
