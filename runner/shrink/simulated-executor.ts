/** Executes candidates in virtual time, where the seed decides the interleaving. */
import type { RunConfig, RunEvent } from '../../server/contract/index.ts';
import { type ExecuteOptions, execute, type StopSignal } from '../harness/execute.ts';
import { type StagedService, stageService } from '../harness/gated/staged-service.ts';
import { emptyTrace } from '../harness/trace.ts';
import { CityKeeper } from '../targets/postgres/keeper.ts';
import { MemorySink } from '../telemetry/memory.ts';
import type { Candidate, Subject, Timing } from './candidate.ts';
import type { Execution, Executor } from './executor.ts';

/** Timings tried for a small part: on `memory` an execution costs next to nothing. */
const PATIENCE = { memory: 60, database: 16, gate: 8 };
/** Guesses for each try that a small part is worth. */
const GUESSES = 8;
/** A candidate is over in a moment, so a stop takes effect between two; one that hangs is broken off. */
const NEVER: StopSignal = { requested: false, reason: null, onRequest: () => {} };

/** What an execution that is looked at closely has beside its configuration. */
export interface Closely extends Pick<ExecuteOptions, 'statements' | 'guide' | 'frozen'> {
  /** Left out: the run's own. */
  readonly seed?: number | undefined;
}

export class SimulatedExecutor implements Executor {
  readonly isRepeatable = true;
  readonly #subject: Subject;
  readonly #stop: StopSignal;
  readonly #patience: number;
  /** Candidates are many and short: they follow one another in the same city, made anew each time. */
  readonly #cities = new CityKeeper();
  /** Likewise behind one gate: each has a clone of its own all the same. */
  #staged: Promise<StagedService> | null = null;

  constructor(subject: Subject, stop: StopSignal) {
    this.#subject = subject;
    this.#stop = stop;
    this.#patience = PATIENCE[kindOf(subject)];
  }

  get guesses(): number {
    return this.#patience * GUESSES;
  }

  async execute(
    config: RunConfig,
    seconds: number,
    isApart: boolean,
    closely: Closely = {},
  ): Promise<Execution> {
    const { scenario, target, targetUrl, exec = null, gate = null } = this.#subject;
    const { seed = this.#subject.seed, statements, guide, frozen } = closely;
    const sink = new MemorySink();
    const trace = emptyTrace();
    const cities = isApart ? undefined : this.#cities;
    const limits = { seconds, stop: this.#stop };
    const staged = config.gate === null ? undefined : await this.#stage();
    const of = { scenario, target, seed, targetUrl, exec, gate, staged, statements, guide, frozen };
    const run = { ...of, config, sink, signal: NEVER, trace, cities, limits, proofs: 0 };
    const { failForensic: forensic } = await execute(run);
    return { forensic, events: staged ? sink.events.filter(isTold) : sink.events, trace };
  }

  /** The timing at hand first, then the seed's own, then others; the same ones for the same part. */
  *timings(
    { variant, concurrency, schedule, order }: Candidate,
    size: number,
    patient: boolean,
  ): Generator<Timing> {
    yield { variant, concurrency, schedule, order };
    const tries = Math.ceil(this.#patience * (patient ? 1 : worth(size)));
    // In a small part, how many citizens are at work at once matters as much as when they begin.
    const lanes = size > 12 ? [concurrency] : [...new Set([concurrency, 2, 3, 1, Math.max(1, size)])];
    for (let i = 0; i < tries; i++) {
      yield { variant: i, concurrency: lanes[i % lanes.length] as number, schedule: null, order: null };
    }
  }

  groupOf(n: number): number {
    return n;
  }

  async close(): Promise<void> {
    await this.#cities.close();
    const staged = await this.#staged?.catch(() => null);
    await staged?.stage.close();
  }

  #stage(): Promise<StagedService> {
    this.#staged ??= stageService(this.#subject);
    return this.#staged;
  }
}

/** What a story has no use for: what the gate and the service are is the same in each part. */
function isTold({ type, data }: RunEvent): boolean {
  return type !== 'note' || (data['what'] !== 'rules' && data['what'] !== 'gate');
}

function kindOf({ target, config }: Subject): keyof typeof PATIENCE {
  if (config.gate !== null) return 'gate';
  return target === 'memory' ? 'memory' : 'database';
}

/** A large part has many chances to fail in one timing, and takes long. */
function worth(size: number): number {
  return size <= 6 ? 1 : size <= 12 ? 0.5 : size <= 40 ? 0.15 : 0.05;
}
