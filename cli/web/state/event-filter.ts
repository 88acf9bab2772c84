/** What a filter leaves of a run's events: looked through from the chosen event on, as far as somebody looks. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { beginFilter, type Filtered, type Scan, scansWanted, widened } from '../../run/filtered.ts';
import type { Matcher } from '../../run/matcher.ts';
import { api, asProblem } from '../client/api.ts';
import { Lane } from './lane.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';
import { rowsBefore } from './virtual-window.ts';

export interface FilterState {
  filtered: Filtered;
  /** Rows that came before the first ones since the filter began; what scrolls has moved by as many. */
  origin: number;
  isScanning: boolean;
  /** What could not be read; null while all could. */
  problem: string | null;
}

/** Matches looked for on either side of what is seen. */
const ENOUGH = 60;

export class EventFilter {
  readonly store: Store<FilterState>;
  readonly #runId: string;
  readonly #over = new AbortController();
  readonly #lane = new Lane();

  /** Begins at event `cursor`; `known` is that event, if it is loaded. */
  constructor(runId: string, matcher: Matcher, cursor: number, known: RunEvent | undefined) {
    this.#runId = runId;
    this.store = new Store<FilterState>({
      filtered: beginFilter(matcher, cursor, known),
      origin: 0,
      isScanning: false,
      problem: null,
    });
  }

  close(): void {
    this.#over.abort();
  }

  /** Looks through a part more on either side, unless enough matches are found before and after what is seen. */
  want(found: { before: number; after: number }, newest: number): void {
    this.#lane.ask(async () => {
      const scans = scansWanted(this.store.value.filtered, found, ENOUGH, newest);
      this.store.change({ isScanning: scans.length > 0 });
      try {
        for (const scan of scans) await this.#look(scan);
      } catch (error) {
        if (this.#over.signal.aborted || askForToken(error)) return;
        this.store.change({ isScanning: false, problem: asProblem(error).message });
      }
    });
  }

  async #look(scan: Scan): Promise<void> {
    const { events } = await api.events(this.#runId, scan.from, scan.limit, this.#over.signal);
    const { filtered, origin } = this.store.value;
    const next = widened(filtered, scan, events);
    const more = rowsBefore(indexes(filtered), indexes(next));
    this.store.change({ filtered: next, origin: origin + more, problem: null });
  }
}

function indexes({ found }: Filtered): number[] {
  return found.map(({ index }) => index);
}
