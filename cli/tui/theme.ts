/** The colours of mission control: named ones only, so that they follow the terminal's own light or dark theme. */
import type { CampaignState, Outcome } from '../../server/contract/index.ts';
import type { EventKind } from '../run/describe-event.ts';
import type { Color, Style } from './paint/line.ts';

/** Red for a FAIL alone: what says nothing about the service warns. The word stands beside it always. */
export const OUTCOME_COLOR: Record<Outcome, Color> = {
  QUEUED: 'yellow',
  RUNNING: 'cyan',
  STOPPING: 'yellow',
  PASS: 'green',
  FAIL: 'red',
  STOPPED: 'yellow',
  LOST: 'yellow',
  'ADAPTER ERROR': 'yellow',
};

export const CAMPAIGN_COLOR: Record<CampaignState, Color> = {
  running: 'cyan',
  recording: 'cyan',
  done: 'green',
  stopped: 'yellow',
};

export const EVENT_STYLE: Record<EventKind, Style> = {
  invoke: { dim: true },
  ok: { color: 'green' },
  refused: { color: 'yellow' },
  unknown: { color: 'magenta' },
  fault: { color: 'red' },
  violation: { color: 'redBright', bold: true },
  statement: { color: 'blue' },
  mark: { color: 'cyan' },
};

/** By place. */
export const CHART_COLORS = ['green', 'yellow', 'cyan', 'magenta'] as const;

/** The least screen that can be drawn on. */
export const MINIMUM = { columns: 60, rows: 16 } as const;
