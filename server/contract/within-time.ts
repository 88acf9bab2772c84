/** A promise with a deadline, for work that has none of its own (a query on a connection that is half gone). */

class LateError extends Error {}

/** True for what `withinTime` throws when the time is over. */
export const isLate = (error: unknown): boolean => error instanceof LateError;

/** @param limitMs in ms. @throws what `work` does, or an error that `isLate` knows. */
export async function withinTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LateError(`no answer within ${Math.round(limitMs)} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
