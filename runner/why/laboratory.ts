/** Executes the smallest reproduction and variants of it, in a city that one after another uses. */
import {
  type ExplainProgress,
  type RunConfig,
  type Signature,
  type Smallest,
  signatureOf,
} from '../../server/contract/index.ts';
import { execute, type StopSignal } from '../harness/execute.ts';
import { compareFailure } from '../harness/failure-tally.ts';
import { ExecutionLimitError } from '../harness/execution-watch.ts';
import { type StagedService, stageService } from '../harness/gated/staged-service.ts';
import { emptyTrace, type RecordedCall } from '../harness/trace.ts';
import type { Subject } from '../shrink/candidate.ts';
import { CityKeeper } from '../targets/postgres/keeper.ts';
import { MemorySink } from '../telemetry/memory.ts';
import type { Laboratory, Recording, Tried, Variant } from './findings.ts';
import type { Probes } from './probes.ts';
import { ExecutionRecorder } from './recording.ts';

export interface LaboratoryOptions {
  signal: StopSignal;
  maxSeconds: number;
  onProgress: (progress: ExplainProgress) => void;
}

/** One execution that hangs is broken off. */
const MOST_SECONDS_EACH = 60;
const NEVER: StopSignal = { requested: false, reason: null, onRequest: () => {} };

export class KeptLaboratory implements Laboratory {
  readonly #subject: Subject & { smallest: Smallest };
  readonly #options: LaboratoryOptions;
  readonly #cities = new CityKeeper();
  readonly #began = performance.now();
  #staged: Promise<StagedService> | null = null;
  #executions = 0;
  #stage = 'recording';
  /** What variants execute: the reduction, with the order of its steps by request. */
  base: RunConfig;
  /** The calls that variants ask; null: as the plan draws them. */
  frozen: readonly RecordedCall[] | null = null;
  signature: Signature;

  constructor(subject: Subject & { smallest: Smallest }, signature: Signature, options: LaboratoryOptions) {
    this.#subject = subject;
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

  stage(words: string): void {
    this.#stage = words;
    this.#options.onProgress({ stage: words, executions: this.#executions });
  }

  async run(variant: Variant): Promise<Tried> {
    const { scenario, target, targetUrl, exec = null, gate = null } = this.#subject;
    const config = { ...this.base, ...variant.config };
    const sink = new MemorySink();
    const trace = emptyTrace();
    const staged = config.gate === null ? undefined : await this.#stagedService();
    const isReduced = variant.config?.reduction === undefined;
    const frozen = variant.frozen === undefined ? (isReduced ? this.frozen : null) : variant.frozen;
    let gaveWay = 0;
    const inner = variant.guide;
    const guide = inner && {
      holds: inner.holds.bind(inner),
      stepped: inner.stepped?.bind(inner) ?? (() => {}),
      left: inner.left?.bind(inner) ?? (() => {}),
      gaveWay: () => {
        gaveWay++;
        inner.gaveWay();
      },
    };
    const seconds = Math.max(1, Math.min(MOST_SECONDS_EACH, this.#options.maxSeconds - this.seconds));
    this.#executions++;
    this.#options.onProgress({ stage: this.#stage, executions: this.#executions });
    try {
      const { failForensic: forensic } = await execute({
        scenario,
        target,
        targetUrl,
        exec,
        gate,
        staged,
        config,
        seed: variant.seed ?? this.#subject.seed,
        sink,
        signal: NEVER,
        trace,
        cities: this.#cities,
        statements: variant.statements,
        guide,
        frozen: frozen ?? undefined,
        limits: { seconds, stop: this.#options.signal },
        proofs: 0,
      });
      return { fails: compareFailure(this.signature, forensic && signatureOf(forensic)), forensic, events: sink.events, trace, gaveWay };
    } catch (error) {
      if (!(error instanceof ExecutionLimitError)) throw error;
      return { fails: 'otherwise', forensic: null, events: sink.events, trace, gaveWay };
    }
  }

  async record(variant: Variant, probes: Probes | null = null): Promise<Recording | null> {
    const recorder = new ExecutionRecorder(probes, variant.guide ?? null);
    const { forensic, events, trace, fails } = await this.run({ ...variant, guide: recorder, statements: recorder });
    return forensic === null || fails !== 'same' ? null : recorder.recording(forensic, events, trace);
  }

  async close(): Promise<void> {
    await this.#cities.close();
    const staged = await this.#staged?.catch(() => null);
    await staged?.stage.close();
  }

  #stagedService(): Promise<StagedService> {
    this.#staged ??= stageService(this.#subject);
    return this.#staged;
  }
}
