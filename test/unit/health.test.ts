import { describe, expect, test } from 'vitest';
import { foldFrames } from '../../cli/run/fold-frames.ts';
import { healthOf, plannedText, trafficOf } from '../../cli/run/health.ts';
import { progressOf } from '../../cli/run/picture.ts';
import { initialData, type RunData } from '../../cli/run/run-data.ts';
import { fitting } from '../../cli/tui/components/fitting.ts';
import { endFrame, heartbeat, historyFrames, recordedRun, violationEvent } from '../helpers/recorded-run.ts';

const OPENED: RunData = initialData(recordedRun());
const RUNNING = foldFrames(OPENED, [...historyFrames(0, 900), heartbeat(900)], 0);
const FAILED = foldFrames(RUNNING, [{ frame: 'event', data: violationEvent(901) }, endFrame(901, 'FAIL')], 0);
const textOf = (data: RunData) => healthOf(data).said.map(({ wordings }) => wordings[0]);

describe('a run at a glance', () => {
  test('is healthy while all holds, with how often that was checked', () => {
    expect(healthOf(RUNNING)).toMatchObject({ word: 'HEALTHY', tone: 'good' });
    expect(textOf(RUNNING)[0]).toMatch(/^\d of 9 invariants hold(, \d not checked yet)? \([\d,]+ checks\)$/);
  });

  test('says that it begins before anything is known, and counts nothing of a history that it saw in part', () => {
    const begun = { ...OPENED, status: 'RUNNING' as const, metrics: {} };
    expect(healthOf(begun)).toMatchObject({ word: 'STARTING', tone: 'wait' });
    const late = { ...RUNNING, tally: { ...RUNNING.tally, since: 400 } };
    expect(textOf(late)[0]).not.toContain('checks');
  });

  test('of a FAIL is what broke and after how many operations, never all of them', () => {
    expect(healthOf(FAILED)).toMatchObject({ word: 'FAIL', tone: 'bad' });
    expect(textOf(FAILED)[1]).toMatch(/^found after [\d,]+ of [\d,]+ operations$/);
    const atTheEnd = { ...FAILED, metrics: { ...FAILED.metrics, operations: 1_000_000 } };
    expect(progressOf({ data: atTheEnd, frozen: null, nowMs: 0 })?.share).toBe(0.99);
    expect(plannedText(2_003, 2_000)).toBe('2,000 of 2,000');
  });

  test('says what was never reached', () => {
    const passed = foldFrames(RUNNING, [endFrame(901, 'PASS')], 0);
    const closing = { sometimes: { 'a deadlock was resolved': 0, 'a request was answered': 4 } };
    const told = { ...passed, tally: { ...passed.tally, closing } };
    expect(textOf(told)[1]).toBe('1 of 2 reached, never: a deadlock was resolved');
  });

  test('says what is still to be reached while it goes on, all of it known from the beginning', () => {
    const reached = { 'a slot was full': 3, 'a deadlock was broken': 0, 'requests overlapped': 0 };
    const beat = heartbeat(901);
    if (beat.frame !== 'heartbeat') throw new Error('not a heartbeat');
    const told = foldFrames(RUNNING, [{ frame: 'heartbeat', data: { ...beat.data, reached } }], 0);
    expect(textOf(told)[1]).toBe('1 of 3 reached: no deadlock was broken yet and 1 more');
    const later = foldFrames(told, [heartbeat(902)], 0);
    expect(textOf({ ...later, reached: { ...reached, 'a deadlock was broken': 1 } })[1]).toBe(
      '2 of 3 reached, not yet: requests overlapped',
    );
    expect(textOf(later)[1]).toBe(textOf(told)[1]);
  });

  test('tells how it was answered, and of each kind of fault', () => {
    const data = {
      ...RUNNING,
      metrics: { ok: 71, refused: 22, unknown: 7, faults: 3, operations: 100 },
      changes: { operations: 310 },
      tally: {
        ...RUNNING.tally,
        faults: {
          crash: { count: 1, at: [4], lastIndex: 4, lastMs: 1 },
          delay: { count: 2, at: [1, 2], lastIndex: 2, lastMs: 1 },
        },
      },
    };
    expect(trafficOf(data).map(({ wordings }) => wordings[0])).toEqual([
      '310 operations/s',
      'ok 71 %  refused 22 %  no answer 7 %',
      '3 faults: delay 2, crash 1',
    ]);
  });

  test('takes shorter wordings before it leaves something out', () => {
    const said = [
      { wordings: ['nine of nine hold', '9 of 9'], drop: 1 },
      { wordings: ['ten were reached', '10'], drop: 2 },
    ];
    const wordsIn = (width: number) => fitting(said, width, 2).map(({ text }) => text);
    expect(wordsIn(40)).toEqual(['nine of nine hold', 'ten were reached']);
    expect(wordsIn(22)).toEqual(['nine of nine hold', '10']);
    expect(wordsIn(10)).toEqual(['9 of 9', '10']);
    expect(wordsIn(7)).toEqual(['9 of 9']);
  });
});
