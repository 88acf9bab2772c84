/** How many connections the pool of a service has: so many of its requests are at the gate at once, and no more. */
import type { WireGate } from '../../targets/pgwire/wire.ts';

/** Looks at once; a pool that is larger is as good as this one. */
export const MOST_CONNECTIONS = 64;
/** No other connection has come for so long, in ms; drivers open theirs one after another. */
const SILENCE_MS = 150;
const LIMIT_MS = 5_000;

export interface FindPoolOptions {
  readonly gate: WireGate;
  /** Performs a look at an object, on a connection of its own to the service. */
  readonly look: () => Promise<unknown>;
}

/**
 * Asks the service with the gate closed, which is open before and after. 0: no look came to the gate, so that it is not
 * known.
 */
export async function findPool({ gate, look }: FindPoolOptions): Promise<number> {
  gate.isOpen = false;
  const looking = Array.from({ length: MOST_CONNECTIONS }, () => look().catch(() => null));
  try {
    const endMs = performance.now() + LIMIT_MS;
    let most = 0;
    let lastMs = performance.now();
    while (performance.now() < endMs && performance.now() - lastMs < SILENCE_MS) {
      await gate.news(SILENCE_MS / 5);
      const held = [...gate.connections].filter(({ head }) => head?.state === 'held').length;
      if (held <= most && gate.starting === 0) continue;
      most = Math.max(most, held);
      lastMs = performance.now();
    }
    return most;
  } finally {
    gate.isOpen = true;
    await Promise.all(looking);
  }
}
