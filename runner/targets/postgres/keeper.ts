/**
 * Keeps a city and its connections from one execution to the next, as good as new in between: a reduction
 * executes hundreds of short runs, each of which would spend most of its time on building a city.
 */
import type { City } from './city.ts';
import type { Connection } from './connection-pool.ts';

export interface Kept {
  readonly city: City;
  /** Idle and as good as new, in the order of their numbers from 0. */
  readonly connections: readonly Connection[];
}

export class CityKeeper {
  #kept: (Kept & { key: string }) | null = null;

  /** The city that was given last, made anew, if it was built for the same `key`. */
  async take(key: string): Promise<Kept | null> {
    const kept = this.#kept;
    if (kept === null) return null;
    this.#kept = null;
    try {
      if (kept.key === key) {
        await kept.city.renew();
        return kept;
      }
    } catch {
      // A connection that broke, for one: another city does as well.
    }
    await demolish(kept);
    return null;
  }

  async give(key: string, kept: Kept): Promise<void> {
    const before = this.#kept;
    this.#kept = { ...kept, key };
    if (before) await demolish(before);
  }

  async close(): Promise<void> {
    const kept = this.#kept;
    this.#kept = null;
    if (kept) await demolish(kept);
  }
}

async function demolish({ city, connections }: Kept): Promise<void> {
  await Promise.allSettled(connections.map((connection) => connection.close()));
  await city.drop().catch(() => {});
}
