/** Bytes that wait to be sent on, in order. */

/** Pieces that lie beside each other in memory are joined without a copy, so that many small messages are few pieces. */
export class Spool {
  #pieces: Buffer[] = [];
  size = 0;

  push(bytes: Buffer): void {
    this.size += bytes.length;
    const last = this.#pieces.at(-1);
    if (last && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      const joined = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
      this.#pieces[this.#pieces.length - 1] = joined;
    } else {
      this.#pieces.push(bytes);
    }
  }

  /** What is here; it stays. */
  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  /** What is here; the spool is empty afterwards. */
  take(): Buffer[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.size = 0;
    return pieces;
  }
}
