import { describe, expect, test } from 'vitest';
import type { Intent } from '../../cli/tui/input/intents.ts';
import { EVENTS_KEPT } from '../../cli/tui/state/fold-frames.ts';
import { type Action, reduce } from '../../cli/tui/state/reducer.ts';
import {
  elapsedMs,
  eventsBehind,
  failureOf,
  heartbeatAgeMs,
  metricRows,
  shown,
} from '../../cli/tui/state/selectors.ts';
import { type InitialState, initialState, type State } from '../../cli/tui/state/state.ts';
import {
  EMPTY_TIMELINE,
  extendTimeline,
  mergePast,
  POINTS_KEPT,
  risesOf,
  samplePoints,
} from '../../cli/tui/state/timeline.ts';
import type { Frame } from '../../server/contract/index.ts';
import {
  endFrame,
  heartbeat,
  historyFrames,
  recordedMetrics,
  recordedRun,
  violationEvent,
} from '../helpers/recorded-run.ts';

const NOW = 1_000_000;

function start(changes: Partial<InitialState> = {}): State {
  const size = { columns: 80, rows: 24 };
  return initialState({
    run: recordedRun(),
    size,
    nowMs: NOW,
    owns: true,
    hosted: false,
    exitOnEnd: false,
    ...changes,
  });
}

const frames = (...list: Frame[]): Action => ({ type: 'frames', frames: list, nowMs: NOW });
const play = (state: State, ...actions: (Action | Intent)[]) =>
  actions.reduce(
    (current, action) =>
      reduce(current, typeof action === 'string' ? { type: 'intent', intent: action } : action),
    state,
  );

describe('frames', () => {
  test('events, snapshots and heartbeats become what is shown', () => {
    const { data } = play(start(), frames(...historyFrames(0, 100), heartbeat(104)));
    expect(data.eventIndex).toBe(104);
    expect(data.events).toHaveLength(101);
    expect(data.metrics).toEqual(recordedMetrics(104));
    expect(data.timeline.points).toHaveLength(11);
    expect(data.eventsPerSecond).toBe(1482);
  });

  test('old history does not overwrite newer metrics', () => {
    const { data } = play(start(), frames(heartbeat(500)), frames(...historyFrames(0, 100)));
    expect(data.metrics).toEqual(recordedMetrics(500));
    expect(data.eventIndex).toBe(500);
  });

  test('what a thin link passed over is counted, and told apart from what was counted', () => {
    const skipped: Frame = { frame: 'skipped', data: { from: 0, to: 79, events: 80 } };
    const { data } = play(start(), frames(skipped, ...historyFrames(80, 100)));
    expect(data.eventIndex).toBe(100);
    expect(data.tally).toMatchObject({ passedOver: 80, since: 80 });
    expect(data.events).toHaveLength(21);
  });

  test('changes are told between heartbeats', () => {
    const state = play(start(), frames(heartbeat(90)), frames(heartbeat(180)));
    const cancellations = metricRows(state.data).find(({ name }) => name === 'cancellations');
    expect(cancellations).toEqual({ name: 'cancellations', value: 20, change: 10 });
  });

  test('memory stays flat over a long run', () => {
    let state = start();
    for (let from = 0; from < 60_000; from += 1_000) {
      state = play(state, frames(...historyFrames(from, from + 999)));
    }
    expect(state.data.events).toHaveLength(EVENTS_KEPT);
    expect(state.data.timeline.points.length).toBeLessThanOrEqual(POINTS_KEPT);
    expect(state.data.events.at(-1)?.index).toBe(59_999);
  });

  test('a violation shows before the verdict, and the verdict completes it', () => {
    const broken = play(start(), frames({ frame: 'event', data: violationEvent(7) }));
    expect(failureOf(broken.data)).toMatchObject({ invariant: 'no-overbooking', eventIndex: 7 });
    const ended = play(broken, frames(endFrame(8, 'FAIL')));
    expect(failureOf(ended.data)).toMatchObject({ reproduce: expect.stringContaining('--seed 42') });
    expect(ended.data.status).toBe('FAIL');
    expect(ended.leaving).toBeNull();
  });

  test('a late heartbeat does not undo the end', () => {
    const state = play(start(), frames(endFrame(8, 'PASS')), frames(heartbeat(8, 'RUNNING')));
    expect(state.data.status).toBe('PASS');
    expect(elapsedMs(state)).toBeCloseTo(12_408);
    expect(heartbeatAgeMs(state)).toBeNull();
  });

  test('times follow the clock of the server, however wrong this one is', () => {
    const state = play(start(), frames(...historyFrames(0, 10), heartbeat(100)));
    expect(elapsedMs(state)).toBe(100 * 8 + 300);
    expect(heartbeatAgeMs(state)).toBe(300);
    expect(heartbeatAgeMs(play(state, { type: 'tick', nowMs: NOW + 2_000 }))).toBe(2_300);
  });
});

describe('keys', () => {
  test('pause freezes the picture while the run goes on', () => {
    const paused = play(start(), frames(heartbeat(50)), 'toggle-pause', frames(heartbeat(80)));
    expect(shown(paused).eventIndex).toBe(50);
    expect(eventsBehind(paused)).toBe(30);
    expect(shown(play(paused, 'toggle-pause')).eventIndex).toBe(80);
  });

  test('a stop is sent only after a yes', () => {
    const asked = play(start(), 'ask-stop');
    expect(asked).toMatchObject({ overlay: 'confirm-stop', stopRequested: false });
    expect(play(asked, 'dismiss')).toMatchObject({ overlay: null, stopRequested: false });
    expect(play(asked, 'confirm')).toMatchObject({ overlay: null, stopRequested: true, leaveAtEnd: false });
  });

  test('an ended run is not stopped', () => {
    const state = play(start(), frames(endFrame(8, 'PASS')), 'ask-stop');
    expect(state).toMatchObject({ overlay: null, notice: 'The run has ended already.' });
  });

  test('a question goes away when the run ends by itself', () => {
    expect(play(start(), 'ask-stop', frames(endFrame(8, 'PASS'))).overlay).toBeNull();
  });

  test('a stop that failed can be asked for again', () => {
    const failed = play(start(), 'ask-stop', 'confirm', { type: 'stop-failed', text: 'no way' });
    expect(failed).toMatchObject({ stopRequested: false, notice: 'no way' });
  });

  test('q leaves, but asks first when leaving would stop the run', () => {
    expect(play(start(), 'quit').leaving).toBe('quit');
    const asked = play(start({ hosted: true }), 'quit');
    expect(asked).toMatchObject({ leaving: null, overlay: 'confirm-quit' });
    const stopping = play(asked, 'confirm');
    expect(stopping).toMatchObject({ stopRequested: true, leaving: null });
    expect(play(stopping, frames(endFrame(8, 'STOPPED'))).leaving).toBe('quit');
  });

  test('q closes the help first', () => {
    const state = play(start(), 'toggle-help', 'quit');
    expect(state).toMatchObject({ overlay: null, leaving: null });
  });

  test('the first Ctrl-C of run stops, the second leaves at once; in watch it only leaves', () => {
    const first = play(start(), 'interrupt');
    expect(first).toMatchObject({ stopRequested: true, leaving: null });
    expect(first.notice).toContain('again leaves at once');
    expect(play(first, 'interrupt').leaving).toBe('interrupt');
    const watching = play(start({ owns: false }), 'interrupt');
    expect(watching).toMatchObject({ stopRequested: false, leaving: 'interrupt' });
  });

  test('with --exit-on-end the verdict is the end', () => {
    expect(play(start({ exitOnEnd: true }), frames(endFrame(8, 'PASS'))).leaving).toBe('quit');
  });
});

describe('the timeline', () => {
  const points = (from: number, to: number, step: number) =>
    Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => ({
      index: from + i * step,
      metrics: { bookings: from + i * step },
    }));

  test('keeps the first and the newest point and the shape between', () => {
    const timeline = points(0, 999_990, 10).reduce(
      (all, point) => extendTimeline(all, [point]),
      EMPTY_TIMELINE,
    );
    expect(timeline.points.length).toBeLessThanOrEqual(POINTS_KEPT);
    const sampled = samplePoints(timeline, 50);
    expect(sampled).toHaveLength(50);
    expect(sampled[0]?.index).toBe(0);
    expect(sampled.at(-1)?.index).toBe(999_990);
    const gaps = sampled.slice(1).map((point, i) => point.index - (sampled[i]?.index ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(3 * (999_990 / 49));
  });

  test('the past that was fetched goes before what was streamed, once', () => {
    const streamed = extendTimeline(EMPTY_TIMELINE, points(500, 600, 10));
    const whole = mergePast(streamed, points(0, 520, 20));
    expect(whole.points.map(({ index }) => index)).toEqual([
      ...points(0, 480, 20).map(({ index }) => index),
      ...points(500, 600, 10).map(({ index }) => index),
    ]);
  });

  test('repeated and late points change nothing', () => {
    const timeline = extendTimeline(EMPTY_TIMELINE, points(0, 100, 10));
    expect(extendTimeline(timeline, points(0, 100, 10))).toBe(timeline);
  });

  test('rises of a counter are what came to it between two points', () => {
    const counted = [0, 3, 3, 8].map((faults, i) => ({ index: i * 10, metrics: { faults } }));
    expect(risesOf(counted, 'faults')).toEqual([0, 3, 0, 5]);
  });
});
