/** How a run stands or ended, as people are told: what all screens, lists, reports and exit codes go by. */
import type { Run } from '../../server/contract/run.ts';
import {
  type FailureKind,
  type Outcome,
  outcomeOf,
  type RunStatus,
  type TerminalStatus,
} from '../../server/contract/run-values.ts';

/** An end that says nothing about the service under test. */
export type Loss = Exclude<Outcome, RunStatus>;
/** How a run ended. */
export type Ending = TerminalStatus | Loss;

export function isLoss(outcome: Outcome): outcome is Loss {
  return outcome === 'LOST' || outcome === 'ADAPTER ERROR';
}

export function runOutcome({ status, failForensic }: Pick<Run, 'status' | 'failForensic'>): Outcome {
  return outcomeOf(status, failForensic);
}

export function endingOf(end: { status: TerminalStatus; failure: { kind: FailureKind } | null }): Ending {
  const outcome = outcomeOf(end.status, end.failure);
  return isLoss(outcome) ? outcome : end.status;
}

/** True when the harness did not live to say what broke, so that others wrote how the run ended. */
export function isBrokenOff({ eventIndex }: { eventIndex: number | null }): boolean {
  return eventIndex === null;
}

/** What an end that is no verdict means, in a sentence. */
export const LOSS_SAYS: Record<Loss, string> = {
  LOST: 'The run was lost. This says nothing about the service under test.',
  'ADAPTER ERROR': 'An adapter or module failed. This says nothing about the service under test.',
};

interface Cause {
  kind?: FailureKind | undefined;
  invariant?: string | undefined;
}

/** What is named as the cause: the invariant that broke, or the kind of a loss. Not safe to print. */
export function causeOf(outcome: Outcome, { kind, invariant }: Cause): string {
  return (isLoss(outcome) ? kind : invariant) ?? 'violation';
}

/** The head of a failure: `FAIL  no-overbooking`, `LOST  harness-lost`, `ADAPTER ERROR`. Not safe to print. */
export function failureTitle(outcome: Outcome, cause: Cause): string {
  if (outcome === 'ADAPTER ERROR') return outcome;
  return `${isLoss(outcome) ? outcome : 'FAIL'}  ${causeOf(outcome, cause)}`;
}

/** Why a run ended as it did, in a word or few, for lists; '' for what needs no reason. Not safe to print. */
export function reasonOf(run: Pick<Run, 'status' | 'failForensic' | 'stopReason'>): string {
  if (run.failForensic !== null) return causeOf(runOutcome(run), run.failForensic);
  return run.stopReason ?? '';
}
