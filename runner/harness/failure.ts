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

/** An answer, or its absence, that the history of an object does not allow. */
export function unexplained(
  operation: Operation,
  { object, allowed, states }: HistoryViolation,
  actual: unknown,
  eventIndex: number,
): Failure {
  const { call, actor } = operation;
  const others = allowed.length > 0 ? ` It allows: ${allowed.join(', ')}.` : '';
  return {
    kind: 'linearizability',
    invariant: 'per-object-history',
    message:
      `${call.operation} on ${object} by ${actor} was answered ${inShort(actual)}, which no order of the ` +
      `overlapping operations explains.${others}`,
    actual,
    expected: allowed,
    object,
    operation,
    eventIndex,
    states,
  };
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
