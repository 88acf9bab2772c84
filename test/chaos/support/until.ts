/** Waits for conditions with a deadline, instead of sleeping. */
import { ALLOWANCE } from './seed.ts';

const POLL_MS = 20;

/**
 * Resolves with the first answer of `look` that is neither null nor false; an error counts as "not yet".
 * @throws with `what` and the last error after `withinMs`.
 */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => T | null | false | undefined | Promise<T | null | false | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs * Math.max(1, ALLOWANCE);
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== false && found !== undefined) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${withinMs} ms: ${what}${last === undefined ? '' : ` (${last})`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Waits as long as nothing can be observed that would tell. */
export async function pass(ms: number): Promise<void> {
  const begun = performance.now();
  await until('the time is over', ms + 30_000, () => performance.now() - begun >= ms);
}

/** `work`, or an error that says what did not come in time. */
export async function within<T>(what: string, withinMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const limit = withinMs * Math.max(1, ALLOWANCE);
    timer = setTimeout(() => reject(new Error(`not within ${withinMs} ms: ${what}`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
