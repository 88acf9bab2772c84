/** How many answers one caller may have in the making: what is dear takes its turn behind what the same caller asked before. */
import type { ServerResponse } from 'node:http';
import { ApiError } from '../errors.ts';

const AT_ONCE = 2;
const MOST_WAITING = 60;
/** An answer that its reader has not taken by then is cut: until then it stays in memory. */
const TAKEN_WITHIN_MS = 120_000;

interface Line {
  active: number;
  readonly waiting: (() => void)[];
}

export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Resolves when it is the caller's turn, which lasts until `outgoing` is closed. @throws ApiError 429 */
  async take(caller: string, outgoing: ServerResponse): Promise<void> {
    const line = this.#lines.get(caller) ?? { active: 0, waiting: [] };
    this.#lines.set(caller, line);
    if (line.active < AT_ONCE) {
      line.active += 1;
    } else {
      if (line.waiting.length >= MOST_WAITING) throw tooManyAtOnce();
      await new Promise<void>((resolve) => line.waiting.push(resolve));
    }
    if (outgoing.destroyed) return this.#pass(caller, line);
    const cut = setTimeout(() => outgoing.destroy(), TAKEN_WITHIN_MS);
    outgoing.once('close', () => {
      clearTimeout(cut);
      this.#pass(caller, line);
    });
  }

  #pass(caller: string, line: Line): void {
    const next = line.waiting.shift();
    if (next) return next();
    line.active -= 1;
    if (line.active === 0) this.#lines.delete(caller);
  }
}

function tooManyAtOnce(): ApiError {
  return new ApiError(
    429,
    'too_many_requests',
    'This token waits for as many answers as it may. Ask again once some of them have come.',
  ).with({ 'Retry-After': '1' });
}
