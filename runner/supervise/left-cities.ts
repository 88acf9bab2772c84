/** Sees to it that the cities of attempts go which ended without dropping them: of harnesses that were killed or lost. */
import type { Logger } from 'pino';
import { withinTime } from '../../server/contract/within-time.ts';
import { attemptIn, cityNameOf } from '../targets/postgres/city-name.ts';
import { dropLeftCities } from '../targets/postgres/left-cities.ts';
import type { Queue } from './queue.ts';

const LIMIT_MS = 30_000;

export class LeftCities {
  readonly #queue: Queue;
  readonly #targetUrl: string;
  readonly #log: Logger;
  /** Runs whose latest attempts are certainly over; looked at with the next look. */
  #lost = new Set<string>();
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  constructor(queue: Queue, targetUrl: string, log: Logger) {
    this.#queue = queue;
    this.#targetUrl = targetUrl;
    this.#log = log;
  }

  /**
   * Drops what is left, that of the latest attempt at the run `lost` even if somebody is connected to it. A call during
   * another makes that one look once more.
   */
  look(lost: string | null = null): void {
    if (lost !== null) this.#lost.add(lost);
    this.#lookAgain = true;
    this.#looking ??= this.#lookAll().finally(() => {
      this.#looking = null;
    });
  }

  /** Resolves when no look is under way. Never rejects. */
  async done(): Promise<void> {
    await this.#looking;
  }

  async #lookAll(): Promise<void> {
    while (this.#lookAgain) {
      this.#lookAgain = false;
      const lost = [...this.#lost];
      this.#lost.clear();
      await withinTime(this.#lookOnce(lost), LIMIT_MS).catch((error) =>
        this.#log.warn({ err: error }, 'cities that were left behind could not be dropped'),
      );
    }
  }

  async #lookOnce(lost: readonly string[]): Promise<void> {
    await dropLeftCities(this.#targetUrl, async (names) => {
      const attempts = names.map(attemptIn).filter((attempt) => attempt !== null);
      const known = await this.#queue.attemptsOver(attempts, lost);
      return new Map(known.map(({ isOver, ...attempt }) => [cityNameOf(attempt), isOver]));
    });
  }
}
