/** Waits a little for the database's answer to a statement, before it is asked whether that waits for a lock. */
import type { HeldStatement } from './held.ts';

/**
 * How long the answer is waited for before the database is asked whether the statement waits for a lock,
 * in ms: a little more than most statements take. The answer decides, never the time that it took.
 */
const FIRST_LOOK_MS = 0.35;
/** After so many looks it is work that takes its time, or someone else's lock: then the looks get rare. */
const CLOSE_LOOKS = 40;
const RARE_LOOK_MS = 25;

/** True when the answer came before it is time to look (again) whether the statement waits for a lock. */
export function answeredSoon(statement: HeldStatement, looks: number): Promise<boolean> {
  return looks < CLOSE_LOOKS
    ? answeredWithin(statement, FIRST_LOOK_MS)
    : answeredInTime(statement, RARE_LOOK_MS);
}

/** Waits by a timer. */
export async function answeredInTime(statement: HeldStatement, delayMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs);
  });
  await Promise.race([statement.answered, time]);
  clearTimeout(timer);
  return statement.phase === 'settled';
}

/** Waits without a timer: those of Node are a millisecond at the least, a statement takes a fraction of it. */
function answeredWithin(statement: HeldStatement, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let isOver = false;
    const end = () => {
      isOver = true;
      resolve(statement.phase === 'settled');
    };
    statement.answered.then(() => {
      if (!isOver) end();
    });
    const until = performance.now() + delayMs;
    const look = () => {
      if (isOver) return;
      if (performance.now() < until) setImmediate(look);
      else end();
    };
    setImmediate(look);
  });
}
