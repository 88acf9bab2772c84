/** Waits out a server that has too many requests just now, for as long as it says and within bounds. */
import { retryAfterMs } from '../../server/contract/retry-after.ts';
import { pause } from './pause.ts';

/** What of an answer says whether and when to ask again. */
export interface Exchanged {
  status: number;
  text: string;
  /** The header `Retry-After`, where there is one. */
  retryAfter?: string | undefined;
}

export interface Patience {
  /** Waited at most for one call, all waits together, in ms. */
  totalMs: number;
  /** Waited at least before the first repeat, and doubled for each that follows, in ms. */
  firstMs: number;
}

export const PATIENCE: Patience = { totalMs: 15_000, firstMs: 250 };

/**
 * The first answer of `ask` that is not 429, or the last one that is, once the patience would not last until
 * the server may be asked again. A server that says 429 has done nothing, so a request that changes something
 * may be repeated as well.
 * @throws what `ask` throws, and the reason of `signal` when it aborts during a wait.
 */
export async function askPatiently<Answer extends Exchanged>(
  ask: () => Promise<Answer>,
  { totalMs, firstMs }: Patience,
  signal?: AbortSignal,
): Promise<Answer> {
  let leftMs = totalMs;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await ask();
    if (answer.status !== 429) return answer;
    const waitMs = jittered(Math.max(retryAfterMs(answer.retryAfter) ?? 0, firstMs * 2 ** attempt));
    if (waitMs > leftMs) return answer;
    leftMs -= waitMs;
    await pause(waitMs, signal);
    signal?.throwIfAborted();
  }
}

/** Never earlier than the server said, and up to a quarter later, so that not all who were refused return at once. */
function jittered(ms: number): number {
  return ms * (1 + Math.random() / 4);
}
