/** The file in which a service and its PostgreSQL read the time, by the library that is loaded before them (preload.c). */
import { closeSync, openSync, writeSync } from 'node:fs';

const NS_OF_MS = 1_000_000n;
/** The page that is mapped. */
const BYTES = 4_096;

/** Readings of the time, in ms since 1970. */
export interface Readings {
  readonly serviceMs: number;
  readonly databaseMs: number;
}

export class ClockFile {
  readonly path: string;
  readonly #file: number;
  readonly #page = Buffer.alloc(BYTES);
  #writes = 0n;
  #skippedMs = 0;

  /** `mode`: it is read by the user as whom PostgreSQL runs. */
  constructor(path: string, readings: Readings) {
    this.path = path;
    this.#file = openSync(path, 'wx', 0o644);
    this.write(readings);
  }

  /**
   * All processes read this from now on; what they do meanwhile sees one or the other. `skippedMs`: so much of it is
   * skipped for timers, too.
   */
  write({ serviceMs, databaseMs }: Readings, skippedMs = 0): void {
    this.#skippedMs += Math.max(0, skippedMs);
    const values = [nsOf(serviceMs), nsOf(databaseMs), nsOf(this.#skippedMs), ++this.#writes];
    for (const [i, value] of values.entries()) this.#page.writeBigInt64LE(value, i * 8);
    writeSync(this.#file, this.#page, 0, BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function nsOf(ms: number): bigint {
  return BigInt(Math.floor(ms)) * NS_OF_MS;
}
