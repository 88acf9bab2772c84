import { describe, expect, test } from 'vitest';
import { forensicText } from '../../cli/output/forensic.ts';
import { createLogLines } from '../../cli/output/log-lines.ts';
import { createSentences } from '../../cli/output/sentences.ts';
import { styleFor } from '../../cli/output/style.ts';
import { exitCodeOf, summaryText } from '../../cli/output/verdict.ts';
import {
  adapterDiagnosis,
  diagnosedEnd,
  diagnosedRun,
  lostAttempt,
  recordedDiagnosis,
} from '../helpers/recorded-failure.ts';
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
      ...lines.link({ status: 'reconnecting', attempt: 2, error: 'connection refused', retryInMs: 800 }),
    ];
    expect(all).toHaveLength(5);
    for (const line of all) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z [^\u001b]+$/);
    expect(all[3]).toContain('␛[2Jgone');
    expect(all[4]).toContain('reconnecting attempt=2 connection refused; trying again in 0.8 s');
  });

  test('the settings hold the seed and every default', () => {
    const [, settings] = linesOf({ value: 0 }).start(recordedRun());
    for (const part of ['seed=42', 'operations=2000', 'citizens=40', 'faults=rough', 'snapshot-every=10']) {
      expect(settings).toContain(part);
    }
  });

  test('thousands of events make a few lines', () => {
    const now = { value: 0 };
    const lines = linesOf(now);
    const printed = [...historyFrames(0, 5_000)].flatMap((frame) => lines.frame(frame));
    expect(printed.length).toBeLessThanOrEqual(5);
    now.value = 2_000;
    const [progress] = lines.frame(heartbeat(5_000));
    expect(progress).toMatch(
      /progress RUNNING event=5000 rate=1482\/s bookings=\d+ .*more fault and clock lines/,
    );
  });

  test('a move of the clock is a line, and says where to', () => {
    const data = { byMs: 601_250, nowMs: Date.UTC(2026, 0, 1, 0, 10, 1, 250) };
    const moved = { ...violationEvent(9), type: 'clock', data };
    const [line] = linesOf({ value: 0 }).frame({ frame: 'event', data: moved });
    expect(line).toContain('clock event=9 the clock moves on by 601.25 s, to 2026-01-01 00:10:01.250 UTC');
  });

  test('a run that waits to be executed again is no silent one', () => {
    const now = { value: 5_000 };
    const lines = linesOf(now);
    lines.frame(heartbeat(1_204));
    expect(lines.frame(heartbeat(1_204, 'QUEUED'))).toEqual([]);
    expect(lines.idle(5_000)).toEqual([
      '1970-01-01T00:00:05.000Z idle waiting to be executed again; nothing new for 5 s',
    ]);
    expect(lines.queuedAgain(recordedRun({ lostAttempts: [lostAttempt(1, 1_204)] }))).toEqual([
      '1970-01-01T00:00:05.000Z queued waiting to be executed again (attempt 2 of 3)',
    ]);
    now.value = 7_000;
    expect(lines.frame(heartbeat(1_204))[0]).toContain('progress RUNNING event=1204');
  });

  test('how a run ended is told by its end alone', () => {
    expect(linesOf({ value: 5_000 }).frame(heartbeat(9, 'STOPPED'))).toEqual([]);
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
    for (const kind of ['harness-lost', 'out-of-memory', 'harness-crash', 'timeout'] as const) {
      expect(exitCodeOf(diagnosedEnd(diagnosedRun(recordedDiagnosis({ kind }))).data)).toBe(4);
    }
    expect(exitCodeOf(diagnosedEnd(diagnosedRun(adapterDiagnosis())).data)).toBe(2);
  });

  test('code under test that ended the harness has failed', () => {
    const end = endFrame(1, 'FAIL').data;
    for (const kind of ['harness-crash', 'timeout'] as const) {
      const failure = end.failure && { ...end.failure, kind };
      expect(exitCodeOf({ ...end, failure })).toBe(1);
      expect(summaryText(recordedRun(), { ...end, failure }, {}, plain)).toMatch(/^FAIL {2}/);
    }
  });

  test('a lost run names the kind instead of an invariant, and says that it says nothing', () => {
    const run = diagnosedRun(recordedDiagnosis());
    const text = summaryText(run, diagnosedEnd(run).data, {}, plain);
    expect(text.split('\n').slice(0, 5)).toEqual([
      'LOST  bookings@postgres  seed 42  902 events in 12.4 s  harness-lost',
      '  The harness was lost: runner runner-1 has not renewed its lease for 30 s.',
      '  The run was lost. This says nothing about the service under test.',
      '  run again: npx simcity run --seed 42',
      `  diagnosis: simcity forensic ${run.number}`,
    ]);
    const red = summaryText(run, diagnosedEnd(run).data, {}, styleFor(true));
    expect(red).not.toContain('\u001b[31m');
    expect(red).toContain('\u001b[33mLOST');
  });

  test('an adapter error says where it is', () => {
    const run = diagnosedRun(adapterDiagnosis());
    const text = summaryText(run, diagnosedEnd(run).data, {}, plain);
    expect(text).toMatch(
      /^ADAPTER ERROR {2}bookings@postgres {2}.* {2}adapter-error\n {2}my-adapter\.ts:41:17: /,
    );
  });

  test('attempts that were lost are told quietly', () => {
    const run = recordedRun({ lostAttempts: [lostAttempt(1, 1_204)] });
    expect(summaryText(run, endFrame(9, 'PASS').data, {}, plain)).toContain(
      '\n  attempt 2 (the first was lost at event 1,204: harness-lost)\n',
    );
    expect(summaryText(recordedRun(), endFrame(9, 'PASS').data, {}, plain)).not.toContain('attempt');
  });

  test('a diagnosis is shown, not obeyed', () => {
    const evil = '\u001b[2J\u001b]0;x\u0007\u202egone\r';
    const run = diagnosedRun(
      recordedDiagnosis({ message: evil, reproduce: evil, process: { stderr: [evil], [evil]: 1 } }),
      {
        stopReason: evil,
        lostAttempts: [lostAttempt(1, 3, evil), lostAttempt(2, 5, evil)],
      },
    );
    const end = diagnosedEnd(run).data;
    const sentences = createSentences(() => 0);
    const texts = [
      summaryText(run, end, {}, plain),
      forensicText(run.failForensic ?? recordedDiagnosis(), 'LOST', plain),
      ...sentences.verdict(run, end, plain),
      ...sentences.queuedAgain(run),
      ...linesOf({ value: 0 }).queuedAgain(run),
    ];
    for (const text of texts) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    expect(texts[0]).toContain('␛[2J');
    expect(texts[1]).toContain('stderr:\n    ␛[2J');
  });
});
