/** A connection while it is being logged in: one message after another is waited for. */
import type { Duplex } from 'node:stream';
import { type Message, MessageReader } from './protocol/framing.ts';

/** Nothing that belongs to logging in is larger, in bytes. */
const LIMIT = 65_536;

export class PacketStream {
  readonly socket: Duplex;
  readonly #reader: MessageReader;
  #wake: (() => void) | null = null;
  #isOver = false;
  readonly #onData = (chunk: Buffer) => {
    this.#reader.push(chunk);
    this.#wake?.();
  };
  readonly #onOver = () => {
    this.#isOver = true;
    this.#wake?.();
  };

  /** `limit`: of one message, in bytes. */
  constructor(socket: Duplex, limit = LIMIT) {
    this.socket = socket;
    this.#reader = new MessageReader(limit);
    // What happened is seen by the end that follows.
    socket.on('error', () => {});
    socket.on('data', this.#onData).on('end', this.#onOver).on('close', this.#onOver);
  }

  /** The next packet without a type; null when the other side has left. @throws ProtocolViolation */
  startup(): Promise<Buffer | null> {
    return this.#until(() => this.#reader.nextStartup());
  }

  /** The next message; null when the other side has left. @throws ProtocolViolation */
  message(): Promise<Message | null> {
    return this.#until(() => this.#reader.next());
  }

  /** What has come, once there is something, and so far not read; null when the other side has left. */
  bytes(): Promise<Buffer | null> {
    return this.#until(() => (this.#reader.buffered > 0 ? this.#reader.rest() : null));
  }

  /** The first byte that comes, which stays; null when the other side has left. */
  peek(): Promise<number | null> {
    return this.#until(() => this.#reader.firstByte);
  }

  write(...parts: readonly Buffer[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(parts));
  }

  /** Takes hands off the socket, which is paused. Answers what has come and was not read. */
  release(): Buffer {
    this.socket.pause();
    this.socket.off('data', this.#onData).off('end', this.#onOver).off('close', this.#onOver);
    return this.#reader.rest();
  }

  async #until<T>(look: () => T | null): Promise<T | null> {
    for (;;) {
      const found = look();
      if (found !== null) return found;
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
