/** Works for campaigns: claims their shards and executes them, then records what failed, until it is told to leave. */
import type { ClaimedWork, WorkSubject } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import type { Context } from '../process/context.ts';
import { CliError, messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { Engine } from './engine.ts';
import { brokenText, executeShard, isPassing } from './execute-shard.ts';
import { Pace } from './pace.ts';
import { refusedText } from './refused.ts';
import type { OwnPart } from './session.ts';
import type { CampaignStore, RecordWork, ShardWork } from './store.ts';

export interface ClaimantOptions {
  store: CampaignStore;
  /** What this command line gives for a campaign. */
  ownFor: (subject: WorkSubject) => OwnPart;
  /** Seeds executed at once. */
  parallel: number;
  /** The database in which the seeds of a campaign build their city; null: they need none. */
  targetUrl: (subject: WorkSubject) => Promise<string | null>;
  /** Records a failure. */
  record: (work: RecordWork, left: AbortSignal) => Promise<void>;
  /** Tells a sentence; safe to print. */
  say: (message: string) => void;
  /** True: what cannot be executed here is the user's to know, and ends it. False: it is told, and others go on. */
  isOwners: boolean;
  /** Between two looks for work, in ms. */
  lookEveryMs?: number;
  /** After something that went wrong. */
  afterErrorMs?: number;
}

const LOOK_EVERY_MS = 1_000;
/** After something that could not be executed, or a server that did not answer. */
const AFTER_ERROR_MS = 5_000;

/** Of a process that stands by for months; then all may be told once more. */
const MOST_TOLD = 1_000;

/** Resolves when `left` is aborted, or when the one campaign that it works for has no more work for anybody. */
export async function workForCampaigns(
  context: Context,
  options: ClaimantOptions,
  left: AbortSignal,
): Promise<void> {
  const claimant = new Claimant(context, options, left);
  try {
    while (!left.aborted) if (await claimant.workOnce()) return;
  } finally {
    await claimant.close();
  }
}

class Claimant {
  readonly #context: Context;
  readonly #options: ClaimantOptions;
  readonly #left: AbortSignal;
  readonly #told = new Set<string>();
  #engine: { of: string; engine: Engine; pace: Pace } | null = null;

  constructor(context: Context, options: ClaimantOptions, left: AbortSignal) {
    this.#context = context;
    this.#options = options;
    this.#left = left;
  }

  get #afterErrorMs(): number {
    return this.#options.afterErrorMs ?? AFTER_ERROR_MS;
  }

  /** True: there is no more work. */
  async workOnce(): Promise<boolean> {
    const claimed = await this.#claim();
    if (claimed === null) return false;
    this.#tellRefused(claimed);
    const { work, isOver } = claimed;
    // Cities, services and clones are not kept for what may come.
    if (work === null) await this.#engine?.engine.close();
    if (work?.do === 'shard') await this.#orTell(() => this.#execute(work));
    else if (work?.do === 'record') await this.#orTell(() => this.#options.record(work, this.#left));
    else if (!isOver) await pause(this.#options.lookEveryMs ?? LOOK_EVERY_MS, this.#left);
    return work === null && isOver;
  }

  async close(): Promise<void> {
    await this.#engine?.engine.close();
  }

  /** Null: the server did not answer, and is asked later. */
  async #claim(): Promise<ClaimedWork | null> {
    const claiming = this.#options.store.claim(
      this.#engine?.pace.seeds ?? new Pace(this.#options.parallel).seeds,
    );
    try {
      return await claiming;
    } catch (error) {
      if (!isPassing(error) && !(error instanceof CliError && !this.#options.isOwners)) throw error;
      if (this.#left.aborted) return null;
      this.#tellOnce(`no work of campaigns could be claimed: ${messageOf(error)}`);
      await pause(this.#afterErrorMs, this.#left);
      return null;
    }
  }

  async #execute(work: ShardWork): Promise<void> {
    const { engine, pace } = await this.#engineFor(work.campaign);
    const { tally, seconds, isStored, broken } = await executeShard(
      this.#options.store,
      engine,
      work,
      this.#left,
    );
    const seeds = tally.through.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    pace.took(seeds, seconds);
    if (!isStored) {
      this.#options.say(
        `shard ${work.number} of the campaign ${safeText(work.campaign.name)} went to another: its lease had run out`,
      );
    }
    if (broken === null) return;
    if (this.#options.isOwners) throw broken;
    this.#options.say(brokenText(work, broken));
    await pause(this.#afterErrorMs, this.#left);
  }

  async #engineFor(subject: WorkSubject) {
    const of = JSON.stringify(subject);
    if (this.#engine?.of === of && this.#engine.engine.isUsable) return this.#engine;
    await this.#engine?.engine.close();
    const { ownFor, parallel, targetUrl } = this.#options;
    const pace = this.#engine?.of === of ? this.#engine.pace : new Pace(parallel);
    const order = { subject, parallel, own: ownFor(subject), targetUrl: await targetUrl(subject) };
    this.#engine = { of, pace, engine: new Engine(this.#context, order) };
    return this.#engine;
  }

  async #orTell(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#options.isOwners || !(error instanceof CliError) || this.#context.leaving.aborted)
        throw error;
      this.#tellOnce(messageOf(error));
      await pause(this.#afterErrorMs, this.#left);
    }
  }

  #tellRefused({ refused }: ClaimedWork): void {
    for (const each of refused) this.#tellOnce(refusedText(each));
  }

  #tellOnce(message: string): void {
    if (this.#told.has(message)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(message);
    this.#options.say(message);
  }
}
