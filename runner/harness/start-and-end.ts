/** How the history of a run begins and ends, and how it is judged as a whole. */
import {
  type EndReport,
  type Forensic,
  type JsonObject,
  type Proof,
  type Reproducible,
  type RunConfig,
  toldConfig,
} from '../../server/contract/index.ts';
import type { Scenario, Workload } from '../scenarios/scenario.ts';
import type { Call } from '../service/call.ts';
import type { Sink } from '../telemetry/sink.ts';
import type { Counters } from './counters.ts';
import { crossedThreshold } from './failure.ts';
import { Recorder } from './recorder.ts';
import type { Verdicts } from './verdicts.ts';
import { steadyWallClock } from './wall-clock.ts';

export function createRecorder<C extends Call>(
  { sink, config, now }: { sink: Sink; config: RunConfig; now?: (() => Date) | undefined },
  workload: Workload<C>,
  counters: Counters,
): Recorder {
  return new Recorder({
    sink,
    snapshotEvery: config.snapshotEvery,
    metrics: () => ({ ...workload.metrics(), ...counters.metrics() }),
    now: now ?? steadyWallClock(),
  });
}

export function recordStart(
  recorder: Recorder,
  { scenario, target, seed, config }: Reproducible,
  world: JsonObject,
  { charts }: Scenario,
  versions: Record<string, string>,
): void {
  const about = {
    scenario,
    target,
    seed,
    config: toldConfig(config),
    ...world,
    ...(charts ? { charts } : {}),
    versions,
  };
  recorder.record(0, 'start', 'city', about);
}

/** Fails the run when its metrics do not keep a threshold. */
export function judgeThresholds<C extends Call>(verdicts: Verdicts<C>, { thresholds }: RunConfig): void {
  const { workload, counters, lastIndex } = verdicts;
  const metrics = { ...workload.metrics(), ...counters.metrics() };
  const crossed = crossedThreshold(thresholds, metrics, lastIndex);
  if (crossed) verdicts.fail(crossed);
}

export interface Ending {
  failForensic: Forensic | null;
  /** Why the run was stopped before it could be judged; null: it was not. */
  stopped: string | null;
  /** Operations planned. */
  planned: number;
  /** How often each sometimes-property was reached: see `sometimesOf`. */
  sometimes: Record<string, number>;
  /** What could not be tested, for lack of an operation or a rule. */
  notTested?: readonly string[];
  /** The oldest request that was repeated, in ms and in requests with other keys since; null: none was. */
  keysRepeated?: { oldestMs: number; oldestKeys: number } | null;
  /** What came of executing the seed again; left out: it was not. */
  proof?: Proof;
}

/** How often each sometimes-property was reached so far: those of `more`, and those that every run has. */
export function sometimesOf<C extends Call>(
  { workload, counters, errors }: Verdicts<C>,
  more: Readonly<Record<string, number>>,
  /** Names of the operations that the scenario has, and the API too. */
  operations: readonly string[],
): Record<string, number> {
  return {
    'a request was answered': counters.ok + counters.refused,
    ...workload.sometimes(),
    'a retry followed a lost answer': counters.retries,
    ...more,
    ...Object.fromEntries(operations.map((name) => [acknowledgedText(name), errors.acknowledged(name)])),
  };
}

/** Records how the run ended, and hands the report of it to the sink. */
export async function reportEnd<C extends Call>(
  verdicts: Verdicts<C>,
  sink: Sink,
  { failForensic, stopped, planned, sometimes, ...ending }: Ending,
): Promise<EndReport> {
  const { recorder, checker, errors } = verdicts;
  const status = failForensic ? 'FAIL' : stopped === null ? 'PASS' : 'STOPPED';
  const reason = status === 'STOPPED' ? stopped : null;
  recorder.reached = null;
  const index = recorder.record(verdicts.now, 'end', 'city', {
    status,
    reason,
    operationsPlanned: planned,
    sometimes,
    neverReached: Object.keys(sometimes).filter((name) => sometimes[name] === 0),
    neverAcknowledged: errors.neverAcknowledged,
    notTested: [...new Set([...(ending.notTested ?? []), ...errors.neverAcknowledged])],
    errorsWithoutCause: errors.shares,
    checking: { 'per-object-history': { ...checker.cost } },
    undecided: [...verdicts.undecided].map(([object, why]) => ({ object, why })),
    ...(ending.keysRepeated ? { keysRepeated: ending.keysRepeated } : {}),
    ...(ending.proof ? { proof: ending.proof } : {}),
  });
  recorder.snapshot(index);
  const end: EndReport = { status, reason, failForensic };
  await sink.end(end);
  return end;
}

/** `a cancel was acknowledged`. */
function acknowledgedText(operation: string): string {
  return `${/^[aeiou]/.test(operation) ? 'an' : 'a'} ${operation} was acknowledged`;
}

/** In the words of whoever stopped the run. */
export function stopReason({ reason }: { readonly reason: string | null }): string {
  return reason ?? 'asked to stop';
}
