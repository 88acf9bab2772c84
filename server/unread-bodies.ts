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
      freeUnread(incoming);
      // Node itself would read on from its next tick, to throw it all away.
      incoming.pause();
      process.nextTick(() => socket.pause());
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    });
  });
}

/**
 * Gives back at once what came along with the head, up to 128 KiB: the collector, which looks at objects and these are
 * few, would let tens of MiB of it pile up. Each piece has memory of its own, as node's parser copied it.
 */
function freeUnread(incoming: IncomingMessage): void {
  const unread = incoming.read() as Buffer<ArrayBuffer> | null;
  if (unread !== null && unread.byteLength === unread.buffer.byteLength) unread.buffer.transfer(0);
}
