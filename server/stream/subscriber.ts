/** One subscriber's end of a stream: what is written to it, and how well it reads. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Cursor, StreamMode } from '../contract/index.ts';
import type { Chunk } from './chunk.ts';

const KEEP_ALIVE_MS = 30_000;
/** A reader that takes nothing for so long is cut; it can come back and go on from where it was. */
export const STALLED_MS = 10_000;
/** Held for a reader at most before it is left to read at its own pace. */
const BACKLOG_BYTES = 128 * 1024;

export class Subscriber {
  readonly mode: StreamMode;
  /** The place after what was written. */
  cursor: Cursor;
  /** When its last heartbeat was made. */
  beatAt = 0;
  readonly #out: ServerResponse;
  readonly #socket: Socket | null;
  readonly #isChunked: boolean;
  readonly #written: (frames: number) => void;
  #taken = 0;
  #takenAt = performance.now();

  /** Sends the head of the answer. `written` is called with what goes out, while the reader is there. */
  constructor(out: ServerResponse, cursor: Cursor, mode: StreamMode, written: (frames: number) => void) {
    this.#out = out;
    this.#written = written;
    this.cursor = cursor;
    this.mode = mode;
    out.on('error', () => undefined);
    out.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      Connection: 'keep-alive',
    });
    out.flushHeaders();
    this.#socket = out.socket;
    this.#socket?.setNoDelay(true);
    this.#socket?.setKeepAlive(true, KEEP_ALIVE_MS);
    // An HTTP/1.0 client, such as a proxy with its defaults, gets the bytes as they are.
    this.#isChunked = out.chunkedEncoding;
  }

  get gone(): boolean {
    return this.#out.destroyed || this.#out.writableEnded;
  }

  /** Bytes that the reader has not taken yet, beyond what the kernel holds. */
  get backlog(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** True when it reads too slowly to get everything at once. */
  get isBehind(): boolean {
    return this.backlog > BACKLOG_BYTES;
  }

  onGone(listener: () => void): void {
    this.#out.once('close', listener);
  }

  /**
   * Straight to the socket: the response would frame, and so copy, each chunk again for each subscriber.
   */
  write({ body, chunked, frames }: Chunk): void {
    const socket = this.#socket;
    if (this.gone || !socket?.writable) return;
    socket.write(this.#isChunked ? chunked : body);
    this.#written(frames);
  }

  /** Resolves when the reader has taken all, or is gone. */
  drained(): Promise<void> {
    const socket = this.#socket;
    if (this.gone || !socket || (!socket.writableNeedDrain && socket.writableLength === 0)) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const settle = () => {
        socket.off('drain', settle);
        this.#out.off('close', settle);
        resolve();
      };
      socket.on('drain', settle);
      this.#out.on('close', settle);
      // Below its mark a socket tells nobody that it is empty; a write of nothing does.
      if (!socket.writableNeedDrain) socket.write('', settle);
    });
  }

  end(last: Chunk): void {
    if (this.gone) return;
    this.write(last);
    this.#out.end();
  }

  cut(): void {
    this.#out.destroy();
  }

  /** True once it has taken nothing for STALLED_MS although there was something. */
  isStalled(now: number): boolean {
    const taken = (this.#socket?.bytesWritten ?? 0) - this.backlog;
    if (this.backlog === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenAt = now;
      return false;
    }
    return now - this.#takenAt >= STALLED_MS;
  }
}
