/** A promise with a deadline, for work that has none of its own (a query on a connection that is half gone). */

class LateError extends Error {}

/** True for what `withinTime` throws when the time is over. */
export const isLate = (error: unknown): boolean => error instanceof LateError;

/** `what` is awaited, for `limitMs` ms at most. @throws what `work` does, or an error that `isLate` knows. */
export async function withinTime<T>(work: Promise<T>, limitMs: number, what = 'answer'): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LateError(`no ${what} within ${Math.round(limitMs)} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
