/** A recorded failure to go with the recorded run: its bundle, and the city at any event. The same every time. */
import type {
  CityState,
  EndFrame,
  Forensic,
  Interval,
  LostAttempt,
  Run,
} from '../../server/contract/index.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { recordedEvent, recordedMetrics, recordedRun } from './recorded-run.ts';

function interval(
  operation: number,
  actor: string,
  call: string,
  outcome: Interval['outcome'],
  answer: unknown,
  from: number,
  to: number | null,
): Interval {
  return {
    operation,
    actor,
    call: { operation: call, slot: 'slot-003', key: `k-${operation}` },
    outcome,
    answer,
    invokedIndex: from,
    completedIndex: to,
    invokedMs: from * 8.25,
    completedMs: to === null ? null : to * 8.25,
  };
}

/** A bundle of a failure at event 900 with everything in it. */
export function recordedForensic(changes: Partial<Forensic> = {}): Forensic {
  return {
    version: 1,
    kind: 'invariant',
    invariant: 'no-overbooking',
    message: 'Slot slot-003 holds 21 active bookings but has room for 20.',
    eventIndex: 900,
    virtualMs: 7_425,
    operation: { op: 450, operation: 'book', slot: 'slot-003', actor: 'citizen-010', key: 'k-450' },
    actual: { booking: 'b-121' },
    expected: [{ refused: 'slot-full' }],
    object: 'slot-003',
    history: [
      interval(441, 'citizen-019', 'book', 'ok', { booking: 'b-119' }, 880, 884),
      interval(444, 'citizen-005', 'cancel', 'unknown', { cause: 'drop-response' }, 885, 893),
      interval(446, 'citizen-022', 'book', 'ok', { booking: 'b-120' }, 889, 896),
      interval(448, 'citizen-016', 'book', 'refused', { reason: 'slot-full' }, 894, 898),
      interval(450, 'citizen-010', 'book', 'ok', { booking: 'b-121' }, 895, 900),
      interval(452, 'citizen-033', 'read', 'pending', null, 899, null),
    ],
    lastEvents: Array.from({ length: 50 }, (_, i) => ({ ...recordedEvent(851 + i) })),
    city: recordedCity(900).slots.map(({ uncertain: _, ...slot }) => slot),
    difference: ['the target has booking b-121 of citizen-010 in slot-003; the model has none'],
    faultsActive: ['drop-response 0.04', 'delay 0.06'],
    seed: 42,
    config: { ...runConfigSchema.parse({}) },
    versions: { simcity: '0.1.0', node: '24.0.0', postgres: '18.1' },
    reproduce: 'npx simcity run --seed 42 --bug check-then-insert',
    smallest: null,
    ...changes,
  };
}

/** The diagnosis of a run whose harness was lost after event 900: nothing of the service under test is in it. */
export function recordedDiagnosis(changes: Partial<Forensic> = {}): Forensic {
  return recordedForensic({
    kind: 'harness-lost',
    invariant: 'harness-alive',
    message: 'The harness was lost: runner runner-1 has not renewed its lease for 30 s.',
    ...{ eventIndex: null, virtualMs: null, operation: null, actual: null, expected: null },
    ...{ object: null, history: [], city: null, difference: [], faultsActive: [] },
    reproduce: 'npx simcity run --seed 42',
    process: {
      exitCode: null,
      signal: 'SIGKILL',
      spawnError: null,
      stdout: [],
      stderr: ['one of the last lines', 'the last line that it printed'],
      droppedBytes: 0,
    },
    ...changes,
  });
}

/** The diagnosis of a run whose adapter threw when it mapped event 900's call. */
export function adapterDiagnosis(changes: Partial<Forensic> = {}): Forensic {
  return recordedDiagnosis({
    kind: 'adapter-error',
    invariant: 'adapter-works',
    message:
      "my-adapter.ts:41:17: perform threw TypeError: Cannot read properties of undefined (reading 'id')",
    process: null,
    ...changes,
  });
}

/** An attempt that was lost. */
export function lostAttempt(attempt: number, eventIndex: number, reason = 'harness-lost'): LostAttempt {
  return { attempt, runner: `runner-${attempt}`, lostAt: '2025-11-22T20:00:40.000Z', eventIndex, reason };
}

/** A run that ended with this diagnosis after event 901. */
export function diagnosedRun(failForensic: Forensic, changes: Partial<Run> = {}): Run {
  const run = recordedRun();
  return {
    ...run,
    status: 'STOPPED',
    failForensic,
    durationSecondsActual: 12.408,
    stopReason: failForensic.kind,
    live: { ...run.live, status: 'STOPPED', eventIndex: 901 },
    ...changes,
  };
}

/** The end of such a run. */
export function diagnosedEnd({ failForensic, ...run }: Run): { frame: 'end'; data: EndFrame } {
  if (failForensic === null) throw new Error('the run has no diagnosis');
  const { kind, invariant, message, eventIndex, reproduce } = failForensic;
  return {
    frame: 'end',
    data: {
      ...{ status: 'STOPPED', pass: null, eventIndex: run.live.eventIndex },
      durationSecondsActual: 12.408,
      stopReason: run.stopReason,
      failure: { kind, invariant, message, eventIndex, reproduce },
    },
  };
}

/** Twelve slots that fill, empty and close as the run goes on. */
export function recordedCity(index: number): CityState {
  return {
    index,
    virtualMs: index * 8.25,
    metrics: recordedMetrics(index),
    slots: Array.from({ length: 12 }, (_, i) => {
      const capacity = 2 + (i % 4);
      const taken = (Math.floor(index / 50) + i * 3) % (capacity + 1);
      return {
        id: `slot-${String(i).padStart(3, '0')}`,
        capacity,
        open: (index + i) % 11 !== 0,
        bookings: Array.from({ length: taken }, (__, b) => ({ id: `b-${i}${b}`, citizen: `citizen-00${b}` })),
        uncertain: i % 5 === 0 ? 1 : 0,
      };
    }),
  };
}
