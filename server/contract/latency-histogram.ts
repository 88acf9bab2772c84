/**
 * Percentiles of latencies in constant memory: buckets of 1/16 of a power of two in microseconds (at
 * most 6 % wide), found by integer arithmetic alone, so that every machine gives the same answer.
 */

const SUB_BUCKETS = 16;
const BUCKETS = 32 * SUB_BUCKETS;

export class LatencyHistogram {
  readonly #counts: Uint32Array;
  #total: number;

  /** An empty one, or one that goes on from another. */
  constructor(from: LatencyHistogram | null = null) {
    this.#counts = from === null ? new Uint32Array(BUCKETS) : from.#counts.slice();
    this.#total = from === null ? 0 : from.#total;
  }

  /** Adds one latency in milliseconds. */
  add(latencyMs: number): void {
    const micros = Math.max(1, Math.min(0x7fffffff, Math.round(latencyMs * 1000)));
    this.#counts[bucketOf(micros)]!++;
    this.#total++;
  }

  /** The latencies in milliseconds below which these fractions lie (ascending fractions); 0 when empty. */
  percentiles(fractions: readonly number[]): number[] {
    const result: number[] = [];
    let seen = 0;
    let bucket = 0;
    for (const fraction of fractions) {
      const wanted = Math.max(1, Math.ceil(fraction * this.#total));
      while (bucket < BUCKETS && seen + (this.#counts[bucket] as number) < wanted) {
        seen += this.#counts[bucket] as number;
        bucket++;
      }
      result.push(this.#total === 0 ? 0 : upperMs(bucket));
    }
    return result;
  }
}

function bucketOf(micros: number): number {
  if (micros < SUB_BUCKETS) return micros;
  const exponent = 31 - Math.clz32(micros);
  return (exponent - 3) * SUB_BUCKETS + ((micros >>> (exponent - 4)) - SUB_BUCKETS);
}

function upperMs(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket / 1000;
  const exponent = Math.floor(bucket / SUB_BUCKETS) + 3;
  return ((SUB_BUCKETS + (bucket % SUB_BUCKETS)) * 2 ** (exponent - 4)) / 1000;
}
