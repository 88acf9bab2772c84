import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lazyEvent, lazySnapshot } from '../../cli/client/lazy-frames.ts';
import { differences } from '../../cli/run/event-difference.ts';
import { eventSchema } from '../../server/contract/index.ts';
import { recordedEvent, recordedMetrics, violationEvent } from '../helpers/recorded-run.ts';

const fields = ({ index, at, virtualMs, type, actor, data }: ReturnType<typeof recordedEvent>) => ({
  index,
  at,
  virtualMs,
  type,
  actor,
  data,
});

describe('a frame that is read as far as its place', () => {
  test('says the same as one that is read whole', () => {
    for (let index = 1; index < 300; index++) {
      const event = recordedEvent(index);
      const lazy = lazyEvent(JSON.stringify(event));
      if (lazy === null) {
        expect(event.type).toBe('fault');
        continue;
      }
      expect(fields(lazy)).toEqual(event);
      expect(differences(lazy, event)).toEqual([]);
    }
  });

  test('says the same whatever the names and payloads hold', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, fc.dictionary(text, fc.jsonValue()), fc.nat(), (actor, data, index) => {
        const event = { ...recordedEvent(2), index, type: 'book.ok', actor, data };
        const json = JSON.stringify(event);
        const whole = eventSchema.safeParse(JSON.parse(json));
        const lazy = lazyEvent(json);
        expect(lazy).not.toBeNull();
        if (whole.success && lazy !== null) expect(fields(lazy)).toEqual(whole.data);
      }),
    );
  });

  test('is one of an operation only: whatever decides something is read whole', () => {
    expect(lazyEvent(JSON.stringify(violationEvent(3)))).toBeNull();
    for (const type of ['start', 'end', 'fault', 'heal', 'note', 'book', 'Book.ok', 'book.\u001b']) {
      expect(lazyEvent(JSON.stringify({ ...recordedEvent(2), type }))).toBeNull();
    }
    expect(lazyEvent('{oops')).toBeNull();
    expect(lazyEvent('{"at":"x","index":1}')).toBeNull();
  });

  test('that is no event after all says so when it is looked at', () => {
    const broken = JSON.stringify(recordedEvent(2)).slice(0, -1);
    expect(lazyEvent(broken)).toMatchObject({ index: 2, data: { cause: 'unreadable' } });
  });

  test('is a snapshot as well', () => {
    const snapshot = { index: 20, at: '2025-11-22T20:00:00.000Z', metrics: recordedMetrics(20) };
    expect(lazySnapshot(JSON.stringify(snapshot))).toMatchObject(snapshot);
    expect(lazySnapshot('{"index":20}')).toBeNull();
    expect(lazySnapshot(JSON.stringify(snapshot).replace(/\}$/, ''))?.metrics).toEqual({});
  });
});
