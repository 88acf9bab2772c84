/** Keeps what is known of one run up to date while its page is open. */
import type { Run } from '../../../server/contract/index.ts';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { chartsOfStart } from '../../run/chart-choice.ts';
import { foldFrames } from '../../run/fold-frames.ts';
import { readOccasion } from '../../run/picture.ts';
import { initialData, type RunData } from '../../run/run-data.ts';
import { mergePast } from '../../run/timeline.ts';
import { type ApiProblem, api, asProblem } from '../client/api.ts';
import { followRun, type Link } from '../client/stream.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';

export interface RunState {
  /** Null until the run was read. */
  data: RunData | null;
  /** The picture that stays while paused; `data` goes on behind it. */
  frozen: RunData | null;
  link: Link;
  /** Why there is nothing to show; null while there is or may be. */
  problem: ApiProblem | null;
}

/** Points asked for of the part of the run before the stream. */
const PAST_POINTS = 500;
const RETRY_MS = 1_000;
/** Of a run that has ended: the newest events, which the stream passed over. */
const LAST_EVENTS = 200;

export class RunFollower {
  readonly store = new Store<RunState>({
    data: null,
    frozen: null,
    link: { status: 'connecting' },
    problem: null,
  });
  readonly #over = new AbortController();
  #endStream: (() => void) | null = null;
  #hasStart = false;
  /** The occasion on which the run was last read again. */
  #readFor: string | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(runId: string) {
    void this.#open(runId, 1);
  }

  close(): void {
    this.#over.abort();
    this.#endStream?.();
    clearTimeout(this.#retry);
  }

  /** Freezes the picture, or lets it go on. */
  togglePause(): void {
    const { frozen, data } = this.store.value;
    this.store.change({ frozen: frozen === null ? data : null });
  }

  /** Reads the run again, with what was stored with it after its end. */
  async read(): Promise<void> {
    const { data } = this.store.value;
    if (data === null) return;
    try {
      this.#takeRun(await api.run(data.run.id, this.#over.signal));
    } catch (error) {
      askForToken(error);
    }
  }

  async #open(runId: string, attempt: number): Promise<void> {
    try {
      const run = await api.run(runId, this.#over.signal);
      this.store.change({ data: initialData(run), problem: null });
      this.#endStream = followRun(run.id, {
        onFrames: (frames) => {
          // All views hold pieces of a history that is not stored any more; a page that begins anew has none.
          if (frames.some(({ frame }) => frame === 'reset')) return location.reload();
          this.#change((data) => foldFrames(data, frames, Date.now()));
          void this.#loadStart(run.id);
          void this.#readAgain(run.id);
        },
        onLink: (link) => this.#onLink(link, run.id),
      });
    } catch (error) {
      this.#failed(runId, attempt, error);
    }
  }

  #failed(runId: string, attempt: number, error: unknown): void {
    if (this.#over.signal.aborted || askForToken(error)) return;
    const problem = asProblem(error);
    if (!problem.passes) return this.store.change({ problem });
    this.store.change({ link: { status: 'lost', attempt } });
    this.#retry = setTimeout(() => void this.#open(runId, attempt + 1), RETRY_MS);
  }

  #onLink(link: Link, runId: string): void {
    this.store.change({ link });
    if (link.status === 'refused' && !askForToken(link.problem)) this.store.change({ problem: link.problem });
    // After a while away the charts have a hole, which what is stored meanwhile fills.
    if (link.status === 'connected') void this.#loadPast(runId);
    if (link.status === 'ended') void this.#loadEnd(runId);
  }

  async #loadPast(runId: string): Promise<void> {
    const { data } = this.store.value;
    if (data === null || data.eventIndex < 0) return;
    const every = Math.max(1, Math.ceil(data.eventIndex / data.run.config.snapshotEvery / PAST_POINTS));
    try {
      const query = { from: 0, limit: 2 * PAST_POINTS, every };
      const { snapshots } = await api.snapshots(runId, query, this.#over.signal);
      this.#change((now) => ({ ...now, timeline: mergePast(now.timeline, snapshots) }));
    } catch (error) {
      askForToken(error);
    }
  }

  /** The first event, which the stream may have passed over: when the run started, and what it wants charted. */
  async #loadStart(runId: string): Promise<void> {
    if (this.#hasStart || (this.store.value.data?.eventIndex ?? -1) < 0) return;
    this.#hasStart = true;
    try {
      const [start] = (await api.events(runId, 0, 1, this.#over.signal)).events;
      if (start === undefined) return;
      const charts = chartsOfStart(start.data);
      this.#change((data) => ({ ...data, charts, startedAtMs: Date.parse(start.at) }));
    } catch (error) {
      this.#hasStart = askForToken(error);
    }
  }

  /** Which attempt it is, which no frame tells. */
  async #readAgain(runId: string): Promise<void> {
    const { data } = this.store.value;
    const occasion = data === null ? null : readOccasion(data, Date.now());
    if (occasion === null || occasion === this.#readFor) return;
    this.#readFor = occasion;
    try {
      this.#takeRun(await api.run(runId, this.#over.signal));
    } catch (error) {
      if (this.#readFor === occasion) this.#readFor = null;
      askForToken(error);
    }
  }

  /** The bundle and what else is only known once a run has ended. */
  async #loadEnd(runId: string): Promise<void> {
    try {
      const run = await api.run(runId, this.#over.signal);
      this.#takeRun(run);
      const from = Math.max(0, run.live.eventIndex - LAST_EVENTS + 1);
      const { events } = await api.events(runId, from, LAST_EVENTS, this.#over.signal);
      this.#change((data) => ({ ...data, events }));
      // The live stream told only few of the points.
      await this.#loadPast(runId);
    } catch (error) {
      if (this.#over.signal.aborted || askForToken(error)) return;
      this.#retry = setTimeout(() => void this.#loadEnd(runId), RETRY_MS);
    }
  }

  #takeRun(run: Run): void {
    this.#change((data) => ({
      ...data,
      run,
      status: isTerminal(run.status) ? run.status : data.status,
      metrics: Object.keys(run.live.metrics).length > 0 ? run.live.metrics : data.metrics,
    }));
  }

  #change(change: (data: RunData) => RunData): void {
    const { data } = this.store.value;
    if (data !== null && !this.#over.signal.aborted) this.store.change({ data: change(data) });
  }
}
