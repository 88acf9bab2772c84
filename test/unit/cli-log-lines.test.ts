import { describe, expect, test } from 'vitest';
import { createLogLines } from '../../cli/output/log-lines.ts';
import { styleFor } from '../../cli/output/style.ts';
import { exitCodeOf, summaryText } from '../../cli/output/verdict.ts';
import { endFrame, heartbeat, historyFrames, recordedRun, violationEvent } from '../helpers/recorded-run.ts';

const plain = styleFor(false);

function linesOf(nowMs: { value: number }) {
  return createLogLines(plain, () => nowMs.value);
}

describe('log lines', () => {
  test('every line starts with its time and none has an escape code', () => {
    const now = { value: Date.parse('2025-11-22T20:00:01.000Z') };
    const lines = linesOf(now);
    const hostile = { ...violationEvent(9), data: { invariant: 'x', message: '\u001b[2Jgone' } };
    const all = [
      ...lines.start(recordedRun()),
      ...lines.frame(heartbeat(8)),
      ...lines.frame({ frame: 'event', data: hostile }),
      ...lines.link({ state: 'reconnecting', attempt: 2, error: 'connection refused', retryInMs: 800 }),
    ];
    expect(all).toHaveLength(5);
    for (const line of all) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z [^\u001b]+$/);
    expect(all[3]).toContain('␛[2Jgone');
    expect(all[4]).toContain('reconnecting attempt=2 connection refused; trying again in 0.8 s');
  });

  test('the plan holds the seed and every default', () => {
    const [, plan] = linesOf({ value: 0 }).start(recordedRun());
    for (const part of ['seed=42', 'operations=2000', 'citizens=40', 'faults=rough', 'snapshot-every=10']) {
      expect(plan).toContain(part);
    }
  });

  test('thousands of events make a few lines', () => {
    const now = { value: 0 };
    const lines = linesOf(now);
    const printed = [...historyFrames(0, 5_000)].flatMap((frame) => lines.frame(frame));
    expect(printed.length).toBeLessThanOrEqual(5);
    now.value = 2_000;
    const [progress] = lines.frame(heartbeat(5_000));
    expect(progress).toMatch(/progress RUNNING event=5000 rate=1482\/s bookings=\d+ .*more fault lines/);
  });

  test('progress comes once a second', () => {
    const now = { value: 5_000 };
    const lines = linesOf(now);
    expect(lines.frame(heartbeat(1))).toHaveLength(1);
    now.value += 100;
    expect(lines.frame(heartbeat(2))).toHaveLength(0);
    now.value += 1_000;
    expect(lines.frame(heartbeat(3))).toHaveLength(1);
  });
});

describe('the verdict', () => {
  test('a failure ends with the command that reproduces it', () => {
    const text = summaryText(recordedRun(), endFrame(902, 'FAIL').data, { bookings: 3 }, plain);
    expect(text).toContain('FAIL  bookings@postgres  seed 42');
    expect(text).toContain('event 901: Slot slot-003 holds 21 active bookings');
    expect(text).toContain(
      'reproduce: simcity run bookings --target postgres --seed 42 --bug check-then-insert',
    );
  });

  test('exit codes follow the table', () => {
    expect(exitCodeOf(endFrame(1, 'PASS').data)).toBe(0);
    expect(exitCodeOf(endFrame(1, 'FAIL').data)).toBe(1);
    expect(exitCodeOf(endFrame(1, 'STOPPED').data)).toBe(3);
    const lost = endFrame(1, 'FAIL').data;
    for (const kind of ['harness-lost', 'harness-crash'] as const) {
      const failure = lost.failure ? { ...lost.failure, kind } : null;
      expect(exitCodeOf({ ...lost, failure })).toBe(4);
    }
  });
});
