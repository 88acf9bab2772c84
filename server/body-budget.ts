/** How much of bodies that are still being read a server holds at once. */
import { ApiError } from './errors.ts';

/** Of all bodies together, each beyond what is its own. */
const SHARED_BYTES = 32 * 1024 * 1024;
/** Every body may have these, so that large ones that are held back never shut out small ones. */
const OWN_BYTES = 64 * 1024;

/** What one body takes of the budget. */
interface Held {
  readonly bytes: number;
  /** @throws ApiError 503 when all bodies together would be more than the server holds */
  add(bytes: number): void;
  release(): void;
}

export class BodyBudget {
  #shared = 0;

  /** Counts a body from its first byte to `release`. */
  begin(): Held {
    let bytes = 0;
    const shared = () => Math.max(0, bytes - OWN_BYTES);
    return {
      get bytes() {
        return bytes;
      },
      add: (more) => {
        const before = shared();
        bytes += more;
        this.#shared += shared() - before;
        if (this.#shared <= SHARED_BYTES) return;
        throw new ApiError(
          503,
          'unavailable',
          'The server is reading as many large bodies as it holds at once. Send it again in a moment.',
        );
      },
      release: () => {
        this.#shared -= shared();
      },
    };
  }
}
