/** A run as sentences about what changes, for screen readers: no columns, no colours, no repetition. */
import {
  type EndFrame,
  type Frame,
  type HeartbeatFrame,
  isTerminal,
  type JsonObject,
  type Outcome,
  type Run,
  type RunEvent,
} from '../../server/contract/index.ts';
import { attemptText, isQueuedAgain, waitingText } from '../run/attempts.ts';
import { closingLines } from '../run/closing.ts';
import { detailOf } from '../run/describe-event.ts';
import { versionsOf } from '../run/engine-text.ts';
import { formatNumber, formatSeconds } from '../run/format.ts';
import { gateInShort, tellsGate } from '../run/gate.ts';
import { endingOf, isLoss, LOSS_SAYS } from '../run/outcome.ts';
import { proofLines } from '../run/proof.ts';
import { rulesInShort, tellsRules } from '../run/rules.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { settingEntries } from '../run/setting-entries.ts';
import type { Narrator } from './narrator.ts';

/** Progress is told that seldom: it is listened to. */
const PROGRESS_EVERY_MS = 5_000;

const TOLD: [metric: string, one: string, many: string][] = [
  ['operations', 'operation', 'operations'],
  ['bookings', 'active booking', 'active bookings'],
  ['cancellations', 'cancellation', 'cancellations'],
  ['slots_available', 'place free', 'places free'],
  ['refused', 'refusal', 'refusals'],
  ['unknown', 'unknown outcome', 'unknown outcomes'],
  ['faults', 'fault', 'faults'],
];

const OUTCOME_SENTENCES: Record<Outcome, string> = {
  QUEUED: 'The run waits for a runner.',
  RUNNING: 'The run is under way.',
  STOPPING: 'The run is being stopped.',
  PASS: 'The run has passed.',
  FAIL: 'The run has failed.',
  STOPPED: 'The run was stopped.',
  ...LOSS_SAYS,
};

/** `now` is wall time in ms. */
export function createSentences(now: () => number): Narrator {
  const startedMs = now();
  let toldAt = startedMs;
  let closing: JsonObject | null = null;
  let status: HeartbeatFrame['status'] | null = null;
  let told: Record<string, number> = {};
  let newest: Record<string, number> = {};
  const faults = new Map<string, number>();

  const progress = (): string[] => {
    const changed = TOLD.filter(([name]) => newest[name] !== undefined && newest[name] !== told[name]);
    const parts = changed.map(([name, one, many]) => counted(newest[name] ?? 0, one, many));
    const since = [...faults].map(([name, times]) => (times === 1 ? name : `${name} ${times} times`));
    if (parts.length === 0 && since.length === 0) return [];
    toldAt = now();
    told = { ...newest };
    faults.clear();
    const struck = since.length === 0 ? '' : ` Faults since then: ${listed(since)}.`;
    return [`After ${formatSeconds((toldAt - startedMs) / 1000)}: ${listed(parts)}.${struck}`];
  };

  const onHeartbeat = (data: HeartbeatFrame): string[] => {
    newest = { ...newest, ...data.metrics };
    const lines: string[] = [];
    if (data.status !== status) {
      status = data.status;
      // How it ended is told by its end, which knows what kind of an end it is.
      if (!isQueuedAgain(data) && !isTerminal(status)) lines.push(OUTCOME_SENTENCES[status]);
    }
    if (now() - toldAt >= PROGRESS_EVERY_MS) lines.push(...progress());
    return lines;
  };

  const onEvent = (event: RunEvent): string[] => {
    if (event.type === 'fault') {
      const name = safeText(String(event.data['name'] ?? 'a fault'));
      faults.set(name, (faults.get(name) ?? 0) + 1);
    }
    if (event.type === 'violation') {
      return [`Violation at event ${formatNumber(event.index)}: ${detailOf(event)}`];
    }
    const versions = versionsOf(event).map(([name, version]) => `${name} ${version}`);
    if (versions.length > 0) return [`It is executed by ${listed(versions)}.`];
    if (event.type === 'end') closing = event.data;
    if (tellsGate(event)) return [`The gate before its database: ${gateInShort(event.data)}.`];
    if (tellsRules(event)) return [`The rules of the service: ${rulesInShort(event.data)}.`];
    return event.type === 'note' ? [noteSentence(event)] : [];
  };

  return {
    start: (run) => [`This is run number ${run.number}, ${run.id}. ${settingsSentence(run)}`],
    frame(frame: Frame) {
      if (frame.frame === 'event') return onEvent(frame.data);
      if (frame.frame === 'heartbeat') return onHeartbeat(frame.data);
      if (frame.frame === 'reset') {
        newest = {};
        told = {};
        faults.clear();
        closing = null;
        return [safeText(frame.data.message)];
      }
      if (frame.frame === 'snapshot') newest = frame.data.metrics;
      return [];
    },
    link(link) {
      if (link.status !== 'reconnecting') return [];
      return [`The connection was lost: ${safeText(link.error)}. Connecting again, attempt ${link.attempt}.`];
    },
    queuedAgain: (run) => [`The run was lost, and is ${waitingText(run)}.`],
    idle: (silentMs) => [`Nothing has changed for ${Math.round(silentMs / 1000)} seconds.`],
    verdict: (run, end) => [
      ...progress(),
      `${OUTCOME_SENTENCES[endingOf(end)]} It took ${formatSeconds(end.durationSecondsActual)} and ${counted(end.eventIndex + 1, 'event', 'events')}.`,
      ...(end.status === 'PASS' ? closingLines(closing) : proofLines(closing)).map(sentenceOf),
      ...causeSentences(run, end),
      // The reason of a loss is its diagnosis.
      ...(end.stopReason === null || isLoss(endingOf(end))
        ? []
        : [`The reason: ${safeText(end.stopReason)}.`]),
      ...attemptSentences(run),
    ],
  };
}

function noteSentence(event: RunEvent): string {
  const { what, phase, operation } = event.data;
  if (what === 'phase')
    return `At operation ${safeText(String(operation))} the phase ${safeText(String(phase))} begins.`;
  return `Note: ${detailOf(event)}`;
}

/** `not tested: keys` as a sentence. */
function sentenceOf(line: string): string {
  const text = line.trim().replace(/\.$/, '');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** What broke, or what went wrong with the run itself. */
function causeSentences(run: Run, end: EndFrame): string[] {
  const { failure } = end;
  if (failure === null) return [];
  const message = safeLines(failure.message);
  const command = safeText(failure.reproduce);
  const [what, again] = isLoss(endingOf(end))
    ? [`What went wrong: ${message}`, `To run it again: ${command}`]
    : [`What broke is ${safeText(failure.invariant)}: ${message}`, `To reproduce it: ${command}`];
  return [what, again, `For all that is known: simcity forensic ${run.number}`];
}

function attemptSentences(run: Run): string[] {
  const attempt = attemptText(run);
  return attempt === null ? [] : [`This was ${safeText(attempt)}.`];
}

function settingsSentence(run: Run): string {
  return `The settings: ${settingEntries(run)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}.`;
}

function counted(value: number, one: string, many: string): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
