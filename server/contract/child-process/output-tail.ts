/** Keeps the end of what a process printed, within a bound. */
import type { Readable } from 'node:stream';

export class OutputTail {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(limitBytes = 64 * 1024) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes printed that are no longer kept. */
  get droppedBytes(): number {
    return this.#dropped;
  }

  /** Adds all that comes out of `streams`, from now on. */
  follow(...streams: Readable[]): this {
    for (const stream of streams) stream.on('data', (chunk: Buffer) => this.add(chunk));
    return this;
  }

  add(chunk: Buffer): void {
    const kept = chunk.length > this.#limitBytes ? chunk.subarray(chunk.length - this.#limitBytes) : chunk;
    this.#dropped += chunk.length - kept.length;
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    while (this.#bytes > this.#limitBytes) {
      const oldest = this.#chunks[0];
      if (!oldest) return;
      const excess = Math.min(this.#bytes - this.#limitBytes, oldest.length);
      if (excess === oldest.length) this.#chunks.shift();
      else this.#chunks[0] = oldest.subarray(excess);
      this.#bytes -= excess;
      this.#dropped += excess;
    }
  }

  /** The last `count` lines, each cut to 2,000 characters. */
  lastLines(count: number): string[] {
    const text = Buffer.concat(this.#chunks).toString('utf8').trimEnd();
    if (text === '') return [];
    return text
      .split('\n')
      .slice(-count)
      .map((line) => line.slice(0, 2_000));
  }
}
