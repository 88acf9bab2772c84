/** Whether the disk of the database is full: as PostgreSQL says, and as a look at the disk tells. */
import { statfsSync } from 'node:fs';
import { errorCode } from './client.ts';

/** Less than a segment of PostgreSQL's log of transactions, 16 MiB, and something to write with it. */
const FULL_BELOW_BYTES = 20 * 1024 ** 2;
/** For how long what PostgreSQL said of its disk explains that it cannot be reached. */
const SAID_LASTS_MS = 600_000;
/** SQLSTATE disk_full. */
const DISK_FULL = '53100';

/** True when PostgreSQL could not store because its disk is full. */
export const isDiskFull = (error: unknown): boolean => errorCode(error) === DISK_FULL;

/** True when there is so little room on the disk of `folder` that PostgreSQL cannot go on there. */
export function hasNoRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    return false;
  }
}

/**
 * What is known of the disk of the database. PostgreSQL that cannot even write its log of transactions ends,
 * so that whoever asks then only sees that it is away.
 */
export class DatabaseDisk {
  readonly #folder: string | null;
  readonly #now: () => number;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `folder`: where the database is, if on this machine. `now`: a steady clock, in ms. */
  constructor(folder: string | null, now: () => number = () => performance.now()) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Remembers that PostgreSQL said that its disk is full. */
  said(): void {
    this.#saidAt = this.#now();
  }

  /** Why the database is away, as far as its disk tells: it is full, it said so before it went, or no. */
  get whyAway(): 'full' | 'said-full' | null {
    if (this.#folder !== null) return hasNoRoom(this.#folder) ? 'full' : null;
    return this.#now() - this.#saidAt < SAID_LASTS_MS ? 'said-full' : null;
  }
}
