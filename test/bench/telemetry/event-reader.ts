/** A subscriber that does as little as it can: it counts events, sees that none is missing, and notes delays. */
import { connect, type Socket } from 'node:net';

const MARK = Buffer.from('"index":');
const SENT = Buffer.from('"sent":');
/** Noting a delay costs as much as counting 50 events; no multiple of a bundle, so that every place in one is seen. */
const NOTED_EVERY = 17;
const READ_BYTES = 256 * 1024;

export interface EventReader {
  /** Index that the next event must have. */
  next: number;
  received: number;
  gaps: number;
  connected: boolean;
  socket: Socket;
}

/** All readers read into this: what is read is looked at before the next read. */
const shared = Buffer.alloc(READ_BYTES);

/** @param onDelay gets milliseconds from the `sent` of an event (ms since the epoch) to its receipt. */
export function openReader(url: string, onDelay?: (ms: number) => void): EventReader {
  const { hostname, port, pathname, search } = new URL(url);
  let carried = Buffer.alloc(0);
  /** Where in the piece the last mark was, and how far behind the one before. */
  let last = Number.NaN;
  let stride = 0;
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: shared,
      callback(bytes) {
        take(shared.subarray(0, bytes));
        return true;
      },
    },
  });
  const reader: EventReader = { next: -1, received: 0, gaps: 0, connected: false, socket };
  socket.on('error', () => undefined);
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\n\r\n`,
  );

  function take(read: Buffer): void {
    reader.connected = true;
    // A mark that was cut in two begins in what is carried over.
    const piece = carried.length > 0 ? Buffer.concat([carried, read]) : read;
    let from = 0;
    last = Number.NaN;
    for (;;) {
      const at = nextMark(piece, from);
      if (at === -1) break;
      let end = at + MARK.length;
      let index = 0;
      for (; end < piece.length; end++) {
        const digit = (piece[end] as number) - 48;
        if (digit < 0 || digit > 9) break;
        index = index * 10 + digit;
      }
      if (end === piece.length) {
        carried = Buffer.from(piece.subarray(at));
        return;
      }
      if (reader.next !== -1 && index !== reader.next) reader.gaps += 1;
      reader.next = index + 1;
      reader.received += 1;
      if (onDelay && index % NOTED_EVERY === 0) delayOf(piece, end);
      stride = at - last;
      last = at;
      from = end;
    }
    carried = Buffer.from(piece.subarray(Math.max(from, piece.length - MARK.length + 1)));
  }

  /**
   * Events are of about the same length, so the next mark is looked for where it should be before it is
   * searched: an event that is counted so costs a tenth, and a gap is seen all the same by its index.
   */
  function nextMark(piece: Buffer, from: number): number {
    const guess = last + stride;
    return guess >= from && isMark(piece, guess) ? guess : piece.indexOf(MARK, from);
  }

  function delayOf(piece: Buffer, from: number): void {
    const at = piece.indexOf(SENT, from);
    if (at === -1) return;
    const sent = Number.parseFloat(piece.toString('latin1', at + SENT.length, at + SENT.length + 20));
    onDelay?.(performance.timeOrigin + performance.now() - sent);
  }
  return reader;
}

function isMark(piece: Buffer, at: number): boolean {
  for (let i = 0; i < MARK.length; i++) if (piece[at + i] !== MARK[i]) return false;
  return true;
}
