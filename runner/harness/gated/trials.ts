/** Short executions of a few operations, by which a survey finds out what a service gives the same history with. */
import type { RunConfig } from '../../../server/contract/index.ts';
import type { WirePlan } from '../../targets/pgwire/target.ts';
import { NullSink } from '../../telemetry/null.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import { type Executed, GatedRun } from './gated-run.ts';
import type { StagedService } from './staged-service.ts';

/** So many operations show how connections are taken and given back, and are over in a moment. */
const OPERATIONS = 60;

export class Trials {
  readonly #options: Omit<ExecuteOptions, 'sink'>;
  readonly #staged: StagedService;
  readonly #endMs: number;
  #first: Executed | null = null;
  executions = 0;
  same = 0;

  /** `seconds`: for all of them. */
  constructor(options: Omit<ExecuteOptions, 'sink'>, staged: StagedService, seconds: number) {
    this.#options = options;
    this.#staged = staged;
    this.#endMs = performance.now() + seconds * 1_000;
  }

  /** The first one that came to its end, which all others are held against; null: none has. */
  get first(): Executed | null {
    return this.#first;
  }

  get leftSeconds(): number {
    return Math.max(0, (this.#endMs - performance.now()) / 1_000);
  }

  /** Executes the same few operations by this plan; why it came to no end, or how long its beginning took, in ms. */
  async run(plan: WirePlan): Promise<{ beganMs: number; isSame: boolean } | Error> {
    const { leftSeconds } = this;
    if (leftSeconds === 0) return new Error('the time of the survey was over');
    const config = trialConfig(this.#options.config, plan);
    try {
      const run = new GatedRun({ ...this.#options, config, sink: new NullSink() }, this.#staged);
      const executed = await run.again(config, leftSeconds);
      this.executions++;
      this.#first ??= executed;
      const isSame = executed.trace.hash === this.#first.trace.hash;
      if (isSame) this.same++;
      return { beganMs: executed.beganMs, isSame };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** Nothing strikes, and nothing but the verdict ends it. */
function trialConfig(config: RunConfig, { service, settle, pool }: WirePlan): RunConfig {
  return {
    ...config,
    ...{ gate: service, settle, pool },
    operations: Math.min(OPERATIONS, config.operations),
    faults: 'none',
    faultRates: {},
    thresholds: [],
    durationSeconds: null,
    rate: null,
    reduction: null,
  };
}
