/** A run as log lines: what matters at once, progress each second, never a line an event. */
import {
  CLOCK_EVENT,
  type HeartbeatFrame,
  isTerminal,
  type JsonObject,
  type RunEvent,
} from '../../server/contract/index.ts';
import { isQueuedAgain, waitingText } from '../run/attempts.ts';
import { usualCharts } from '../run/chart-choice.ts';
import { detailOf, kindOf } from '../run/describe-event.ts';
import { versionsOf } from '../run/engine-text.ts';
import { gateInShort, tellsGate } from '../run/gate.ts';
import { runOutcome } from '../run/outcome.ts';
import { rulesInShort, tellsRules } from '../run/rules.ts';
import { runNameInFull } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';
import { settingEntries } from '../run/setting-entries.ts';
import type { Narrator } from './narrator.ts';
import { paintOutcome, type Style } from './style.ts';
import { metricsText, summaryText } from './verdict.ts';

/** Lines about faults and moves of the clock in one second; the rest are counted in the progress line. */
const FAULT_LINES_A_SECOND = 5;
const PROGRESS_EVERY_MS = 1_000;
/** Beside those that tell most about the scenario. */
const PROGRESS_METRICS = ['operations', 'refused', 'unknown', 'faults', 'p95_latency_ms'];

function progressMetrics(metrics: Readonly<Record<string, number>>): string[] {
  return [...new Set([...usualCharts(metrics).map(({ metric }) => metric), ...PROGRESS_METRICS])];
}

/** Turns what a stream brings into lines. `now` is wall time in ms; `hosted`: a runner is being started here. */
export function createLogLines(style: Style, now: () => number, hosted = false): Narrator {
  let progressAt = 0;
  let faultLines = 0;
  let faultsPassedOver = 0;
  let statements = 0;
  let metrics: Record<string, number> = {};
  let closing: JsonObject | null = null;
  let queuedSaid = false;
  let standing = 'waiting for the server';

  const line = (at: string, what: string, rest: string) => `${style.dim(at)} ${what} ${rest}`.trimEnd();
  const stamp = () => new Date(now()).toISOString();

  const onEvent = (event: RunEvent): string[] => {
    const kind = kindOf(event);
    if (kind === 'violation') {
      return [line(event.at, style.red('violation'), `event=${event.index} ${detailOf(event)}`)];
    }
    if (kind === 'fault' || event.type === CLOCK_EVENT) {
      faultLines += 1;
      if (faultLines > FAULT_LINES_A_SECOND) {
        faultsPassedOver += 1;
        return [];
      }
      return [line(event.at, style.yellow(event.type), `event=${event.index} ${detailOf(event)}`)];
    }
    if (kind === 'statement') statements += 1;
    const versions = versionsOf(event);
    if (versions.length > 0) {
      return [line(event.at, 'versions', versions.map(([name, version]) => `${name}=${version}`).join(' '))];
    }
    if (event.type === 'end') closing = event.data;
    if (tellsGate(event)) return [line(event.at, 'gate', `event=${event.index} ${gateInShort(event.data)}`)];
    if (tellsRules(event))
      return [line(event.at, 'rules', `event=${event.index} ${rulesInShort(event.data)}`)];
    if (event.type === 'note' || event.type === 'heal')
      return [line(event.at, event.type, `event=${event.index} ${detailOf(event)}`)];
    return [];
  };

  const onHeartbeat = (data: HeartbeatFrame): string[] => {
    if (isQueuedAgain(data)) {
      standing = 'waiting to be executed again';
      return [];
    }
    if (data.status === 'QUEUED') {
      standing = 'waiting for a runner';
      if (queuedSaid) return [];
      queuedSaid = true;
      const who = hosted ? 'its runner, which is being started' : 'a runner; `simcity runner` starts one';
      return [line(stamp(), 'queued', `waiting for ${who}`)];
    }
    metrics = { ...metrics, ...data.metrics };
    // How it ended is told by its end, which knows what kind of an end it is.
    if (isTerminal(data.status)) return [];
    standing = `${data.status} event=${data.eventIndex}`;
    if (now() - progressAt < PROGRESS_EVERY_MS * 0.9) return [];
    progressAt = now();
    const passedOver = faultsPassedOver > 0 ? ` (+${faultsPassedOver} more fault and clock lines)` : '';
    const more = `${statements > 0 ? ` statements=${statements}` : ''}${passedOver}`;
    faultLines = 0;
    faultsPassedOver = 0;
    const head = `${paintOutcome(style, data.status)} event=${data.eventIndex} rate=${Math.round(data.eventsPerSecond)}/s`;
    return [line(stamp(), 'progress', `${head} ${metricsText(metrics, progressMetrics(metrics))}${more}`)];
  };

  return {
    start: (run) => [
      line(run.createdAt, 'run', `${runNameInFull(run)} ${paintOutcome(style, runOutcome(run))}`),
      line(
        run.createdAt,
        'settings',
        settingEntries(run)
          .map(([name, value]) => `${name}=${value.includes(' ') ? JSON.stringify(value) : value}`)
          .join(' '),
      ),
    ],
    frame(frame) {
      if (frame.frame === 'event') return onEvent(frame.data);
      if (frame.frame === 'heartbeat') return onHeartbeat(frame.data);
      if (frame.frame === 'reset') {
        metrics = {};
        statements = 0;
        closing = null;
        return [line(stamp(), style.yellow('reset'), safeText(frame.data.message))];
      }
      if (frame.frame === 'snapshot') metrics = frame.data.metrics;
      return [];
    },
    link(link) {
      if (link.status !== 'reconnecting') return [];
      const pause = `trying again in ${(link.retryInMs / 1000).toFixed(1)} s`;
      return [
        line(
          stamp(),
          style.yellow('reconnecting'),
          `attempt=${link.attempt} ${safeText(link.error)}; ${pause}`,
        ),
      ];
    },
    queuedAgain: (run) => [line(stamp(), style.yellow('queued'), waitingText(run))],
    idle: (silentMs) => [
      line(stamp(), 'idle', `${standing}; nothing new for ${Math.round(silentMs / 1000)} s`),
    ],
    verdict: (run, end, paint) => [
      '',
      ...summaryText(run, end, metrics, paint, closing).trimEnd().split('\n'),
    ],
  };
}
