/** The colours of mission control: named ones only, so that they follow the terminal's own light or dark theme. */
import type { RunStatus } from '../../server/contract/index.ts';
import type { EventKind } from '../describe-event.ts';

export const STATUS_COLOR: Record<RunStatus, string> = {
  QUEUED: 'yellow',
  RUNNING: 'cyan',
  STOPPING: 'yellow',
  PASS: 'green',
  FAIL: 'red',
  STOPPED: 'yellow',
};

/** Undefined: the terminal's own foreground. */
export const EVENT_COLOR: Record<EventKind, string | undefined> = {
  invoke: undefined,
  ok: 'green',
  refused: 'yellow',
  unknown: 'magenta',
  fault: 'red',
  violation: 'redBright',
  mark: 'cyan',
};

export const CHART_COLOR = {
  bookings: 'green',
  cancellations: 'yellow',
  slots_available: 'cyan',
} as const;

/** Smallest screen that can be drawn on. */
export const MINIMUM = { columns: 60, rows: 16 } as const;
