import { describe, expect, it } from 'vitest';
import { createLogLines } from '../../cli/output/log-lines.ts';
import { createSentences } from '../../cli/output/sentences.ts';
import { styleFor } from '../../cli/output/style.ts';
import { foldFrames } from '../../cli/run/fold-frames.ts';
import { initialData } from '../../cli/run/run-data.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState } from '../../cli/tui/state/state.ts';
import { type Cursor, type Frame, formatCursor, parseCursor } from '../../server/contract/index.ts';
import { epochAt, leadsTo, withEpoch } from '../../server/db/epochs.ts';
import { heartbeat, historyFrames, recordedRun } from '../helpers/recorded-run.ts';

const RESET: Frame = { frame: 'reset', data: { code: 'history_lost', message: 'lost \u001b[2J' } };

describe('an event known by its index and its epoch', () => {
  const epochs = [
    { first: 0, epoch: 'aaaaaaaa' },
    { first: 5, epoch: 'bbbbbbbb' },
  ];
  const at = (index: number, epoch?: string): Cursor => ({ index, after: 'event', epoch });

  it('is stored, or another one is in its place, or none', () => {
    const stored = { eventIndex: 7, epochs };
    expect(
      [at(4, 'aaaaaaaa'), at(5, 'bbbbbbbb'), at(7), at(-1)].map((each) => leadsTo(stored, each)),
    ).toEqual([true, true, true, true]);
    expect(
      [at(5, 'aaaaaaaa'), at(4, 'bbbbbbbb'), at(8, 'bbbbbbbb'), at(8)].map((each) => leadsTo(stored, each)),
    ).toEqual([false, false, false, false]);
  });

  it('is of whoever stored from there on, and of nobody before', () => {
    expect([-1, 0, 4, 5, 9].map((index) => epochAt(epochs, index))).toEqual([
      null,
      'aaaaaaaa',
      'aaaaaaaa',
      'bbbbbbbb',
      'bbbbbbbb',
    ]);
    expect(withEpoch(epochs, 6, 'bbbbbbbb')).toBe(epochs);
    expect(withEpoch(epochs, 5, 'cccccccc')).toEqual([epochs[0], { first: 5, epoch: 'cccccccc' }]);
  });

  it('is told by a cursor, and an older cursor is still read', () => {
    for (const text of ['12.5f0c9ab1', '12s.5f0c9ab1', '12e.5f0c9ab1', '12', '12s', '0e'])
      expect(formatCursor(parseCursor(text) as Cursor)).toBe(text);
    for (const text of ['12.', '12.5f0c9ab', '12.5F0C9AB1', '.5f0c9ab1'])
      expect(parseCursor(text)).toBeNull();
  });
});

describe('a history that is lost', () => {
  it('is forgotten by whoever draws it, and what follows counts alone', () => {
    const run = recordedRun();
    const before = foldFrames(initialData(run), [...historyFrames(0, 90), heartbeat(90)], 0);
    const again = foldFrames(
      before,
      [...historyFrames(91, 95), RESET, ...historyFrames(0, 20), heartbeat(20)],
      0,
    );
    const fresh = foldFrames(initialData(run), [...historyFrames(0, 20), heartbeat(20)], 0);
    expect(again).toMatchObject({ eventIndex: 20, tally: fresh.tally });
    expect(again.events).toEqual(fresh.events);
    expect(again.timeline).toEqual(fresh.timeline);
  });

  it('takes what was read of it from mission control, which says so', () => {
    const size = { columns: 100, rows: 30 };
    const options = { run: recordedRun(), size, nowMs: 0, owns: true, hosted: false, exitOnEnd: false };
    const state = { ...initialState(options), pages: new Map([[0, []]]), hasStart: true };
    const after = reduce(state, { type: 'frames', frames: [...historyFrames(0, 5), RESET], nowMs: 1 });
    expect(after).toMatchObject({
      hasStart: false,
      notice: 'lost ␛[2J',
      data: { eventIndex: -1, events: [] },
    });
    expect(after.pages.size).toBe(0);
  });

  it('is a line of the log, and a sentence', () => {
    const [line] = createLogLines(styleFor(false), () => 0).frame(RESET);
    expect(line).toBe('1970-01-01T00:00:00.000Z reset lost ␛[2J');
    expect(createSentences(() => 0).frame(RESET)).toEqual(['lost ␛[2J']);
  });
});
