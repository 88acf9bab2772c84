/** A run as log lines: what matters at once, progress each second, never a line an event. */
import type { Frame, HeartbeatFrame, Run, RunEvent } from '../../server/contract/index.ts';
import type { LinkState } from '../client/stream.ts';
import { detailOf, kindOf } from '../describe-event.ts';
import { safeText } from '../safe-text.ts';
import { planEntries } from './plan.ts';
import { paintStatus, type Style } from './style.ts';
import { metricsText } from './verdict.ts';

/** Lines about faults in one second; the rest are counted in the progress line. */
const FAULT_LINES_A_SECOND = 5;
const PROGRESS_EVERY_MS = 1_000;
const PROGRESS_METRICS = [
  'bookings',
  'cancellations',
  'slots_available',
  'operations',
  'refused',
  'unknown',
  'faults',
  'p95_latency_ms',
];

export interface LogLines {
  /** The lines before the first event. */
  start(run: Run): string[];
  frame(frame: Frame): string[];
  link(link: LinkState): string[];
  /** A line of this program's own. */
  say(message: string): string;
}

/** Turns what a stream brings into lines. `now` is wall time in ms. */
export function createLogLines(style: Style, now: () => number): LogLines {
  let progressAt = 0;
  let faultLines = 0;
  let faultsPassedOver = 0;
  let metrics: Record<string, number> = {};
  let queuedSaid = false;

  const line = (at: string, what: string, rest: string) => `${style.dim(at)} ${what} ${rest}`.trimEnd();
  const stamp = () => new Date(now()).toISOString();

  const onEvent = (event: RunEvent): string[] => {
    const kind = kindOf(event);
    if (kind === 'violation') {
      return [line(event.at, style.red('violation'), `event=${event.index} ${detailOf(event)}`)];
    }
    if (kind === 'fault') {
      faultLines += 1;
      if (faultLines > FAULT_LINES_A_SECOND) {
        faultsPassedOver += 1;
        return [];
      }
      return [line(event.at, style.yellow(event.type), `event=${event.index} ${detailOf(event)}`)];
    }
    if (event.type === 'note') return [line(event.at, 'note', `event=${event.index} ${detailOf(event)}`)];
    return [];
  };

  const onHeartbeat = (data: HeartbeatFrame): string[] => {
    if (data.status === 'QUEUED') {
      if (queuedSaid) return [];
      queuedSaid = true;
      return [line(stamp(), 'queued', 'waiting for a runner; `simcity runner` starts one')];
    }
    metrics = { ...metrics, ...data.metrics };
    if (now() - progressAt < PROGRESS_EVERY_MS * 0.9) return [];
    progressAt = now();
    const more = faultsPassedOver > 0 ? ` (+${faultsPassedOver} more fault lines)` : '';
    faultLines = 0;
    faultsPassedOver = 0;
    const head = `${paintStatus(style, data.status)} event=${data.eventIndex} rate=${Math.round(data.eventsPerSecond)}/s`;
    return [line(stamp(), 'progress', `${head} ${metricsText(metrics, PROGRESS_METRICS)}${more}`)];
  };

  return {
    start: (run) => [
      line(run.createdAt, 'run', `${run.id} ${paintStatus(style, run.status)}`),
      line(
        run.createdAt,
        'plan',
        planEntries(run)
          .map(([name, value]) => `${name}=${value.includes(' ') ? JSON.stringify(value) : value}`)
          .join(' '),
      ),
    ],
    frame(frame) {
      if (frame.frame === 'event') return onEvent(frame.data);
      if (frame.frame === 'heartbeat') return onHeartbeat(frame.data);
      if (frame.frame === 'snapshot') metrics = frame.data.metrics;
      return [];
    },
    link(link) {
      if (link.state !== 'reconnecting') return [];
      const pause = `trying again in ${(link.retryInMs / 1000).toFixed(1)} s`;
      return [
        line(
          stamp(),
          style.yellow('reconnecting'),
          `attempt=${link.attempt} ${safeText(link.error)}; ${pause}`,
        ),
      ];
    },
    say: (message) => line(stamp(), 'simcity', safeText(message)),
  };
}
