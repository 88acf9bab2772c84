/** Executes parts of a run for real, and tells whether they fail the same way as the whole did. */
import type { Forensic, RunConfig, RunEvent, Signature } from '../../server/contract/index.ts';
import type { Trace } from '../harness/attempt.ts';
import { execute, type StopSignal } from '../harness/execute.ts';
import { ExecutionLimitError, standardLimit } from '../harness/execution-watch.ts';
import { CityKeeper } from '../targets/postgres/keeper.ts';
import { MemorySink } from '../telemetry/memory.ts';
import { sameSignature, signatureOf } from './signature.ts';

/** The run that is made small. */
export interface Subject {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  targetUrl: string | null;
}

/** A part of the run. */
export interface Candidate {
  operations: readonly number[];
  muted: readonly string[];
  schedule: readonly number[] | null;
  variant: number;
  concurrency: number;
  /** False: no fault strikes at all. */
  faults: boolean;
}

export interface Trial {
  candidate: Candidate;
  /** `same`: as the whole run did. `otherwise`: it broke something else. */
  fails: 'same' | 'otherwise' | 'no';
  forensic: Forensic | null;
  events: readonly RunEvent[];
  trace: Trace;
}

export interface Budget {
  maxExecutions: number;
  maxSeconds: number;
}

/** A part takes at most as long as the whole, so many times over, or it hangs. */
const PART = { leastSeconds: 20, times: 5 } as const;
/** What is found when the time is up is confirmed in so much more of it. */
const OVERTIME = { share: 0.1, leastSeconds: 3, mostSeconds: 30 } as const;

/** Seconds beyond the budget in which everything has to be over. */
export function overtimeOf({ maxSeconds }: Budget): number {
  return Math.min(OVERTIME.mostSeconds, Math.max(OVERTIME.leastSeconds, maxSeconds * OVERTIME.share));
}

/** The configuration by which a candidate is executed, and reproduced. */
export function configOf(config: RunConfig, candidate: Candidate): RunConfig {
  const { operations, muted, schedule, variant, concurrency, faults } = candidate;
  return {
    ...config,
    operations: Math.max(config.operations, operations.length),
    // Wall time decides nothing in a run of a few operations, and must not.
    durationSeconds: null,
    rate: null,
    concurrency,
    ...(faults ? {} : { faults: 'none' as const, faultRates: {} }),
    reduction: {
      operations: [...operations],
      muted: [...muted],
      schedule: schedule === null ? null : [...schedule],
      variant,
    },
  };
}

export class Trials {
  readonly #subject: Subject;
  readonly #budget: Budget;
  readonly #signal: StopSignal;
  readonly #known = new Map<string, Trial['fails']>();
  readonly #startedAt = process.hrtime.bigint();
  /** Trials are many and short: they follow one another in the same city, made anew each time. */
  readonly #cities = new CityKeeper();
  #signature: Signature | null = null;
  #executions = 0;
  #wholeSeconds = Number.POSITIVE_INFINITY;

  constructor(subject: Subject, budget: Budget, signal: StopSignal) {
    this.#subject = subject;
    this.#budget = budget;
    this.#signal = signal;
  }

  get executions(): number {
    return this.#executions;
  }

  get seconds(): number {
    return Number(process.hrtime.bigint() - this.#startedAt) / 1e9;
  }

  /** True once nothing more may be executed: what is known by then is the result. */
  get spent(): boolean {
    const { maxExecutions, maxSeconds } = this.#budget;
    return this.#signal.requested || this.#executions >= maxExecutions || this.seconds >= maxSeconds;
  }

  /** True once not even what was found may be confirmed any more. */
  get over(): boolean {
    return this.seconds >= this.#budget.maxSeconds + overtimeOf(this.#budget);
  }

  /**
   * Executes the run as it is; the way in which it fails is what candidates are held against.
   * @throws ExecutionLimitError when it hangs, or does not end within the budget.
   */
  async whole(): Promise<Trial> {
    // A pace is for watching.
    const config = { ...this.#subject.config, rate: null };
    const before = this.seconds;
    const trial = await this.#execute(config, wholeOf(config), standardLimit(config));
    this.#wholeSeconds = this.seconds - before;
    if (!trial.forensic) return trial;
    this.#signature = signatureOf(trial.forensic);
    return { ...trial, fails: 'same' };
  }

  /** True when the candidate was executed before and did not fail the same way. */
  knownNotToFail(candidate: Candidate): boolean {
    const fails = this.#known.get(keyOf(candidate));
    return fails !== undefined && fails !== 'same';
  }

  /** Executes a candidate, beyond the budget too. One that hangs is taken not to fail. */
  async run(candidate: Candidate): Promise<Trial> {
    const trial = await this.#part(candidate, this.#cities);
    this.#known.set(keyOf(candidate), trial.fails);
    return trial;
  }

  /** Executes a candidate as whoever reproduces it does: in a city of its own. */
  async runApart(candidate: Candidate): Promise<Trial> {
    return await this.#part(candidate);
  }

  async close(): Promise<void> {
    await this.#cities.close();
  }

  async #part(candidate: Candidate, cities?: CityKeeper): Promise<Trial> {
    const seconds = Math.max(PART.leastSeconds, PART.times * this.#wholeSeconds);
    try {
      return await this.#execute(configOf(this.#subject.config, candidate), candidate, seconds, cities);
    } catch (error) {
      if (!(error instanceof ExecutionLimitError)) throw error;
      return {
        candidate,
        fails: 'no',
        forensic: null,
        events: [],
        trace: { picks: [], struck: [], begun: [] },
      };
    }
  }

  async #execute(
    config: RunConfig,
    candidate: Candidate,
    mostSeconds: number,
    cities?: CityKeeper,
  ): Promise<Trial> {
    this.#executions++;
    const sink = new MemorySink();
    const trace: Trace = { picks: [], struck: [], begun: [] };
    const { scenario, target, seed, targetUrl } = this.#subject;
    const left = this.#budget.maxSeconds + overtimeOf(this.#budget) - this.seconds;
    const limits = { seconds: Math.min(mostSeconds, Math.max(left, 0)), stop: this.#signal };
    const run = { scenario, target, seed, config, targetUrl, sink, signal: NEVER, trace, cities, limits };
    const end = await execute(run);
    const forensic = end.failForensic;
    return { candidate, fails: this.#judge(forensic), forensic, events: sink.events, trace };
  }

  #judge(forensic: Forensic | null): Trial['fails'] {
    if (!forensic) return 'no';
    return this.#signature && sameSignature(this.#signature, signatureOf(forensic)) ? 'same' : 'otherwise';
  }
}

/** A candidate is over in a moment, so a stop takes effect between two; one that hangs is broken off. */
const NEVER: StopSignal = { requested: false, reason: null, onRequest: () => {} };

function wholeOf(config: RunConfig): Candidate {
  return {
    operations: config.reduction?.operations ?? [],
    muted: config.reduction?.muted ?? [],
    schedule: config.reduction?.schedule ?? null,
    variant: config.reduction?.variant ?? 0,
    concurrency: config.concurrency,
    faults: true,
  };
}

function keyOf({ operations, muted, schedule, variant, concurrency, faults }: Candidate): string {
  return `${operations}|${muted}|${schedule ?? '-'}|${variant}|${concurrency}|${faults}`;
}
