/** Reads the runs of a list: the newest page again and again, and older ones as far as they are looked for or asked for. */
import type { Run, RunStatus } from '../../../server/contract/index.ts';
import { type Filter, filterRuns } from '../../run/run-search.ts';
import { api, asProblem, RUNS_PAGE } from '../client/api.ts';
import { refreshing } from '../client/refresh.ts';
import { announce } from './announce.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';

export interface ReadRuns {
  /** Newest first; null before the first answer. */
  runs: readonly Run[] | null;
  /** The oldest that was read, where there are older ones; null: there are none, or nobody knows yet. */
  next: string | null;
  /** Runs that were read, also those that are kept no more. */
  read: number;
  /** True while older ones are read. */
  isReading: boolean;
  problem: string | null;
}

/** What of the runs is looked for. */
export interface Wanted {
  search: string;
  filter: Filter;
}

const NOTHING: ReadRuns = { runs: null, next: null, read: 0, isReading: false, problem: null };
const REFRESH_MS = 2_000;
/** Runs that are looked through before somebody says to go on. */
const SEARCHED_AT_ONCE = 500;
/** The most that the server gives at once. */
const SEARCH_PAGE = 200;
/** When more than these are read, of all only those are kept that are looked for. */
const RUNS_KEPT = 2_000;

export class RunReader {
  readonly store = new Store<ReadRuns>(NOTHING);
  readonly #query: { status: RunStatus | null; campaign: string | null };
  #wanted: Wanted = { search: '', filter: 'ALL' };
  /** Runs that may be read without being asked. */
  #allowed = SEARCHED_AT_ONCE;
  #isThinned = false;
  #isClosed = false;

  constructor(query: { status: RunStatus | null; campaign: string | null }) {
    this.#query = query;
  }

  /** Reads until what it returns is called. */
  open(): () => void {
    this.#isClosed = false;
    const close = refreshing((signal) => this.#readNewest(signal), REFRESH_MS);
    return () => {
      this.#isClosed = true;
      close();
    };
  }

  /** Reads older runs by itself, as long as few are found of what is looked for. */
  lookFor(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#allowed = SEARCHED_AT_ONCE;
    // What was not kept may be what is looked for now; the next answer begins anew.
    if (this.#isThinned) this.store.set(NOTHING);
    this.#isThinned = false;
    void this.#search();
  }

  /** Goes on to older runs. */
  async more(): Promise<void> {
    this.#allowed = this.store.value.read + SEARCHED_AT_ONCE;
    if (this.#isNarrowed) return this.#search();
    await this.#readOlder(RUNS_PAGE);
  }

  get #isNarrowed(): boolean {
    return this.#wanted.search !== '' || this.#wanted.filter !== 'ALL';
  }

  async #search(): Promise<void> {
    while (this.#mustSearch()) await this.#readOlder(SEARCH_PAGE);
  }

  #mustSearch(): boolean {
    const { runs, next, read, problem, isReading } = this.store.value;
    if (this.#isClosed || isReading || !this.#isNarrowed || next === null || problem !== null) return false;
    return read < this.#allowed && this.#found(runs ?? []).length < RUNS_PAGE;
  }

  #found(runs: readonly Run[]): readonly Run[] {
    return filterRuns(runs, this.#wanted.search, this.#wanted.filter);
  }

  async #readNewest(signal: AbortSignal): Promise<void> {
    try {
      const { runs, next } = await api.runs({ ...this.#query, before: null }, signal);
      if (this.store.value.problem !== null) announce('The server answers again.');
      this.#take(runs, next);
      void this.#search();
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** The newest page, beside what is known: runs only become more. */
  #take(newest: readonly Run[], next: string | null): void {
    const { runs, read } = this.store.value;
    const known = new Set(runs?.map(({ id }) => id));
    const added = newest.filter(({ id }) => !known.has(id)).length;
    // Of what came while nobody looked there may be more than a page: all is read anew then, without a gap.
    if (runs === null || (added === newest.length && next !== null)) {
      this.store.change({ runs: newest, next, read: newest.length, problem: null });
      return;
    }
    const fresh = new Set(newest.map(({ id }) => id));
    const merged = [...newest, ...runs.filter(({ id }) => !fresh.has(id))];
    this.store.change({ runs: merged, read: read + added, problem: null });
  }

  async #readOlder(limit: number): Promise<void> {
    const { next: before, isReading } = this.store.value;
    if (before === null || isReading) return;
    this.store.change({ isReading: true });
    try {
      const older = await api.runs({ ...this.#query, before, limit });
      const { runs, read, next } = this.store.value;
      // The list was begun anew meanwhile.
      if (next === before) this.#append(runs ?? [], older.runs, { next: older.next, read });
    } catch (error) {
      this.#failed(error);
    }
    this.store.change({ isReading: false });
  }

  #append(
    runs: readonly Run[],
    older: readonly Run[],
    { next, read }: Pick<ReadRuns, 'next' | 'read'>,
  ): void {
    const all = [...runs, ...older];
    this.#isThinned ||= all.length > RUNS_KEPT;
    const kept = this.#isThinned ? this.#found(all).slice(0, RUNS_KEPT) : all;
    // There is no place for older ones where so many are listed.
    const isFull = this.#isThinned && kept.length === RUNS_KEPT;
    this.store.change({ runs: kept, next: isFull ? null : next, read: read + older.length });
  }

  #failed(error: unknown): void {
    if (!askForToken(error)) this.store.change({ problem: asProblem(error).message });
  }
}
