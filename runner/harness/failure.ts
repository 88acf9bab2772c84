/** Why a run failed, before the bundle is made of it, and the words for it. */
import type { HistoryViolation } from '../checkers/history-checker.ts';
import { firstCrossed, parseThreshold } from '../checkers/thresholds.ts';
import type { Operation } from '../scenarios/scenario.ts';
import { inShort } from '../service/in-short.ts';

export interface Failure {
  kind: 'invariant' | 'linearizability' | 'liveness' | 'audit' | 'threshold';
  invariant: string;
  /** One sentence for people. */
  message: string;
  actual: unknown;
  expected: unknown;
  object: string | null;
  operation: Operation | null;
  /** Index of the event that broke it. */
  eventIndex: number;
  /** The states that the object's history allowed it to be in; none when that is not what broke. */
  states?: readonly unknown[];
}

/** An answer, or its absence, as the history has it. */
export interface Told {
  readonly operation: Operation;
  readonly actual: unknown;
  readonly eventIndex: number;
}

/** What a history that no order explains breaks. */
const OF_A_HISTORY = { kind: 'linearizability', invariant: 'per-object-history' } as const;

/** An answer, or its absence, that the history of an object does not allow; or the earlier one that is to blame. */
export function unexplained({ operation, actual, eventIndex }: Told, wrong: HistoryViolation): Failure {
  const { call, actor } = operation;
  const { object, allowed, states } = wrong;
  const answered = `${call.operation} by ${actor} at event ${eventIndex} was answered`;
  const culprit = refusedWrongly(wrong, answered, actual);
  if (culprit) return culprit;
  const instead = otherThan(actual, allowed);
  const others = instead.length > 0 ? ` It allows: ${instead.join(', ')}.` : '';
  return {
    ...OF_A_HISTORY,
    message:
      `${call.operation} on ${object} by ${actor} was answered ${inShort(actual, object)}, which no order of the ` +
      `overlapping operations explains.${others}`,
    actual,
    expected: allowed,
    object,
    operation,
    eventIndex,
    states,
  };
}

/**
 * The earlier refusal that is to blame for a history that broke later; null when that is not so. `answered` begins
 * the sentence that tells of the answer that contradicts it.
 */
export function refusedWrongly(
  { object, culprit }: HistoryViolation,
  answered: string,
  contradiction: unknown,
): Failure | null {
  if (!culprit) return null;
  const { operation, actual, eventIndex } = culprit.about as Told;
  const { states, unanswered } = culprit;
  const allowed = otherThan(actual, culprit.allowed);
  const instead = allowed.length > 0 ? ` Instead it allows: ${allowed.join(', ')}.` : '';
  return {
    ...OF_A_HISTORY,
    message:
      `${operation.call.operation} on ${object} by ${operation.actor} was answered ${inShort(actual)}: this refusal at ` +
      `event ${eventIndex} is explained only by ${requestsText(unanswered)} that later reads contradict. ` +
      `${capitalised(answered)} ${inShort(contradiction, object)}.${instead}`,
    actual,
    expected: allowed,
    object,
    operation,
    eventIndex,
    states,
  };
}

/** Some state may allow the very answer, and all that comes of it be impossible: that is no help to anybody. */
function otherThan(actual: unknown, allowed: readonly string[]): readonly string[] {
  const { reason } = (actual ?? {}) as { reason?: unknown };
  return allowed.filter((text) => text !== `refused: ${reason}`);
}

/** What calls without an answer are called: `bookings`, or `debit and credit requests`. */
function requestsText(calls: readonly unknown[]): string {
  const names = new Set(calls.map((call) => String((call as { operation?: unknown }).operation)));
  if (names.has('book')) return 'bookings';
  return names.size === 0 ? 'requests' : `${[...names].join(' and ')} requests`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A service that does not answer as it has to; of a single request when its operation is given. */
export function unanswering(
  found: Pick<Failure, 'message' | 'actual' | 'expected' | 'eventIndex'> & Partial<Failure>,
): Failure {
  return {
    kind: 'liveness',
    invariant: 'every-request-is-answered',
    object: null,
    operation: null,
    ...found,
  };
}

/** The first of these thresholds that the metrics do not keep; null when all are kept. */
export function crossedThreshold(
  thresholds: readonly string[],
  metrics: Readonly<Record<string, number>>,
  eventIndex: number,
): Failure | null {
  const crossed = firstCrossed(thresholds.map(parseThreshold), metrics);
  if (!crossed) return null;
  const { threshold, actual } = crossed;
  return {
    kind: 'threshold',
    invariant: threshold.text,
    message:
      actual === null
        ? `There is no metric "${threshold.metric}" for the threshold ${threshold.text}. Known: ${Object.keys(metrics).join(', ')}.`
        : `The threshold ${threshold.text} was crossed: ${threshold.metric} is ${actual}.`,
    actual,
    expected: threshold.text,
    object: null,
    operation: null,
    eventIndex,
  };
}
