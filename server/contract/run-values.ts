/** The values that a run's settings and states can have, without their schemas: what a browser needs of them. */

/** Every state of a run. The last three are terminal: a run reaches exactly one of them, once. */
export const RUN_STATUSES = ['QUEUED', 'RUNNING', 'STOPPING', 'PASS', 'FAIL', 'STOPPED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const TERMINAL_STATUSES = ['PASS', 'FAIL', 'STOPPED'] as const;
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

/** True when `status` is final. */
export function isTerminal(status: RunStatus): status is TerminalStatus {
  return status === 'PASS' || status === 'FAIL' || status === 'STOPPED';
}

/** What `pass` says of a status: STOPPED is no verdict. */
export function passOf(status: RunStatus): boolean | null {
  return status === 'PASS' ? true : status === 'FAIL' ? false : null;
}

/** Why a run failed: the service under test broke. */
const VERDICT_KINDS = ['invariant', 'linearizability', 'liveness', 'audit', 'threshold'] as const;
/**
 * What infrastructure, an adapter or SimCity itself did wrong: such a run is STOPPED, and the kind is its stop
 * reason too. `harness-crash` and `timeout` are also kinds of a FAIL, where the code under test runs inside the
 * harness and ended it.
 */
export const LOSS_KINDS = [
  'harness-crash',
  'harness-lost',
  'start-failed',
  'out-of-memory',
  'timeout',
  'not-deterministic',
  'adapter-error',
] as const;
export type LossKind = (typeof LOSS_KINDS)[number];
export const FAILURE_KINDS = [...VERDICT_KINDS, ...LOSS_KINDS] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** How a run stands or ended, as people are told. The API knows only the status and the failure. */
export type Outcome = RunStatus | 'LOST' | 'ADAPTER ERROR';

/** LOST and ADAPTER ERROR are runs that are STOPPED with a diagnosis. */
export function outcomeOf(status: RunStatus, failure: { kind: FailureKind } | null): Outcome {
  if (status !== 'STOPPED' || failure === null) return status;
  return failure.kind === 'adapter-error' ? 'ADAPTER ERROR' : 'LOST';
}
