/** Folds that were asked for: the same question once, a few at a time, and no more waiting than can be served soon. */
import type { CityState } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { epochAt, type Stored } from '../db/epochs.ts';
import { ApiError } from '../errors.ts';
import { foldCity, KeptFolds } from './fold-city.ts';

/** Each keeps a connection busy, of which there are six. */
const AT_ONCE = 2;
const MOST_WAITING = 32;

export class CityFolds {
  readonly #sql: Sql;
  readonly #kept = new KeptFolds();
  readonly #asked = new Map<string, Promise<CityState>>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The city of a run after event `at` of what is `stored`. @throws ApiError 503 while too many others wait */
  city(runId: string, at: number, stored: Stored): Promise<CityState> {
    const key = `${runId} ${at} ${epochAt(stored.epochs, at)}`;
    const asked =
      this.#asked.get(key) ?? this.#inTurn(() => foldCity(this.#sql, runId, at, this.#kept, stored));
    this.#asked.set(key, asked);
    const forget = () => this.#asked.delete(key);
    asked.then(forget, forget);
    return asked;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) {
        throw new ApiError(
          503,
          'unavailable',
          'More cities are asked for than this server folds at once. Try again in a moment.',
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#active += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active -= 1;
    }
  }
}
