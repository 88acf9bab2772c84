/** What is drawn of a run, told from what is known of it. */
import type { FailureSummary } from '../../server/contract/index.ts';
import { isTerminal, type Outcome, outcomeOf } from '../../server/contract/run-values.ts';
import { isQueuedAgain } from './attempts.ts';
import { isLoss } from './outcome.ts';
import type { RunData } from './run-data.ts';

/** What most of the questions below need to know. */
interface Picture {
  data: RunData;
  /** The picture that stays while paused; `data` goes on behind it. */
  frozen: RunData | null;
}

interface Moment extends Picture {
  /** Of this machine's clock. */
  nowMs: number;
}

/** The data to draw: the frozen picture while paused. */
export function shown(state: Picture): RunData {
  return state.frozen ?? state.data;
}

/** Time since the start in ms; of the whole run once it has ended. */
export function elapsedMs(state: Moment): number {
  const data = shown(state);
  if (data.end !== null) return data.end.durationSecondsActual * 1_000;
  // It has ended before it was looked at; its end frame is still to come.
  if (isTerminal(data.status)) return storedDurationMs(data.run);
  if (data.startedAtMs === null) return 0;
  return Math.max(0, state.nowMs + state.data.clockOffsetMs - data.startedAtMs);
}

/** Of a run whose harness did not live to say it: from its start to its end by the clock of the database. */
function storedDurationMs({ durationSecondsActual, startedAt, endedAt }: RunData['run']): number {
  if (durationSecondsActual !== null) return durationSecondsActual * 1_000;
  return startedAt === null || endedAt === null
    ? 0
    : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}

/** How long ago the harness was last heard of, in ms; null when it was not or need not be. */
export function heartbeatAgeMs(state: Moment): number | null {
  const { data } = state;
  if (data.end !== null || data.heartbeatAtMs === null) return null;
  return Math.max(0, state.nowMs + data.clockOffsetMs - data.heartbeatAtMs);
}

/** How many events came since the picture was frozen; null when it moves. */
export function eventsBehind(state: Picture): number | null {
  return state.frozen === null ? null : state.data.eventIndex - state.frozen.eventIndex;
}

/** How the run stands or ended, as people are told. */
export function outcomeOfData({ status, end, run }: Pick<RunData, 'status' | 'end' | 'run'>): Outcome {
  return outcomeOf(status, end?.failure ?? run.failForensic);
}

type KnownFailure = Partial<FailureSummary> & { message: string };

/** The failure as far as it is known: from the end, or from the violation that came before it. */
export function failureOf(data: RunData): KnownFailure | null {
  return data.end?.failure ?? violationOf(data);
}

/** What broke of the service under test; null where it is only the run itself that went wrong. */
export function brokenOf(data: RunData): KnownFailure | null {
  return isLoss(outcomeOfData(data)) ? violationOf(data) : failureOf(data);
}

/** What the events of the scenarios call their objects. */
const OBJECT_NOUNS = ['slot', 'resource', 'event', 'account', 'object'];

/** The object that a checker found wrong, from the bundle or from the violation before it; null: none, or not known. */
export function failedObjectOf({ run, violation }: Pick<RunData, 'run' | 'violation'>): string | null {
  const told = OBJECT_NOUNS.map((noun) => violation?.data[noun]);
  return run.failForensic?.object ?? told.find((object) => typeof object === 'string') ?? null;
}

function violationOf(data: RunData): KnownFailure | null {
  if (data.violation === null) return null;
  const { message, invariant } = data.violation.data;
  return {
    message: typeof message === 'string' ? message : 'An invariant is broken.',
    invariant: typeof invariant === 'string' ? invariant : 'violation',
    eventIndex: data.violation.index,
  };
}

/** While nothing is added to the history, the run is read again that often, in ms. */
const STILL_MS = 5_000;

/** Why the run has to be read again, for what no frame tells: that it was lost and is begun anew. Null: it need not be. */
export function readOccasion(data: RunData, nowMs: number): string | null {
  if (data.end !== null) return null;
  if (isQueuedAgain(data)) return `queued ${data.requeues}`;
  // A runner that is near begins so soon that the queue is not seen.
  const times = data.grewAtMs === null ? 0 : Math.floor((nowMs - data.grewAtMs) / STILL_MS);
  return data.status === 'RUNNING' && times > 0 ? `still ${data.eventIndex} ${times}` : null;
}

/** Expected and actual of the violation, when its event says them. */
export function comparisonOf(data: RunData): { expected: unknown; actual: unknown } | null {
  const from = data.violation?.data;
  if (from === undefined || (from['expected'] === undefined && from['actual'] === undefined)) return null;
  return { expected: from['expected'], actual: from['actual'] };
}

const METRIC_ORDER = [
  'bookings',
  'cancellations',
  'slots_available',
  'operations',
  'ok',
  'refused',
  'unknown',
  'faults',
  'p95_latency_ms',
  'in_flight',
  'retries',
  'p50_latency_ms',
  'p99_latency_ms',
];

/** The metrics in the order people look for them, with how they moved; what only this scenario has comes first. */
export function metricRows(
  data: Pick<RunData, 'metrics' | 'changes'>,
): { name: string; value: number; change: number }[] {
  const rank = (name: string) => METRIC_ORDER.indexOf(name);
  return Object.entries(data.metrics)
    .map(([name, value]) => ({ name, value, change: data.changes[name] ?? 0 }))
    .sort((a, b) => rank(a.name) - rank(b.name));
}

/** Share of the run that is done, 0 to 1, and the time it may still take in ms; null while nothing tells. */
export function progressOf(state: Moment): { share: number; leftMs: number | null } | null {
  const data = shown(state);
  const { operations, durationSeconds } = data.run.config;
  const begun = (data.metrics['operations'] ?? 0) / operations;
  // What ended without a PASS got only so far, and never to the end.
  if (data.end !== null) return { share: data.end.pass ? 1 : Math.min(0.99, begun), leftMs: null };
  const elapsed = elapsedMs(state);
  const passed = durationSeconds === null ? 0 : elapsed / 1_000 / durationSeconds;
  const share = Math.min(1, Math.max(begun, passed));
  // With less than a hundredth done, or nobody at it, a guess is worth nothing.
  return { share, leftMs: share < 0.01 || data.status === 'QUEUED' ? null : (elapsed * (1 - share)) / share };
}
