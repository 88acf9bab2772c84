/**
 * The one source of chance: sfc32 streams, split from the run's seed by purpose and by number, so that
 * what one decision draws never shifts what another one draws.
 */

/** The purposes for which a stream is split off. A new purpose goes at the end: the position is part of the seed. */
export const PURPOSES = [
  'world',
  'operation',
  'fault',
  'schedule',
  'latency',
  'retry',
  'deadlock',
  'campaign',
  'chaos',
  'wire',
  'refusal',
  'clock',
  'delivery',
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Numbers that a new stream throws away. */
const WARM_UP = 12;

/** Each purpose's share of the seed. */
const LABELS = Object.fromEntries(
  PURPOSES.map((purpose, position) => [purpose, (position + 1) * 0x9e3779b1]),
) as Record<Purpose, number>;

/** MurmurHash3's 32-bit finalizer (Appleby 2011): every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Small fast counting generator sfc32 (Doty-Humphrey, PractRand 2010): 128 bits of state, period at
 * least 2^32, passes PractRand. Not for secrets.
 */
export class Prng {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** A stream of its own for (`seed`, `purpose`, `n`, `m`). Equal arguments give equal streams. */
  constructor(seed: number, purpose: Purpose, n = 0, m = 0) {
    this.reset(seed, purpose, n, m);
  }

  /** Becomes the stream of these arguments; spares an allocation for each operation. */
  reset(seed: number, purpose: Purpose, n = 0, m = 0): this {
    const low = seed >>> 0;
    const high = Math.floor(seed / 0x1_0000_0000) >>> 0;
    let a = mix(low ^ LABELS[purpose]);
    let b = mix(high ^ mix(n) ^ a);
    let c = mix(Math.floor(n / 0x1_0000_0000) ^ mix(m + 0x632be5ab) ^ b);
    // The steps of uint32, by which the state is mixed; a stream is begun for each operation, so it is quick.
    for (let counter = 1; counter <= WARM_UP; counter++) {
      const t = (a + b + counter) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = WARM_UP + 1;
    return this;
  }

  /** The next number, 0 to 2^32 - 1. */
  uint32(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** 0 (included) to 1 (excluded). */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number from 0 to `bound` - 1, by multiplication (bias below 2^-32 times the bound). */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  /** A number from `from` (included) to `to` (excluded). */
  between(from: number, to: number): number {
    return from + this.float() * (to - from);
  }

  /** True with probability `rate`; draws even when the answer is certain, so that a rate shifts nothing. */
  chance(rate: number): boolean {
    return this.float() < rate;
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('Prng.pick needs at least one item');
    return items[this.below(items.length)] as T;
  }

  /** One of `items`, which must not be empty, as `pickByName` does. */
  pickByName<T>(items: readonly T[], nameOf: (item: T) => string): T {
    return pickByName(items, nameOf, this.uint32());
  }
}

/**
 * One of `items`, which must not be empty, by its name: another one only where that which would be picked is not among
 * them (rendezvous hashing, Thaler & Ravishankar 1998). So it stays when a reduction leaves others out.
 * `salt`: a number of 32 bits.
 */
export function pickByName<T>(items: readonly T[], nameOf: (item: T) => string, salt: number): T {
  if (items.length === 0) throw new Error('pickByName needs at least one item');
  const weightOf = (item: T) => mix(salt ^ hashOf(nameOf(item))) >>> 0;
  let picked = items[0] as T;
  let most = weightOf(picked);
  for (const item of items) {
    const weight = weightOf(item);
    if (weight <= most) continue;
    most = weight;
    picked = item;
  }
  return picked;
}

/** FNV-1a (Fowler, Noll & Vo), of UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
