/** Folds a batch of stream frames into what is known of the run. */
import type { EndFrame, Frame, HeartbeatFrame, RunEvent, Snapshot } from '../../server/contract/index.ts';
import { isTerminal } from '../../server/contract/run-values.ts';
import { isQueuedAgain } from './attempts.ts';
import { chartsOfStart } from './chart-choice.ts';
import { initialData, type RunData } from './run-data.ts';
import { tallyEvents } from './tally.ts';
import { extendTimeline, type Point } from './timeline.ts';

/** Events kept for the log; more than any screen has rows. */
export const EVENTS_KEPT = 500;

/** The data after `frames`, which came at `nowMs` of this machine's clock. */
export function foldFrames(data: RunData, frames: readonly Frame[], nowMs: number): RunData {
  let events: RunEvent[] = [];
  let points: Point[] = [];
  let next = data;
  for (const frame of frames) {
    if (frame.frame === 'event') events.push(frame.data);
    else if (frame.frame === 'snapshot')
      points.push(pointOf(frame.data, events.at(-1) ?? next.events.at(-1)));
    else if (frame.frame === 'heartbeat') next = foldHeartbeat(next, frame.data, nowMs);
    else if (frame.frame === 'skipped') next = foldSkipped(next, frame.data.events);
    else if (frame.frame === 'reset') {
      next = foldReset(next);
      events = [];
      points = [];
    } else next = foldEnd(next, frame.data);
  }
  const folded = foldPoints(foldEvents(next, events), points);
  return folded.eventIndex > data.eventIndex ? { ...folded, grewAtMs: nowMs } : folded;
}

/** What came is not stored any more: as before the first frame, and what the run was read with is as old. */
function foldReset({ run, clockOffsetMs }: RunData): RunData {
  return { ...initialData(run), eventIndex: -1, metrics: {}, startedAtMs: null, clockOffsetMs };
}

function foldHeartbeat(data: RunData, heartbeat: HeartbeatFrame, nowMs: number): RunData {
  const changes: Record<string, number> = {};
  for (const [name, value] of Object.entries(heartbeat.metrics)) {
    changes[name] = value - (data.baseline[name] ?? value);
  }
  const isNewer = heartbeat.eventIndex >= data.metricsIndex && Object.keys(heartbeat.metrics).length > 0;
  return {
    ...data,
    // How a run ended is told by its end alone, which says what kind of an end it is.
    status: data.end?.status ?? (isTerminal(heartbeat.status) ? data.status : heartbeat.status),
    requeues: data.requeues + (data.status !== 'QUEUED' && isQueuedAgain(heartbeat) ? 1 : 0),
    eventIndex: Math.max(data.eventIndex, heartbeat.eventIndex),
    eventsPerSecond: heartbeat.eventsPerSecond,
    metrics: isNewer ? heartbeat.metrics : data.metrics,
    metricsIndex: isNewer ? heartbeat.eventIndex : data.metricsIndex,
    changes,
    reached: heartbeat.reached ?? data.reached,
    baseline: heartbeat.metrics,
    heartbeatAtMs: heartbeat.heartbeatAt === null ? null : Date.parse(heartbeat.heartbeatAt),
    clockOffsetMs: Date.parse(heartbeat.at) - nowMs,
  };
}

function foldSkipped(data: RunData, events: number): RunData {
  return { ...data, tally: { ...data.tally, passedOver: data.tally.passedOver + events } };
}

function foldEvents(data: RunData, events: readonly RunEvent[]): RunData {
  const last = events.at(-1);
  if (last === undefined) return data;
  const first = events[0];
  return {
    ...data,
    eventIndex: Math.max(data.eventIndex, last.index),
    events: newestOf(data.events, events),
    tally: tallyEvents(data.tally, events),
    charts: data.charts ?? (first?.type === 'start' ? chartsOfStart(first.data) : null),
    violation: data.violation ?? events.find((event) => event.type === 'violation') ?? null,
    startedAtMs: data.startedAtMs ?? (first?.index === 0 ? Date.parse(first.at) : null),
  };
}

function newestOf(known: readonly RunEvent[], added: readonly RunEvent[]): readonly RunEvent[] {
  if (added.length >= EVENTS_KEPT) return added.slice(-EVENTS_KEPT);
  return [...known.slice(added.length - EVENTS_KEPT), ...added];
}

/** A snapshot comes right after its event, or after the newest that a thin link has. Its metrics are read when they are asked for. */
function pointOf(snapshot: Snapshot, event: RunEvent | undefined): Point {
  return {
    index: snapshot.index,
    virtualMs: event?.virtualMs ?? 0,
    get metrics() {
      return snapshot.metrics;
    },
  };
}

function foldPoints(data: RunData, points: readonly Point[]): RunData {
  const last = points.at(-1);
  if (last === undefined) return data;
  const isNewer = last.index >= data.metricsIndex;
  return {
    ...data,
    timeline: extendTimeline(data.timeline, points),
    metrics: isNewer ? last.metrics : data.metrics,
    metricsIndex: isNewer ? last.index : data.metricsIndex,
  };
}

function foldEnd(data: RunData, end: EndFrame): RunData {
  return {
    ...data,
    end,
    status: end.status,
    eventIndex: Math.max(data.eventIndex, end.eventIndex),
    eventsPerSecond: 0,
  };
}
