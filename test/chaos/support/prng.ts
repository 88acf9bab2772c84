/** A small seeded generator for tests: SHA-256 in counter mode, so that any text can be a seed. */
import { createHash } from 'node:crypto';

/** Numbers from 0 to below 1. */
export function createPrng(seed: string): () => number {
  let counter = 0;
  let block = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at >= block.length) {
      block = createHash('sha256').update(`${seed} ${counter}`).digest();
      counter += 1;
      at = 0;
    }
    const value = block.readUInt32BE(at);
    at += 4;
    return value / 2 ** 32;
  };
}

/** One of `list`. */
export function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** A whole number from `low` to `high`. */
export function between(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}
