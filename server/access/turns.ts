/** How many answers one caller may have in the making: what is dear takes its turn behind what the same caller asked before. */
import type { ServerResponse } from 'node:http';
import { ApiError } from '../errors.ts';

const MOST_WAITING = 60;
/** An answer that its reader has not taken by then is cut: until then it stays in memory. */
const TAKEN_WITHIN_MS = 120_000;
/** After a turn the server is free of a caller who waits for more as long as the turn took, and no longer than this. */
const LONGEST_REST_MS = 500;

/** The answers that a caller waits for while another is in the making. */
type Line = (() => void)[];

export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Resolves when it is the caller's turn, which lasts until `outgoing` is closed. @throws ApiError 429 */
  async take(caller: string, outgoing: ServerResponse): Promise<void> {
    const line = this.#lines.get(caller);
    if (line === undefined) {
      this.#lines.set(caller, []);
    } else {
      if (line.length >= MOST_WAITING) throw tooManyAtOnce();
      await new Promise<void>((resolve) => line.push(resolve));
    }
    if (outgoing.destroyed) return this.#pass(caller);
    const begunMs = performance.now();
    const cut = setTimeout(() => outgoing.destroy(), TAKEN_WITHIN_MS);
    outgoing.once('close', () => {
      clearTimeout(cut);
      this.#rest(caller, Math.min(performance.now() - begunMs, LONGEST_REST_MS));
    });
  }

  #rest(caller: string, forMs: number): void {
    if (this.#lines.get(caller)?.length === 0) this.#pass(caller);
    else setTimeout(() => this.#pass(caller), forMs).unref();
  }

  #pass(caller: string): void {
    const next = this.#lines.get(caller)?.shift();
    if (next) next();
    else this.#lines.delete(caller);
  }
}

function tooManyAtOnce(): ApiError {
  return new ApiError(
    429,
    'too_many_requests',
    'This token waits for as many answers as it may. Ask again once some of them have come.',
  ).with({ 'Retry-After': '1' });
}
