import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../server/contract/index.ts';
import { onOneLine } from '../../server/db/events.ts';
import { endFrame, mergeFrames } from '../../server/live/frames.ts';
import { unstorablePath } from '../../server/runs/storable-text.ts';

const stored = (...indexes: number[]) => indexes.map((index) => ({ index, json: `{"index":${index}}` }));

function merged(cursor: Cursor, events: number[], snapshots: number[]) {
  const result = mergeFrames(cursor, stored(...events), stored(...snapshots));
  return { ids: result.frames.map((frame) => /^id: (.*)$/m.exec(frame)?.[1]), cursor: result.cursor };
}

describe('frames', () => {
  it('put each snapshot right after its event', () => {
    expect(merged({ index: -1, after: 'snapshot' }, [0, 1, 2, 3], [1, 3])).toEqual({
      ids: ['0', '1', '1s', '2', '3', '3s'],
      cursor: { index: 3, after: 'snapshot' },
    });
  });

  it('send the snapshot of the event at the cursor only to who has not had it', () => {
    expect(merged({ index: 1, after: 'event' }, [2], [1]).ids).toEqual(['1s', '2']);
    expect(merged({ index: 1, after: 'snapshot' }, [2], [1]).ids).toEqual(['2']);
    expect(merged({ index: 1, after: 'event' }, [], [])).toEqual({
      ids: [],
      cursor: { index: 1, after: 'event' },
    });
  });

  it('hold no line break within their data', () => {
    expect(onOneLine('{"a":\n1,\r\n"b":"\\n"}')).toBe('{"a": 1, "b":"\\n"}');
  });

  it('end only a run that has ended', () => {
    const live = {
      status: 'RUNNING' as const,
      eventIndex: 4,
      metrics: '{}',
      eventsPerSecond: 0,
      heartbeatAt: null,
      durationSecondsActual: 1.5,
      stopReason: null,
      failure: null,
    };
    expect(endFrame(live)).toBeNull();
    expect(endFrame({ ...live, status: 'FAIL' })).toContain('id: 4e\n');
  });
});

describe('text that cannot be stored', () => {
  it('is found wherever it is', () => {
    expect(unstorablePath({ a: [{ b: 'x\0' }] })).toBe('.a.0.b');
    expect(unstorablePath({ '\ud800': 1 })).toContain('ud800');
    expect(unstorablePath(['fine', { emoji: '\u{1F600}' }, null, 4])).toBeNull();
  });
});
