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

export const FAULT_NAMES = [
  'drop-request',
  'drop-response',
  'duplicate-request',
  'delay',
  'reorder',
  'burst',
  'crash',
  'serialization-failure',
  'pool-exhaustion',
  'clock-skew',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export const FAULT_PROFILES = ['none', 'calm', 'rough', 'brutal'] as const;
export const ISOLATION_LEVELS = ['read-committed', 'repeatable-read', 'serializable'] as const;

/** What a launch gets where it leaves something out. */
export const RUN_DEFAULTS = {
  scenario: 'bookings',
  target: 'postgres',
  operations: 2_000,
  citizens: 40,
  slots: 12,
  concurrency: 8,
  faults: 'rough',
  isolation: 'read-committed',
  strategy: 'ambush',
  snapshotEvery: 10,
} as const;
