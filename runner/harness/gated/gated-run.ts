/** A run against a service behind a gate: its API, its rules, its city, and how all of that is executed once. */
import type { EndReport, Proof, RunConfig } from '../../../server/contract/index.ts';
import { faultRates, NOT_ON_THE_WIRE, profileRates } from '../../faults/profiles.ts';
import { errorText } from '../../modules/adapter-error.ts';
import { beginWorkload, findScenario } from '../../scenarios/registry.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Workload } from '../../scenarios/workload.ts';
import { CityClock } from '../../sim/clock.ts';
import { Prng } from '../../sim/prng.ts';
import type { HttpApi } from '../../targets/http/api.ts';
import { PgwireTarget, type WirePlan } from '../../targets/pgwire/target.ts';
import type { WireTrace } from '../../targets/pgwire/trace.ts';
import { NullSink } from '../../telemetry/null.ts';
import { askingService } from '../asking.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import { ExecutionWatch } from '../execution-watch.ts';
import { apiOf, citizensOf } from '../live/api-of.ts';
import { GeneralPlan } from '../live/general-plan.ts';
import { type RunRules, toldRulesOf } from '../live/run-rules.ts';
import { executeOn, type ServicePart } from '../simulated.ts';
import { recordOf } from '../statement-record.ts';
import type { Verdicts } from '../verdicts.ts';
import { gatedRulesOf } from './gated-rules.ts';
import { judgedRules, longestLagMs, restUntilStrong } from './lagging-rules.ts';
import { lookOf } from './look-of.ts';
import { proofsOf, prove } from './proof.ts';
import type { StagedService } from './staged-service.ts';

const SHOWN_CHARACTERS = 120;
/** Where nothing else is known: that of several drivers. */
export const USUAL_POOL = 5;
/** A city is begun by a process of somebody else's, whose own time limits end before this. */
const BEGIN_SECONDS = 60;

/** How the wire of a run is handled, where it does not say so itself: as is right for most. */
function wirePlanOf({ gate, settle, pool }: RunConfig): WirePlan {
  return {
    service: gate ?? 'restart',
    settle: settle ?? (process.platform === 'linux' ? 'sleep' : 'silence'),
    pool: pool ?? USUAL_POOL,
  };
}

/** What one execution has done. */
export interface Executed {
  readonly end: EndReport;
  /** What went over the wire. */
  readonly trace: WireTrace;
  readonly told: ReturnType<PgwireTarget['told']>;
  /** How long the beginning of the city took, in ms. */
  readonly beganMs: number;
}

export class GatedRun {
  readonly #options: ExecuteOptions;
  readonly #staged: StagedService;
  readonly #scenario: Scenario;
  readonly #api: HttpApi;
  readonly #rules: RunRules;
  readonly #plan: WirePlan;
  /** Told of why the seed could not be executed again. */
  #notExecuted: ((error: unknown) => void) | null = null;

  constructor(options: ExecuteOptions, staged: StagedService) {
    this.#options = options;
    this.#staged = staged;
    this.#scenario = findScenario(options.scenario);
    this.#api = apiOf(this.#scenario);
    this.#rules = gatedRulesOf(this.#api, options.config.rules);
    this.#plan = wirePlanOf(options.config);
  }

  /** @throws ExecutionLimitError when it hangs, or takes longer than its limits. */
  async execute(): Promise<EndReport> {
    return (await this.#executed(this.#options)).end;
  }

  /** Executes the seed without telling anybody; what went over the wire. */
  async again(config: RunConfig, seconds: number): Promise<Executed> {
    const { trace: _, statements: __, ...rest } = this.#options;
    const limits = { seconds, stop: this.#options.signal };
    return await this.#executed({ ...rest, config, sink: new NullSink(), limits, proofs: 0 });
  }

  async #executed(options: ExecuteOptions): Promise<Executed> {
    const { seed, config } = options;
    const scenario = this.#scenario;
    const { rules } = this.#rules;
    const workload = beginWorkload(scenario, seed, config, judgedRules(rules));
    const clock = new CityClock();
    const record = recordOf(options);
    const target = this.#target(workload, { ...options, statements: record ?? options.statements }, clock);
    if (workload.model.timed && !target.moveClock) throw new Error(timeUnknown(scenario.name));
    const stalledSeconds = 2 * config.setupTimeoutSeconds + BEGIN_SECONDS;
    const watch = new ExecutionWatch(options.limits ?? null, stalledSeconds);
    const startedMs = performance.now();
    let beganMs = 0;
    const service = this.#service(workload, target, options, () => {
      beganMs = performance.now() - startedMs;
    });
    const execution = { scenario, workload, target, clock, watch, service, record };
    const end = await watch.over(target, () => executeOn(execution, options));
    if (options.trace) options.trace.wire = target.trace.lines;
    return { end, trace: target.trace, told: target.told(), beganMs };
  }

  #target(workload: Workload, { seed, config, statements }: ExecuteOptions, clock: CityClock): PgwireTarget {
    const api = this.#api;
    return new PgwireTarget({
      ...this.#staged,
      plan: this.#plan,
      api,
      citizens: citizensOf(this.#scenario, workload, api, config),
      setupTimeoutMs: config.setupTimeoutSeconds * 1_000,
      look: lookOf(this.#scenario, workload, api),
      objects: workload.objects,
      prng: new Prng(seed, 'deadlock'),
      clock,
      statements,
    });
  }

  #service(
    workload: Workload,
    target: PgwireTarget,
    options: ExecuteOptions,
    begun: () => void,
  ): ServicePart {
    const { seed, config } = options;
    const { rules } = this.#rules;
    const api = this.#api;
    const offers = (operation: string) => api.offers(operation);
    const about = { seed, config, rules, workload, offers, isContract: api.isContract };
    const planOptions = { ...about, burstRate: 0, kills: true, isGivenUp: () => false };
    const plan = this.#scenario.live?.plan?.(planOptions) ?? new GeneralPlan(planOptions);
    const told = toldRulesOf(this.#rules, {}, this.#scenario);
    return {
      asking: askingService({ workload, rules, offers, plan }),
      rules,
      told,
      operations: this.#scenario.operations.filter(offers),
      rest: () => restUntilStrong(rules),
      begun: (verdicts) => {
        begun();
        this.#notExecuted ??= (error) => {
          verdicts.note('not executed again', { why: errorText(error) });
        };
        verdicts.note('rules', { ...told });
        this.#noteGate(verdicts, target);
      },
      proof: (found) => this.#proof(target, options, found),
      notTested: ({ isAudited }) => this.#notTested(config, isAudited),
    };
  }

  /** What the history tells of the gate: nothing that differs from one execution to the next. */
  #noteGate(verdicts: Verdicts, target: PgwireTarget): void {
    const { service, settle, pool } = this.#plan;
    const { template } = this.#staged.stage;
    const weaker = settle === 'silence' ? SILENCE : null;
    const { background, backgroundWrites } = target.told();
    const { bytes, how } = template;
    const { clock } = this.#options.config;
    const own = clock === 'real' ? {} : { clock };
    const about = { service, settle, pool, ...own, template: { bytes, how }, weaker };
    verdicts.note('gate', { ...about, background: background.map(shortText), backgroundWrites });
  }

  async #proof(
    target: PgwireTarget,
    options: ExecuteOptions,
    { isFailed, isTimed }: { isFailed: boolean; isTimed: boolean },
  ): Promise<Proof | null> {
    const { signal, proofs, config } = options;
    const asked = proofsOf(config, isFailed);
    const times = Math.min(asked?.times ?? 0, proofs ?? Number.POSITIVE_INFINITY);
    // Where wall time ended the plan, the next execution would end elsewhere.
    if (asked === null || times === 0 || isTimed) return null;
    await target.close();
    const untimed = { ...config, durationSeconds: null, rate: null };
    return await prove(target.trace, {
      times,
      seconds: asked.seconds,
      again: async (seconds) => {
        try {
          return (await this.again(untimed, seconds)).trace;
        } catch (error) {
          // One that did not come to its end says nothing of the rate.
          this.#notExecuted?.(error);
          return null;
        }
      },
      isStopped: () => signal.requested,
      withValues: !config.redactValues,
    });
  }

  #notTested(config: RunConfig, isAudited: boolean): string[] {
    const { rules } = this.#rules;
    const own = profileRates(config);
    return [
      ...this.#scenario.operations.filter((operation) => !this.#api.offers(operation)),
      ...(rules.keys ? [] : ['keys']),
      ...NOT_ON_THE_WIRE.filter((name) => (own[name] ?? 0) > 0 && (faultRates(config)[name] ?? 0) === 0),
      ...(isAudited ? [] : ['the whole city at rest (the API does not show it)']),
      ...(longestLagMs(rules) > 0 ? ['how long reads lag behind (time is virtual)'] : []),
      ...(this.#plan.settle === 'silence' ? [SILENCE] : []),
    ];
  }
}

/** As a history tells of it. */
function shortText(text: string): string {
  return text.slice(0, SHOWN_CHARACTERS);
}

function timeUnknown(scenario: string): string {
  return `In the scenario ${scenario} something runs out, and behind --gate time is virtual, while the clock of the service is its own: give it that of the run with --clock virtual, or leave --gate out.`;
}

const SILENCE =
  'what the service does after a few ms of silence (its threads cannot be seen here: a seed may have two histories)';
