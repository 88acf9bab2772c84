/** The lease of a failure that is recorded: kept until the end, and over once it is lost or the campaign is stopped. */
import type { Run } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import { CliError } from '../process/errors.ts';
import type { CampaignStore, FailureRecord, RecordWork } from './store.ts';

const UNDER_WAY = { smallest: null, why: '', reproduce: null, state: 'under-way' } as const;

export class RecordLease {
  /** The recorded run, once there is one. */
  run: Pick<Run, 'id' | 'number'> | null = null;
  /** Aborted when what is done is to be broken off. */
  readonly over: AbortSignal;
  readonly #store: CampaignStore;
  readonly #work: RecordWork;
  readonly #lost = new AbortController();
  readonly #done = new AbortController();
  readonly #renewing: Promise<void>;

  /** Keeps it from now on; `left` breaks off what is done. */
  constructor(store: CampaignStore, work: RecordWork, left: AbortSignal) {
    this.#store = store;
    this.#work = work;
    this.over = AbortSignal.any([left, this.#lost.signal]);
    this.#renewing = this.#renew();
  }

  /** Stores what came of it. What was lost meanwhile is another's. */
  async end(record: Omit<FailureRecord, 'run'>): Promise<void> {
    this.#done.abort();
    await this.#renewing;
    await this.#store.record(this.#work, { ...record, run: this.run });
  }

  async #renew(): Promise<void> {
    for (;;) {
      await pause(Math.max(this.#store.renewEveryMs, 1_000), this.#done.signal);
      if (this.#done.signal.aborted) return;
      const held = await this.#store
        .record(this.#work, { ...UNDER_WAY, run: this.run })
        .catch((error: unknown) => {
          if (error instanceof CliError) return undefined;
          throw error;
        });
      if (held === null || held?.isOver) return this.#lost.abort();
    }
  }
}
