/**
 * One run from its plan to its verdict: prepare the city, attack, heal, settle, check, report. The same
 * scenario, target, seed and configuration give the same history.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EndReport, isServiceTarget, type Repeat, type RunConfig } from '../../server/contract/index.ts';
import { parseThreshold } from '../checkers/thresholds.ts';
import { beginWorkload, findScenario } from '../scenarios/registry.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { CityClock } from '../sim/clock.ts';
import { Prng } from '../sim/prng.ts';
import type { CityKeeper } from '../targets/postgres/keeper.ts';
import { createTarget } from '../targets/registry.ts';
import type { Target } from '../targets/target.ts';
import type { Sink } from '../telemetry/sink.ts';
import { engineVersions } from '../versions.ts';
import { Counters } from './counters.ts';
import { ExecutionLimitError, type ExecutionLimits, ExecutionWatch } from './execution-watch.ts';
import { composeForensic } from './forensics.ts';
import { executeLive } from './live/execute-live.ts';
import { liveSettingsOf } from './live-settings.ts';
import type { Recorder } from './recorder.ts';
import { Simulation } from './simulation.ts';
import { createRecorder, judgeThresholds, recordStart, reportEnd, stopReason } from './start-and-end.ts';
import type { Trace } from './trace.ts';
import { WallLimits } from './wall-limits.ts';

/** Steps between two looks at the world: a stop, the time limit, the sink's sockets. */
const STEPS_PER_TURN = 256;

export interface StopSignal {
  readonly requested: boolean;
  readonly reason: string | null;
  onRequest(listener: () => void): void;
}

export interface ExecuteOptions {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  /** What an attempt before this one has stored, and this one repeats; nothing unless it is given. */
  repeat?: Repeat | null;
  /** The database for a `postgres` target's city. */
  targetUrl: string | null;
  /** All URLs of a service that has several, with users and passwords; left out: those of the configuration. */
  targets?: readonly string[];
  /** The command that starts the service at a target that is a URL; null: it runs already. */
  exec?: string | null;
  sink: Sink;
  signal: StopSignal;
  now?: () => Date;
  /** For cities that one execution after another uses; without it each builds its own. */
  cities?: CityKeeper | undefined;
  /** Filled with what the run did, for replaying and shrinking it. */
  trace?: Trace;
  /** For an execution that nobody supervises: when it is broken off. */
  limits?: ExecutionLimits;
}

/**
 * Executes a run, sends all of its history to the sink and ends it there; resolves with the verdict.
 * @throws ExecutionLimitError when it hangs, or takes longer than its limits.
 */
export async function execute(options: ExecuteOptions): Promise<EndReport> {
  if (isServiceTarget(options.target)) {
    return executeLive({ ...options, ...liveSettingsOf(options) });
  }
  const { config, seed } = options;
  const scenario = findScenario(options.scenario);
  const clock = new CityClock();
  const target = createTarget(options.target, scenario, config.bug, options.targetUrl, {
    concurrency: config.concurrency,
    isolation: config.isolation,
    prng: new Prng(seed, 'deadlock'),
    clock,
    cities: options.cities,
  });
  const watch = new ExecutionWatch(options.limits ?? null);
  try {
    return await watch.bound(executeOn({ scenario, target, clock, watch }, options));
  } catch (error) {
    if (!(error instanceof ExecutionLimitError)) throw error;
    const what = await target.cut();
    throw new ExecutionLimitError([error.message, what].filter(Boolean).join(' '));
  } finally {
    watch.close();
    await target.close();
  }
}

interface Stage {
  readonly scenario: Scenario;
  readonly target: Target;
  readonly clock: CityClock;
  readonly watch: ExecutionWatch;
}

async function executeOn(stage: Stage, options: ExecuteOptions): Promise<EndReport> {
  const { scenario, target, clock, watch } = stage;
  const { config, seed } = options;
  for (const threshold of config.thresholds) parseThreshold(threshold);
  const workload = beginWorkload(scenario, seed, config);
  const counters = new Counters();
  const recorder = createRecorder(options, workload, counters);
  const versions = engineVersions();
  await watch.ask(target.prepare(workload.world));
  Object.assign(versions, target.versions);
  recordStart(recorder, options, workload.world, scenario, versions);
  const simulation = new Simulation({
    seed,
    config,
    workload,
    target,
    recorder,
    counters,
    clock,
    objectNoun: scenario.objectNoun ?? 'object',
    trace: options.trace ?? null,
  });
  const { verdicts } = simulation;
  await attack(simulation, recorder, watch, options);
  const stopped = options.signal.requested ? stopReason(options.signal) : null;
  if (stopped === null && !verdicts.failure) await watch.ask(simulation.audit());
  if (stopped === null && !verdicts.failure) judgeThresholds(verdicts, config);
  const { failure } = verdicts;
  const city = failure ? await watch.ask(shownCity(target)) : null;
  return await reportEnd(verdicts, options.sink, {
    failForensic: failure && composeForensic(failure, verdicts, { ...options, versions, city }),
    stopped,
    planned: simulation.planned,
    sometimes: target.sometimes(),
    operations: scenario.operations,
  });
}

/** The whole city at a failure, if it can be read. */
async function shownCity(target: Target): Promise<unknown> {
  try {
    return await target.inspect();
  } catch {
    return null;
  }
}

async function attack(
  simulation: Simulation,
  recorder: Recorder,
  watch: ExecutionWatch,
  options: ExecuteOptions,
): Promise<void> {
  const { config, signal } = options;
  const wall = new WallLimits(config, options.repeat ?? null);
  const isStopped = () => signal.requested;
  for (let steps = 1; !simulation.finished && !simulation.failure; steps++) {
    if (signal.requested) return;
    wall.at(recorder.next, simulation.planned);
    if (simulation.auditDue) await watch.ask(simulation.audit());
    if (simulation.planUsedUp && !simulation.verdicts.healed) simulation.heal();
    simulation.sendOff();
    const stepping = simulation.step();
    if (stepping) await watch.ask(stepping);
    const pressure = recorder.takePressure();
    if (pressure) await pressure;
    if (config.rate !== null) await wall.pace(simulation.planned, isStopped);
    if (steps % STEPS_PER_TURN !== 0) continue;
    if (wall.isTimeUp(simulation.now)) simulation.windUp();
    await nextTurn();
  }
}
