/** A short recorded run of `bookings`: its row and its frames, the same every time. */
import type { EndFrame, Frame, Run, RunEvent, Snapshot } from '../../server/contract/index.ts';
import { ENGINE_GENERATION, passOf, runConfigSchema } from '../../server/contract/index.ts';

export const RUN_ID = '0198c2d4-1b2c-7d3e-8f4a-5b6c7d8e7f3c';
const START_MS = Date.parse('2025-11-22T20:00:00.000Z');

/** A run as the API tells it. */
export function recordedRun(changes: Partial<Run> = {}): Run {
  return {
    id: RUN_ID,
    number: 12,
    scenario: 'bookings',
    target: 'postgres',
    seed: 42,
    config: runConfigSchema.parse({}),
    status: 'RUNNING',
    pass: null,
    failForensic: null,
    durationSecondsActual: null,
    createdAt: at(-500),
    startedAt: at(0),
    endedAt: null,
    stopRequestedAt: null,
    stopReason: null,
    runner: 'runner-1',
    campaign: null,
    generation: ENGINE_GENERATION,
    version: '0.2.0',
    lostAttempts: [],
    live: { status: 'RUNNING', eventIndex: -1, metrics: {}, eventsPerSecond: 0, heartbeatAt: null },
    ...changes,
  };
}

function at(ms: number): string {
  return new Date(START_MS + ms).toISOString();
}

const OPERATIONS = ['book', 'cancel', 'book', 'read', 'book', 'list', 'book', 'cancel'];

/** The event with this index. */
export function recordedEvent(index: number): RunEvent {
  const base = { index, at: at(index * 8), virtualMs: index * 8.25 };
  if (index === 0) return { ...base, type: 'start', actor: 'city', data: { seed: 42 } };
  const op = Math.ceil(index / 2);
  if (index % 37 === 0) {
    return { ...base, type: 'fault', actor: 'chaos', data: { name: 'drop-response', op } };
  }
  const operation = OPERATIONS[op % OPERATIONS.length] ?? 'book';
  const phase = index % 2 === 1 ? 'invoke' : op % 7 === 0 ? 'refused' : op % 31 === 0 ? 'unknown' : 'ok';
  const data: Record<string, unknown> = { op, slot: `slot-${String((op * 5) % 12).padStart(3, '0')}` };
  if (phase === 'ok') data['latencyMs'] = ((op * 13) % 70) / 10;
  if (phase === 'refused') data['reason'] = 'slot-full';
  if (phase === 'unknown') data['cause'] = 'drop-response';
  return {
    ...base,
    type: `${operation}.${phase}`,
    actor: `citizen-${String((op * 17) % 40).padStart(3, '0')}`,
    data,
  };
}

/** The metrics after the event with this index. */
export function recordedMetrics(index: number): Record<string, number> {
  const bookings = Math.round(60 + 50 * Math.sin(index / 90) + index / 40);
  return {
    bookings,
    cancellations: Math.floor(index / 9),
    slots_available: 240 - bookings,
    operations: Math.ceil(index / 2),
    ok: Math.floor(index / 2.4),
    refused: Math.floor(index / 14),
    unknown: Math.floor(index / 62),
    retries: Math.floor(index / 60),
    in_flight: index % 8,
    faults: Math.floor(index / 37),
    p50_latency_ms: 1.4,
    p95_latency_ms: 5.2,
    p99_latency_ms: 6.9,
  };
}

function snapshot(index: number): Snapshot {
  return { index, at: at(index * 8), metrics: recordedMetrics(index) };
}

/** The heartbeat after the event with this index. */
export function heartbeat(index: number, status: Run['status'] = 'RUNNING'): Frame {
  return {
    frame: 'heartbeat',
    data: {
      at: at(index * 8 + 300),
      status,
      eventIndex: index,
      metrics: recordedMetrics(index),
      eventsPerSecond: 1482,
      heartbeatAt: at(index * 8),
    },
  };
}

/** Events `from` to `to` with a snapshot each ten. */
export function historyFrames(from: number, to: number): Frame[] {
  const frames: Frame[] = [];
  for (let index = from; index <= to; index++) {
    frames.push({ frame: 'event', data: recordedEvent(index) });
    if (index % 10 === 0) frames.push({ frame: 'snapshot', data: snapshot(index) });
  }
  return frames;
}

const REPRODUCE = 'simcity run bookings --target postgres --seed 42 --bug check-then-insert';
const MESSAGE = 'Slot slot-003 holds 21 active bookings but has room for 20.';

/** The event of a violation. */
export function violationEvent(index: number): RunEvent {
  return {
    index,
    at: at(index * 8),
    virtualMs: index * 8.25,
    type: 'violation',
    actor: 'city',
    data: { kind: 'invariant', invariant: 'no-overbooking', message: MESSAGE, expected: 20, actual: 21 },
  };
}

/** The end of a run whose last event has this index. */
export function endFrame(index: number, status: EndFrame['status']): Extract<Frame, { frame: 'end' }> {
  return {
    frame: 'end',
    data: {
      status,
      pass: passOf(status),
      eventIndex: index,
      durationSecondsActual: 12.408,
      stopReason: status === 'STOPPED' ? 'stopped from mission control' : null,
      failure:
        status === 'FAIL'
          ? {
              kind: 'invariant',
              invariant: 'no-overbooking',
              message: MESSAGE,
              eventIndex: index - 1,
              reproduce: REPRODUCE,
            }
          : null,
    },
  };
}
