/** A campaign without a server: kept in this process, with a checkpoint beside it, for one claimant. */
import {
  CAMPAIGN_LEASE_SECONDS,
  type Campaign,
  type ClaimedWork,
  emptyTally,
  type FailureTally,
  firstOf,
  formatSignature,
  mergeTallies,
  type ShardLeased,
  type Tally,
  type Work,
  without,
} from '../../server/contract/index.ts';
import { newFailures } from './baseline.ts';
import { campaignOf } from './campaign-of.ts';
import type { Checkpoint, RecordOfFailure } from './checkpoint.ts';
import { withSample } from './course.ts';
import type { CampaignStore, RecordWork, ShardWork } from './store.ts';

/** Between two times that the checkpoint is kept, in ms. */
const SAVE_EVERY_MS = 1_000;

/** It costs nothing, and whoever looks on sees it. */
const RENEW_EVERY_MS = 100;

export class LocalStore implements CampaignStore {
  readonly renewEveryMs = RENEW_EVERY_MS;
  readonly #checkpoint: Checkpoint;
  readonly #save: (checkpoint: Checkpoint) => void;
  /** Of the shard under way. */
  #through: Tally = emptyTally();
  #claimedAtMs: number | null = null;
  #savedAtMs = performance.now();
  #shards = 0;

  /** `save` keeps what is known by now. */
  constructor(checkpoint: Checkpoint, save: (checkpoint: Checkpoint) => void) {
    this.#checkpoint = checkpoint;
    this.#save = save;
  }

  async claim(seeds: number): Promise<ClaimedWork> {
    const work = this.#nextShard(seeds) ?? this.#nextRecord();
    if (work === null) this.#checkpoint.finished = this.#isFinished();
    this.#keep();
    return { work, refused: [], isOver: work === null };
  }

  async renew(_work: ShardWork, tally: Tally): Promise<ShardLeased> {
    this.#through = tally;
    if (performance.now() - this.#savedAtMs >= SAVE_EVERY_MS) this.#keep();
    return { leaseSeconds: CAMPAIGN_LEASE_SECONDS, isOver: this.#isSpent() };
  }

  async finish(_work: ShardWork, { tally }: { tally: Tally }): Promise<boolean> {
    this.#through = tally;
    Object.assign(this.#checkpoint, this.#now());
    this.#through = emptyTally();
    this.#claimedAtMs = null;
    this.#keep();
    return true;
  }

  async record(
    { signature }: RecordWork,
    { state, run, smallest, why, reproduce }: Parameters<CampaignStore['record']>[1],
  ): Promise<{ isOver: boolean }> {
    const failure = formatSignature(signature);
    const { recorded } = this.#checkpoint;
    const before = recorded.find((each) => each.failure === failure);
    const now: RecordOfFailure = {
      ...{ failure, smallest, why, reproduce, isOver: state === 'over' },
      ...{ run: run?.id ?? null, number: run?.number ?? null },
    };
    this.#checkpoint.recorded = [...recorded.filter((each) => each !== before), now];
    this.#keep();
    return { isOver: this.#checkpoint.endedBy === 'stop' };
  }

  async stop(): Promise<void> {
    this.#checkpoint.endedBy = 'stop';
    this.#keep();
  }

  async campaign(): Promise<Campaign> {
    return campaignOf(this.#now(), { isUnderWay: this.#claimedAtMs !== null, shards: this.#shards });
  }

  /** The checkpoint with what the shard under way has come to. */
  #now(): Checkpoint {
    const { seconds, tally, course } = this.#checkpoint;
    const since = this.#claimedAtMs === null ? 0 : (performance.now() - this.#claimedAtMs) / 1_000;
    const together = mergeTallies(tally, this.#through);
    const now = { ...this.#checkpoint, seconds: seconds + since, tally: together };
    this.#checkpoint.course = withSample(course, now);
    return { ...now, course: this.#checkpoint.course };
  }

  #keep(): void {
    this.#savedAtMs = performance.now();
    this.#save(this.#now());
  }

  #nextShard(seeds: number): Work | null {
    const { tally, seeds: all, first, budgetSeconds, seconds } = this.#checkpoint;
    const left = without(all, tally.through);
    if (left.length === 0 || this.#isSpent()) return null;
    const before = without(first, tally.through);
    this.#shards += 1;
    this.#claimedAtMs = performance.now();
    return {
      ...{
        do: 'shard',
        number: this.#shards,
        seeds: firstOf(before.length > 0 ? before : left, seeds),
        ...this.#held(),
      },
      secondsLeft: budgetSeconds === null ? null : Math.max(0, budgetSeconds - seconds),
    };
  }

  /** True once it ends before all seeds are through. */
  #isSpent(): boolean {
    const { budgetSeconds, untilNew, tally, seconds } = this.#now();
    if (budgetSeconds !== null && seconds >= budgetSeconds) this.#checkpoint.endedBy ??= 'time';
    if (untilNew !== null && newFailures(this.#checkpoint.known, tally.failures).length >= untilNew)
      this.#checkpoint.endedBy ??= 'failures';
    return this.#checkpoint.endedBy !== null;
  }

  /** Told to stop as its last seed ended, it has come to its end all the same. */
  #isFinished(): boolean {
    const { endedBy, seeds, tally } = this.#checkpoint;
    if (endedBy !== 'stop') return true;
    if (without(seeds, tally.through).length > 0 || this.#unrecorded() !== undefined) return false;
    this.#checkpoint.endedBy = null;
    return true;
  }

  #nextRecord(): Work | null {
    const failure = this.#checkpoint.endedBy === 'stop' ? undefined : this.#unrecorded();
    if (failure === undefined) return null;
    const { signature, seed } = failure;
    return { do: 'record', signature, seed, run: this.#recordOf(failure)?.run ?? null, ...this.#held() };
  }

  #unrecorded(): FailureTally | undefined {
    const { records, known, tally } = this.#checkpoint;
    if (!records) return undefined;
    return newFailures(known, tally.failures).find((each) => this.#recordOf(each)?.isOver !== true);
  }

  #recordOf({ signature }: FailureTally): RecordOfFailure | undefined {
    return this.#checkpoint.recorded.find(({ failure }) => failure === formatSignature(signature));
  }

  #held() {
    const { name, scenario, target, config } = this.#checkpoint;
    return {
      campaign: { name, scenario, target, config, code: null },
      fence: 1,
      leaseSeconds: CAMPAIGN_LEASE_SECONDS,
    };
  }
}
