import { describe, expect, it } from 'vitest';
import { asReached, type Cursor, heartbeatFrameSchema } from '../../server/contract/index.ts';
import { onOneLine } from '../../server/db/events.ts';
import { toEventBytes } from '../../server/ingest/event-block.ts';
import { unstorablePath } from '../../server/runs/storable-text.ts';
import { joinFrames, lengthOf } from '../../server/stream/chunk.ts';
import { conflate } from '../../server/stream/conflate.ts';
import { endFrame, heartbeatFrame, mergeFrames } from '../../server/stream/frames.ts';

const stored = (...indexes: number[]) => indexes.map((index) => ({ index, json: `{"index":${index}}` }));

const EPOCHS = [
  { first: 0, epoch: 'aaaaaaaa' },
  { first: 3, epoch: 'bbbbbbbb' },
];

function merged(cursor: Cursor, events: number[], snapshots: number[]) {
  const result = mergeFrames(cursor, [toEventBytes(stored(...events))], stored(...snapshots), EPOCHS);
  const texts = result.frames.map((frame) => joinFrames([frame], lengthOf(frame)).body.toString());
  return { ids: texts.map((text) => /^id: (.*)$/m.exec(text)?.[1]), cursor: result.cursor };
}

describe('frames', () => {
  it('put each snapshot right after its event', () => {
    expect(merged({ index: -1, after: 'snapshot' }, [0, 1, 2, 3], [1, 3])).toEqual({
      ids: [...['0.aaaaaaaa', '1.aaaaaaaa', '1s.aaaaaaaa', '2.aaaaaaaa'], ...['3.bbbbbbbb', '3s.bbbbbbbb']],
      cursor: { index: 3, after: 'snapshot', epoch: 'bbbbbbbb' },
    });
  });

  it('send the snapshot of the event at the cursor only to who has not had it', () => {
    expect(merged({ index: 1, after: 'event' }, [2], [1]).ids).toEqual(['1s.aaaaaaaa', '2.aaaaaaaa']);
    expect(merged({ index: 1, after: 'snapshot' }, [2], [1]).ids).toEqual(['2.aaaaaaaa']);
    expect(merged({ index: 1, after: 'event' }, [], [])).toEqual({
      ids: [],
      cursor: { index: 1, after: 'event' },
    });
  });

  it('hold no line break within their data', () => {
    expect(onOneLine('{"a":\n1,\r\n"b":"\\n"}')).toBe('{"a": 1, "b":"\\n"}');
  });

  it('tell what a run has reached apart from its metrics', () => {
    const live = { metrics: { ok: 3, ...asReached({ 'a slot was full': 2 }) }, status: 'RUNNING' as const };
    const frame = heartbeatFrame(
      {
        ...{ ...live, metrics: JSON.stringify(live.metrics, null, 1), eventIndex: 4, eventsPerSecond: 0 },
        ...{ heartbeatAt: null, batches: 1, durationSecondsActual: null, stopReason: null, failure: null },
        epochs: EPOCHS,
      },
      new Date(0),
    );
    const data = heartbeatFrameSchema.parse(JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? ''));
    expect(data).toMatchObject({ metrics: { ok: 3 }, reached: { 'a slot was full': 2 } });
    expect(Object.keys(data.metrics)).toEqual(['ok']);
  });

  it('end only a run that has ended', () => {
    const live = {
      status: 'RUNNING' as const,
      eventIndex: 4,
      metrics: '{}',
      eventsPerSecond: 0,
      heartbeatAt: null,
      batches: 1,
      durationSecondsActual: 1.5,
      stopReason: null,
      failure: null,
      epochs: EPOCHS,
    };
    expect(endFrame(live)).toBeNull();
    expect(endFrame({ ...live, status: 'FAIL' })).toContain('id: 4e.bbbbbbbb\n');
  });
});

describe('the conflated stream', () => {
  const from = { index: -1, after: 'snapshot' } as const;
  const told = (cursor: Cursor, events: number[], snapshot: number | null) =>
    conflate(cursor, stored(...events), snapshot === null ? null : stored(snapshot)[0]!, []).frames.map(
      (frame) => {
        const [, name, id] = /^event: (\w+)\nid: (.*)$/m.exec(frame) ?? [];
        const { from: first, events: count } = JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '{}') as {
          from?: number;
          events?: number;
        };
        return name === 'skipped' ? `${first}+${count}->${id}` : id;
      },
    );

  it('says how many events were passed over, and where', () => {
    expect(told(from, [8, 9, 10], null)).toEqual(['0+8->7', '8', '9', '10']);
    expect(told({ index: 7, after: 'event' }, [8, 9], null)).toEqual(['8', '9']);
    expect(told({ index: 8, after: 'event' }, [8, 9], null)).toEqual(['9']);
  });

  it('puts the newest snapshot in its place in the history', () => {
    expect(told(from, [8, 9, 10], 9)).toEqual(['0+8->7', '8', '9', '9s', '10']);
    expect(told(from, [8, 9], 5)).toEqual(['0+6->5', '5s', '6+2->7', '8', '9']);
    expect(told({ index: 9, after: 'event' }, [8, 9], 9)).toEqual(['9s']);
    expect(told({ index: 9, after: 'snapshot' }, [8, 9], 9)).toEqual([]);
    expect(told({ index: 9, after: 'event' }, [10], 8)).toEqual(['10']);
  });
});

describe('text that cannot be stored', () => {
  it('is found wherever it is', () => {
    expect(unstorablePath({ a: [{ b: 'x\0' }] })).toBe('.a.0.b');
    expect(unstorablePath({ '\ud800': 1 })).toContain('ud800');
    expect(unstorablePath(['fine', { emoji: '\u{1F600}' }, null, 4])).toBeNull();
  });
});
