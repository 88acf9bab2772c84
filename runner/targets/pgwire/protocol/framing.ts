/** Cuts a stream of bytes into the messages of the PostgreSQL protocol. */

/** One message, whole: its type (a letter), its length and its body. */
export interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Somebody does not speak the protocol; `message` says how. */
export class ProtocolViolation extends Error {}

/** PostgreSQL's own limit of one message, in bytes. */
const MESSAGE_LIMIT = 0x3fff_ffff;
/** PostgreSQL's own limit of a startup packet, in bytes. */
const STARTUP_LIMIT = 10_000;
const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

/**
 * Takes what comes in pieces of any size and answers whole messages. A message that came in one piece is a view of
 * it; one that came in several is copied once, when its last byte is there.
 */
export class MessageReader {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #available = 0;
  /** Bytes that the next message has, once its head has been read; 0: not known. */
  #needed = 0;

  /** `limit`: of one message, in bytes. */
  constructor(limit: number = MESSAGE_LIMIT) {
    this.#limit = limit;
  }

  /** Bytes that are here and not yet a message that was taken. */
  get buffered(): number {
    return this.#available;
  }

  /** Null: nothing is here. */
  get firstByte(): number | null {
    return this.#chunks[0]?.[0] ?? null;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /** The next message that is whole, or null. @throws ProtocolViolation on a length that cannot be. */
  next(): Message | null {
    const bytes = this.#take(TYPE_BYTES, this.#limit);
    return bytes === null ? null : { type: String.fromCharCode(bytes[0] ?? 0), bytes };
  }

  /** A packet without a type, as a connection begins with. @throws ProtocolViolation on a length that cannot be. */
  nextStartup(): Buffer | null {
    return this.#take(0, STARTUP_LIMIT);
  }

  /** What has come and is not a whole message yet, for who reads on. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#available = 0;
    this.#needed = 0;
    return rest;
  }

  #take(typeBytes: number, limit: number): Buffer | null {
    if (this.#needed === 0) {
      const head = typeBytes + LENGTH_BYTES;
      if (this.#available < head) return null;
      const length = this.#peek(head).readInt32BE(typeBytes);
      if (length < LENGTH_BYTES || length > limit) {
        throw new ProtocolViolation(`invalid length of a message: ${length}`);
      }
      this.#needed = typeBytes + length;
    }
    if (this.#available < this.#needed) return null;
    const bytes = this.#shift(this.#needed);
    this.#needed = 0;
    return bytes;
  }

  /** The first bytes, which stay. */
  #peek(size: number): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= size) return first;
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  #shift(size: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    this.#available -= size;
    if (first.length > size) {
      this.#chunks[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    if (first.length === size) {
      this.#chunks.shift();
      return first;
    }
    const all = Buffer.concat(this.#chunks);
    this.#chunks = all.length > size ? [all.subarray(size)] : [];
    return all.subarray(0, size);
  }
}
