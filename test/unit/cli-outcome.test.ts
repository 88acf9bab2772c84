import { describe, expect, test } from 'vitest';
import { createSentences } from '../../cli/output/sentences.ts';
import { styleFor } from '../../cli/output/style.ts';
import { attemptText, isQueuedAgain, waitingText } from '../../cli/run/attempts.ts';
import { processLines } from '../../cli/run/describe-process.ts';
import { causeOf, failureTitle, isLoss, reasonOf, runOutcome } from '../../cli/run/outcome.ts';
import type { Run } from '../../server/contract/index.ts';
import {
  adapterDiagnosis,
  diagnosedEnd,
  diagnosedRun,
  lostAttempt,
  recordedDiagnosis,
  recordedForensic,
} from '../helpers/recorded-failure.ts';
import { endFrame, heartbeat, recordedRun } from '../helpers/recorded-run.ts';

const lost = diagnosedRun(recordedDiagnosis());
const adapter = diagnosedRun(adapterDiagnosis());
const stopped = recordedRun({ status: 'STOPPED', stopReason: 'seen enough' });
const failed = recordedRun({ status: 'FAIL', pass: false, failForensic: recordedForensic() });

describe('how a run ended', () => {
  test.each<[Run, string, string, string]>([
    [lost, 'LOST', 'harness-lost', 'LOST  harness-lost'],
    [adapter, 'ADAPTER ERROR', 'adapter-error', 'ADAPTER ERROR'],
    [failed, 'FAIL', 'no-overbooking', 'FAIL  no-overbooking'],
  ])('%# is told by one word and its cause', (run, outcome, cause, title) => {
    const { failForensic } = run;
    if (failForensic === null) throw new Error('no bundle');
    expect(runOutcome(run)).toBe(outcome);
    expect(isLoss(runOutcome(run))).toBe(outcome !== 'FAIL');
    expect(reasonOf(run)).toBe(cause);
    expect(causeOf(runOutcome(run), failForensic)).toBe(cause);
    expect(failureTitle(runOutcome(run), failForensic)).toBe(title);
  });

  test('a stop by somebody is no loss, and its reason is what they said', () => {
    expect(runOutcome(stopped)).toBe('STOPPED');
    expect(isLoss('STOPPED')).toBe(false);
    expect(reasonOf(stopped)).toBe('seen enough');
  });

  test('a violation that is seen before the end is a failure', () => {
    expect(failureTitle('RUNNING', { invariant: 'no-overbooking' })).toBe('FAIL  no-overbooking');
    expect(failureTitle('RUNNING', {})).toBe('FAIL  violation');
  });
});

describe('attempts', () => {
  test('a first attempt is nothing to speak of', () => {
    expect(attemptText(recordedRun())).toBeNull();
  });

  test('each that was lost is told, with its place and its reason', () => {
    const lostAttempts = [lostAttempt(1, 1_204), lostAttempt(2, -1, 'The host was shut down.')];
    expect(attemptText(recordedRun({ lostAttempts: lostAttempts.slice(0, 1) }))).toBe(
      'attempt 2 (the first was lost at event 1,204: harness-lost)',
    );
    expect(attemptText(recordedRun({ lostAttempts }))).toBe(
      'attempt 3 (the first was lost at event 1,204: harness-lost; the second before its first event: The host was shut down)',
    );
  });

  test('what was handed over is told as that, and is beside the count', () => {
    const lostAttempts = [
      { ...lostAttempt(1, 7, 'Its runner left: it was asked to end.'), handedOver: true },
    ];
    expect(attemptText(recordedRun({ lostAttempts }))).toBe(
      'attempt 2 (the first was handed over at event 7: Its runner left: it was asked to end)',
    );
    expect(waitingText(recordedRun({ lostAttempts }))).toBe('waiting to be executed again (attempt 2 of 4)');
  });

  test('of a run that is lost for good the last attempt is the diagnosis itself', () => {
    expect(attemptText({ ...lost, lostAttempts: [lostAttempt(1, 901)] })).toBeNull();
    expect(attemptText({ ...lost, lostAttempts: [lostAttempt(1, 7), lostAttempt(2, 901)] })).toBe(
      'attempt 2 (the first was lost at event 7: harness-lost)',
    );
    expect(attemptText({ ...adapter, lostAttempts: [lostAttempt(1, 7)] })).toContain('attempt 2');
  });

  test('a run that was begun and is queued waits to be executed again', () => {
    expect(isQueuedAgain({ status: 'QUEUED', eventIndex: 1_204 })).toBe(true);
    expect(isQueuedAgain({ status: 'QUEUED', eventIndex: -1 })).toBe(false);
    expect(isQueuedAgain({ status: 'RUNNING', eventIndex: 1_204 })).toBe(false);
    expect(waitingText(recordedRun())).toBe('waiting to be executed again');
    expect(waitingText(recordedRun({ lostAttempts: [lostAttempt(1, 5)] }))).toBe(
      'waiting to be executed again (attempt 2 of 3)',
    );
    expect(waitingText(recordedRun({ lostAttempts: [lostAttempt(3, 5)] }))).toBe(
      'waiting to be executed again (attempt 4)',
    );
  });
});

describe('a process', () => {
  test('is told in lines, without what is not known', () => {
    expect(processLines(recordedDiagnosis().process ?? {})).toEqual([
      'signal: SIGKILL',
      'stderr:',
      '  one of the last lines',
      '  the last line that it printed',
    ]);
    expect(processLines({ exitCode: 137, droppedBytes: 12, starts: { of: 3 } })).toEqual([
      'exit code: 137',
      'dropped bytes: 12',
      'starts: {"of":3}',
    ]);
  });

  test('is shown, not obeyed', () => {
    for (const line of processLines({ 'a\u001b[2J': '\u0007', list: ['\u202ex', { y: '\u009b' }] })) {
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});

describe('sentences', () => {
  const spoken = (run: Run) => createSentences(() => 0).verdict(run, diagnosedEnd(run).data, styleFor(false));

  test('say what went wrong with a run, apart from what broke', () => {
    expect(spoken(lost)).toEqual([
      'The run was lost. This says nothing about the service under test. It took 12.4 s and 902 events.',
      'What went wrong: The harness was lost: runner runner-1 has not renewed its lease for 30 s.',
      'To run it again: npx simcity run --seed 42',
      `For all that is known: simcity forensic ${lost.number}`,
    ]);
    expect(spoken(adapter)[0]).toContain('An adapter or module failed.');
    const broke = createSentences(() => 0).verdict(failed, endFrame(9, 'FAIL').data, styleFor(false));
    expect(broke[1]).toMatch(/^What broke is no-overbooking: /);
  });

  test('leave it to the end to say how a run ended', () => {
    const sentences = createSentences(() => 0);
    expect(sentences.frame(heartbeat(40, 'STOPPED'))).toEqual([]);
    expect(sentences.verdict(lost, diagnosedEnd(lost).data, styleFor(false)).join()).not.toContain('stopped');
  });

  test('say why somebody stopped a run', () => {
    const end = { ...endFrame(9, 'STOPPED').data, stopReason: 'seen enough' };
    expect(createSentences(() => 0).verdict(stopped, end, styleFor(false))).toEqual([
      'The run was stopped. It took 12.4 s and 10 events.',
      'The reason: seen enough.',
    ]);
  });

  test('tell attempts, and that a run waits again instead of for the first time', () => {
    const run = recordedRun({ lostAttempts: [lostAttempt(1, 40)] });
    const sentences = createSentences(() => 0);
    expect(sentences.frame(heartbeat(40))).toEqual(['The run is under way.']);
    expect(sentences.frame(heartbeat(40, 'QUEUED'))).toEqual([]);
    expect(sentences.queuedAgain(run)).toEqual([
      'The run was lost, and is waiting to be executed again (attempt 2 of 3).',
    ]);
    expect(sentences.frame(heartbeat(41))).toEqual(['The run is under way.']);
    expect(sentences.verdict(run, endFrame(50, 'PASS').data, styleFor(false)).at(-1)).toBe(
      'This was attempt 2 (the first was lost at event 40: harness-lost).',
    );
  });
});
