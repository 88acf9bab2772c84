/** Executes the smallest reproduction and variants of it as shrinking does, and looks at them more closely. */
import {
  type ExplainProgress,
  type RunConfig,
  type Signature,
  type Smallest,
  signatureOf,
} from '../../server/contract/index.ts';
import type { Attempt } from '../harness/attempt.ts';
import type { StopSignal } from '../harness/execute.ts';
import { ExecutionLimitError } from '../harness/execution-watch.ts';
import { compareFailure } from '../harness/failure-tally.ts';
import { FrozenCalls } from '../harness/frozen-calls.ts';
import type { Guide, NextStep } from '../harness/guide.ts';
import { emptyTrace, type RecordedCall } from '../harness/trace.ts';
import type { Subject } from '../shrink/candidate.ts';
import { SimulatedExecutor } from '../shrink/simulated-executor.ts';
import { orderOf } from '../shrink/step-order.ts';
import type { Discarded, Laboratory, Recording, Tried, Variant, Went } from './findings.ts';
import type { Probes } from './probes.ts';
import { ExecutionRecorder } from './recording.ts';

export interface LaboratoryOptions {
  signal: StopSignal;
  maxSeconds: number;
  onProgress: (progress: ExplainProgress) => void;
}

/** One execution that hangs is broken off. */
const MOST_SECONDS_EACH = 60;

export class KeptLaboratory implements Laboratory {
  readonly #executor: SimulatedExecutor;
  readonly #options: LaboratoryOptions;
  readonly #began = performance.now();
  #executions = 0;
  /** Executions that say nothing, by why: of this stage, and of all. */
  readonly #discards = new Map<Discarded, number>();
  readonly #allDiscards = new Map<Discarded, number>();
  #stage = 'recording';
  /** What variants execute: the reduction, with the order of its steps by request. */
  base: RunConfig;
  /** The calls that variants ask; null: as the plan draws them. */
  frozen: readonly RecordedCall[] | null = null;
  signature: Signature;

  constructor(subject: Subject & { smallest: Smallest }, signature: Signature, options: LaboratoryOptions) {
    this.#executor = new SimulatedExecutor(subject, options.signal);
    this.#options = options;
    this.signature = signature;
    this.base = subject.smallest.config;
  }

  get executions(): number {
    return this.#executions;
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  get spent(): boolean {
    return this.#options.signal.requested || this.seconds >= this.#options.maxSeconds;
  }

  /** A sentence on the executions that said nothing, for whoever reads what was counted; none: all did. */
  get leftOut(): string[] {
    const counts = [...this.#allDiscards].map(([why, times]) => `${times} ${why}`);
    return counts.length === 0
      ? []
      : [`Left out of what is counted, as they show nothing: ${counts.join(', ')}.`];
  }

  stage(words: string): void {
    this.#stage = words;
    this.#discards.clear();
    this.#tell();
  }

  async run(variant: Variant): Promise<Tried> {
    const frozen = this.#frozenFor(variant);
    const guide = variant.guide && new CountedGuide(variant.guide);
    const seconds = Math.max(1, Math.min(MOST_SECONDS_EACH, this.#options.maxSeconds - this.seconds));
    this.#executions++;
    this.#tell();
    const { statements, seed } = variant;
    const closely = { statements, guide, seed, frozen: frozen ?? undefined };
    try {
      const execution = await this.#executor.execute(this.#configFor(variant), seconds, false, closely);
      const { forensic } = execution;
      const fails = compareFailure(this.signature, forensic && signatureOf(forensic));
      const went = { ...execution, fails, gaveWay: guide?.gaveWays ?? 0 };
      const discarded =
        frozen && !new FrozenCalls(frozen).areAskedIn(went.trace.calls)
          ? 'with other calls'
          : (variant.judge?.(went) ?? null);
      return discarded ? this.#discard(discarded, went) : { ...went, discarded };
    } catch (error) {
      if (!(error instanceof ExecutionLimitError)) throw error;
      return this.#discard('broken off', { trace: emptyTrace(), events: [], gaveWay: 0 });
    }
  }

  async record(variant: Variant, probes: Probes | null = null): Promise<Recording | null> {
    return (await this.observe(variant, probes)).recording;
  }

  /** As `run`, and what its requests did where it failed the same way. */
  async observe(
    variant: Variant,
    probes: Probes | null,
  ): Promise<{ tried: Tried; recording: Recording | null }> {
    const recorder = new ExecutionRecorder(probes, variant.guide ?? null);
    const tried = await this.run({ ...variant, guide: recorder, statements: recorder });
    const { forensic, events, trace, fails } = tried;
    const isSame = forensic !== null && fails === 'same';
    return { tried, recording: isSame ? recorder.recording(forensic, events, trace) : null };
  }

  async close(): Promise<void> {
    await this.#executor.close();
  }

  #configFor({ config, order }: Variant): RunConfig {
    const { reduction } = this.base;
    const asked = order && reduction && { ...reduction, schedule: null, order: orderOf(order) };
    return { ...this.base, ...(asked ? { reduction: asked } : {}), ...config };
  }

  #frozenFor({ frozen, config }: Variant): readonly RecordedCall[] | null {
    if (frozen !== undefined) return frozen;
    return config?.reduction === undefined ? this.frozen : null;
  }

  #discard(discarded: Discarded, went: Went): Tried {
    for (const counts of [this.#discards, this.#allDiscards])
      counts.set(discarded, (counts.get(discarded) ?? 0) + 1);
    this.#tell();
    const { trace, events, gaveWay } = went;
    return { trace, events, gaveWay, fails: 'unknown', discarded, forensic: null };
  }

  #tell(): void {
    const left = [...this.#discards].map(([why, times]) => `, ${times} ${why} left out`);
    this.#options.onProgress({ stage: this.#stage + left.join(''), executions: this.#executions });
  }
}

/** Another guide, with a count of how often it had to let one go that it held. */
class CountedGuide implements Guide {
  gaveWays = 0;
  readonly #guide: Guide;

  constructor(guide: Guide) {
    this.#guide = guide;
  }

  holds(attempt: Attempt, next: NextStep): boolean {
    return this.#guide.holds(attempt, next);
  }

  stepped(attempt: Attempt, next: NextStep): void {
    this.#guide.stepped?.(attempt, next);
  }

  left(attempt: Attempt): void {
    this.#guide.left?.(attempt);
  }

  gaveWay(): void {
    this.gaveWays++;
    this.#guide.gaveWay();
  }
}
