/**
 * One execution in virtual time, from the city to the verdict: attack, heal, settle, check, report. The same scenario,
 * target, seed and configuration give the same history.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EndReport, Proof, ServiceRules, ToldRules } from '../../server/contract/index.ts';
import { parseThreshold } from '../checkers/thresholds.ts';
import type { Scenario, Workload } from '../scenarios/scenario.ts';
import type { CityClock } from '../sim/clock.ts';
import type { Target } from '../targets/target.ts';
import { engineVersions } from '../versions.ts';
import type { Asking } from './asking.ts';
import { Counters } from './counters.ts';
import type { ExecuteOptions } from './execute-options.ts';
import type { ExecutionWatch } from './execution-watch.ts';
import { composeForensic } from './forensics.ts';
import type { Recorder } from './recorder.ts';
import { Simulation } from './simulation.ts';
import {
  createRecorder,
  judgeThresholds,
  recordStart,
  reportEnd,
  sometimesOf,
  stopReason,
} from './start-and-end.ts';
import type { StatementRecord } from './statement-record.ts';
import type { Verdicts } from './verdicts.ts';
import { WallLimits } from './wall-limits.ts';

/** Steps between two looks at the world: a stop, the time limit, the sink's sockets. */
const STEPS_PER_TURN = 256;

export interface Execution {
  readonly scenario: Scenario;
  readonly workload: Workload;
  readonly target: Target;
  readonly clock: CityClock;
  readonly watch: ExecutionWatch;
  /** What is particular about a service that answers over HTTP; null: the target is spoken to directly. */
  readonly service: ServicePart | null;
  /** Statements go into the history; null: they do not. */
  readonly record: StatementRecord | null;
}

/** What an execution needs of a service that answers over HTTP. */
export interface ServicePart {
  readonly asking: Asking;
  readonly rules: Readonly<ServiceRules>;
  readonly told: ToldRules;
  /** Those of the scenario's that the API has. */
  readonly operations: readonly string[];
  /** Before the whole city is looked at. */
  rest(): Promise<void>;
  /** The history has its first event. */
  begun(verdicts: Verdicts): void;
  /** Executes the seed again; null: it is not to be. `isTimed`: wall time had a say in where the plan ended. */
  proof(about: { isFailed: boolean; isTimed: boolean }): Promise<Proof | null>;
  notTested(about: { isAudited: boolean }): readonly string[];
}

/** The whole of it; the verdict is sent to the sink, too. */
export async function executeOn(execution: Execution, options: ExecuteOptions): Promise<EndReport> {
  const { scenario, workload, target, clock, watch, service, record } = execution;
  const { config, seed } = options;
  for (const threshold of config.thresholds) parseThreshold(threshold);
  const counters = new Counters();
  const recorder = createRecorder(options, workload, counters);
  const versions = engineVersions();
  await watch.ask(target.prepare(workload.world));
  Object.assign(versions, target.versions);
  recordStart(recorder, options, workload.world, scenario, versions);
  const simulation = new Simulation({
    ...{ seed, config, workload, target, recorder, counters, clock },
    objectNoun: scenario.objectNoun ?? 'object',
    trace: options.trace ?? null,
    guide: options.guide,
    frozen: options.frozen,
    ...(service ? { asking: service.asking, rules: service.rules, rest: () => service.rest() } : {}),
  });
  const { verdicts } = simulation;
  record?.into(recorder, () => simulation.now);
  service?.begun(verdicts);
  const reached = () => sometimesOf(verdicts, target.sometimes(), service?.operations ?? scenario.operations);
  recorder.reached = reached;
  const { isTimed } = await attack(simulation, recorder, watch, options);
  const stopped = options.signal.requested ? stopReason(options.signal) : null;
  if (stopped === null && !verdicts.failure) await watch.ask(simulation.audit());
  record?.over();
  if (stopped === null && !verdicts.failure) judgeThresholds(verdicts, config);
  const { failure } = verdicts;
  const city = failure ? await watch.ask(shownCity(target)) : null;
  const rules = service?.told ?? null;
  noteNotAsAsked(simulation);
  const failForensic = failure && composeForensic(failure, verdicts, { ...options, versions, city, rules });
  const proof =
    service && stopped === null ? await service.proof({ isFailed: failure !== null, isTimed }) : null;
  if (proof && failForensic) failForensic.proof = proof;
  const sometimes = reached();
  if (options.trace) options.trace.sometimes = sometimes;
  return await reportEnd(verdicts, options.sink, {
    failForensic,
    stopped,
    planned: simulation.planned,
    sometimes,
    ...(service ? { notTested: service.notTested(simulation) } : {}),
    ...(proof ? { proof } : {}),
  });
}

/** An order of another run, or of another generation, can name steps that were never to be taken. */
function noteNotAsAsked({ notAsAsked: steps, verdicts }: Simulation): void {
  if (steps === 0) return;
  const were = steps === 1 ? '1 step was' : `${steps} steps were`;
  const message = `${were} not as asked: another request took each than the order of the reduction names.`;
  verdicts.note('not as asked', { steps, message });
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
): Promise<{ isTimed: boolean }> {
  const { config, signal } = options;
  const wall = new WallLimits(config, options.repeat ?? null);
  const isStopped = () => signal.requested;
  let isTimed = false;
  for (let steps = 1; !simulation.finished && !simulation.failure; steps++) {
    if (signal.requested) break;
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
    if (wall.isTimeUp(simulation.now)) {
      isTimed = true;
      simulation.windUp();
    }
    await nextTurn();
  }
  return { isTimed };
}
