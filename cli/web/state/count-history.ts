/** Counts what happened over a whole history, page by page: the live stream passes over most of a fast run. */

import type { RunData } from '../../run/run-data.ts';
import { EMPTY_TALLY, type Tally, tallyEvents } from '../../run/tally.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';
import { Store, useStore } from './store.ts';

export interface CountState {
  tally: Tally;
  /** Events counted so far. */
  counted: number;
  isCounting: boolean;
  problem: string | null;
}

const PAGE_EVENTS = 5_000;

export class HistoryCount {
  readonly store = new Store<CountState>({
    tally: EMPTY_TALLY,
    counted: 0,
    isCounting: false,
    problem: null,
  });
  readonly #runId: string;
  readonly #over = new AbortController();

  constructor(runId: string) {
    this.#runId = runId;
  }

  close(): void {
    this.#over.abort();
  }

  /** Counts on from where it stands to what is stored now. */
  async go(): Promise<void> {
    if (this.store.value.isCounting) return;
    this.store.change({ isCounting: true, problem: null });
    try {
      for (let from: number | null = this.store.value.counted; from !== null; ) {
        const { events, next } = await api.events(this.#runId, from, PAGE_EVENTS, this.#over.signal);
        const { tally } = this.store.value;
        this.store.change({ tally: tallyEvents(tally, events), counted: from + events.length });
        from = next;
      }
    } catch (error) {
      if (this.#over.signal.aborted || askForToken(error)) return;
      this.store.change({ problem: asProblem(error).message });
    } finally {
      this.store.change({ isCounting: false });
    }
  }
}

const NOT_COUNTED = new Store<CountState>({
  tally: EMPTY_TALLY,
  counted: 0,
  isCounting: false,
  problem: null,
});

/** The count as it stands, and `data` with it in the place of what the stream has shown, once there is one. */
export function useCounted(data: RunData, count: HistoryCount | null): CountState & { data: RunData } {
  const state = useStore(count?.store ?? NOT_COUNTED);
  const { tally, counted } = state;
  if (counted === 0) return { ...state, data };
  return {
    ...state,
    data: {
      ...data,
      tally: {
        ...tally,
        closing: tally.closing ?? data.tally.closing,
        rules: tally.rules ?? data.tally.rules,
      },
    },
  };
}
