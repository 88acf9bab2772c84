/** Holds two runs against each other, event by event, with a page of each in memory. */
import type { Run } from '../../../server/contract/index.ts';
import { type Comparison, compareHistories } from '../../run/compare-histories.ts';
import { type ReadEvents, storedEvents } from '../../run/stored-events.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';

export interface ComparingState {
  /** Null until both were read. */
  runs: readonly [left: Run, right: Run] | null;
  /** Events that were found to be the same so far. */
  common: number;
  /** Null until it is known where they part. */
  comparison: Comparison | null;
  isCancelled: boolean;
  problem: string | null;
}

export class Comparing {
  readonly store = new Store<ComparingState>({
    runs: null,
    common: 0,
    comparison: null,
    isCancelled: false,
    problem: null,
  });
  readonly #over = new AbortController();

  /** `left` and `right` may be anything that names a run. */
  constructor(left: string, right: string) {
    void this.#compare(left, right);
  }

  /** Ends it, with what is known so far. */
  cancel(): void {
    this.#over.abort();
    this.store.change({ isCancelled: true });
  }

  close(): void {
    this.#over.abort();
  }

  async #compare(leftId: string, rightId: string): Promise<void> {
    const { signal } = this.#over;
    try {
      const runs = await Promise.all([api.run(leftId, signal), api.run(rightId, signal)]);
      this.store.change({ runs });
      const [left, right] = runs;
      const comparison = await compareHistories(
        storedEvents(this.#read(left.id)),
        storedEvents(this.#read(right.id)),
        { passStart: true, isGated: left.config.gate !== null && right.config.gate !== null },
      );
      this.store.change({ comparison, common: comparison.common });
    } catch (error) {
      if (signal.aborted || askForToken(error)) return;
      this.store.change({ problem: asProblem(error).message });
    }
  }

  /** Both have what comes before the page that is asked for. */
  #read(runId: string): ReadEvents {
    return ({ from, limit }) => {
      this.store.change({ common: from });
      return api.events(runId, from, limit, this.#over.signal);
    };
  }
}
