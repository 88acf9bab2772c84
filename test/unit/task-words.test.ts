/** Tasks in words: asked for, worked at, done or not done, the same for page and terminal. */
import { describe, expect, it } from 'vitest';
import { verifiedLines } from '../../cli/run/proof.ts';
import { shrunkWords, taskWords } from '../../cli/run/task-words.ts';
import type { RunEvent, Verified } from '../../server/contract/index.ts';

describe('the words of a task', () => {
  it('say that nobody works at it, how far it is, and why nothing came of it', () => {
    expect(taskWords('verify', { state: 'pending', progress: null })).toBe(
      'It is asked to be executed again; nobody works at it yet.',
    );
    const progress = { stage: 'turning 13', executions: 1, operations: null, seconds: 0 };
    expect(taskWords('explain', { state: 'pending', progress })).toBe(
      'Looking for why it broke: turning 13, 1 execution so far.',
    );
    const shrinking = { stage: 'fewer operations', executions: 80, operations: 17, seconds: 75 };
    expect(taskWords('shrink', { state: 'pending', progress: shrinking })).toBe(
      'Making it small: 17 operations left, trying fewer operations, 80 executions so far, 1 min 15 s.',
    );
    const verifying = { stage: '300 events alike so far', executions: 1, operations: null, seconds: 4 };
    expect(taskWords('verify', { state: 'pending', progress: verifying })).toBe(
      'Executing it again: 300 events alike so far, 4 s.',
    );
    expect(taskWords('explain', { state: 'none', reason: 'cancelled' })).toBe('Not explained: cancelled');
    expect(taskWords('shrink', { state: 'none', reason: 'a\u001b[2Jb' })).not.toContain('\u001b');
  });

  it('leave what came of it to what shows it', () => {
    const result = { operations: 4, operationsBefore: 1_200, minimal: true, executions: 212, seconds: 1.9 };
    expect(taskWords('shrink', { state: 'ready', result })).toBeNull();
    expect(shrunkWords(result)).toBe(
      'Made small: 4 of 1,200 operations, none can be left out; 212 executions in 1.90 s.',
    );
  });
});

const same: Verified = {
  ...{ identical: true, common: 1_204, endedBy: null, versions: [], parting: null },
  ...{ renamed: null, difference: null, seconds: 0.8 },
};
const event = (type: string): RunEvent => ({
  ...{ index: 52, at: '2026-01-31T12:00:00.000Z', virtualMs: 3, type, actor: 'citizen-004' },
  data: { slot: 'slot-002' },
});

describe('what came of executing a run again', () => {
  it('is said with the number of events, and with what ended the run', () => {
    expect(verifiedLines(same)).toEqual(['executed again, identical: 1,204 events']);
    const stopped = { ...same, endedBy: 'it was stopped', renamed: { uuids: 2, timestamps: 0 } };
    expect(verifiedLines(stopped)).toEqual([
      'executed again, identical: 1,204 events up to where it was stopped, 2 UUIDs renamed one to one',
    ]);
  });

  it('names the first event that differs, on both sides, and the class of the difference', () => {
    const around = { before: [], leftAfter: [], rightAfter: [], differences: [] };
    const parting = { index: 52, left: event('book.ok'), right: null, ...around };
    const difference = { class: 'a statement more or less', advice: 'Look for work of the service.' };
    expect(verifiedLines({ ...same, identical: false, parting, difference })).toEqual([
      'executed again, not identical; event 52 is the first that differs: a statement more or less',
      '  - book.ok citizen-004 slot-002',
      '  + has ended',
      '  Look for work of the service.',
    ]);
    const hostile = { ...parting, right: event('\u001b[2J') };
    expect(verifiedLines({ ...same, identical: false, parting: hostile }).join('')).not.toContain('\u001b');
  });
});
