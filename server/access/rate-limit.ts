/** Token buckets: so many requests a second on average, with a burst, for each caller. */
import { ApiError } from '../errors.ts';

interface Bucket {
  /** What is left; may be a fraction. */
  tokens: number;
  /** When that was so, in ms of the monotonic clock. */
  at: number;
}

/** Callers remembered at most; the one that was idle longest is forgotten, which only ever gives it more. */
const MAX_CALLERS = 10_000;

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  /** The caller heard of last stands last. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes one. Returns 0, or after how many seconds there will be one again. */
  take(caller: string, now: number = performance.now()): number {
    const bucket = this.#filled(caller, now);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perSecond;
    bucket.tokens -= 1;
    return 0;
  }

  /** After how many seconds `caller` could take one; 0: now. Takes nothing. */
  wait(caller: string, now: number = performance.now()): number {
    return Math.max(0, (1 - this.#filled(caller, now).tokens) / this.#perSecond);
  }

  #filled(caller: string, now: number): Bucket {
    const known = this.#buckets.get(caller);
    const tokens = known
      ? Math.min(this.#burst, known.tokens + ((now - known.at) / 1_000) * this.#perSecond)
      : this.#burst;
    const bucket = { tokens, at: now };
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > MAX_CALLERS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}

/** @throws ApiError 429 when there is none left for `caller`. */
export function limit(rate: RateLimit, caller: string): void {
  const seconds = rate.take(caller);
  if (seconds === 0) return;
  const after = Math.max(1, Math.ceil(seconds));
  throw new ApiError(
    429,
    'too_many_requests',
    `Too many requests. Try again in ${after} s, or ask less often.`,
  ).with({ 'Retry-After': String(after) });
}
