/** How many seeds a shard is to have, so that executing it takes a while, and losing it costs little. */

/** What a shard is to take, in seconds. */
const SHARD_SECONDS = 15;
/** The first one is small, and each at most so many times as large as the one before: nobody knows how fast it is yet. */
const FIRST_OF_EACH_THREAD = 8;
const GROWTH = 8;

export class Pace {
  #seeds: number;
  #shardSeconds: number;

  constructor(parallel: number, shardSeconds = SHARD_SECONDS) {
    this.#seeds = parallel * FIRST_OF_EACH_THREAD;
    this.#shardSeconds = shardSeconds;
  }

  /** For the next shard. */
  get seeds(): number {
    return this.#seeds;
  }

  /** So many took so long. */
  took(seeds: number, seconds: number): void {
    if (seeds === 0) return;
    const fitting = (seeds / Math.max(seconds, 0.001)) * this.#shardSeconds;
    this.#seeds = Math.max(1, Math.floor(Math.min(this.#seeds * GROWTH, fitting)));
  }
}
