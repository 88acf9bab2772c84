import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../server/errors.ts';
import { copyEvents, eventJsonOf, eventRow, storedTime } from '../../server/ingest/batch.ts';
import { readBatch } from '../../server/ingest/read-batch.ts';

const time = fc
  .date({
    min: new Date('1000-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString());
const data = fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), fc.jsonValue());
const event = fc.record({
  index: fc.nat(),
  at: time,
  virtualMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  type: fc.string({ minLength: 1, maxLength: 100 }),
  actor: fc.string({ maxLength: 200 }),
  data,
});

describe('rows', () => {
  it('keep times to the microsecond, with milliseconds always', () => {
    expect(storedTime('2024-01-01T12:00:00.123Z')).toBe('2024-01-01T12:00:00.123Z');
    expect(storedTime('2024-01-01T12:00:00.123456789Z')).toBe('2024-01-01T12:00:00.123456Z');
    expect(storedTime('2024-01-01T12:00:00.1Z')).toBe('2024-01-01T12:00:00.100Z');
    expect(storedTime('2024-01-01T12:00Z')).toBe('2024-01-01T12:00:00.000Z');
  });

  it('are the JSON of their event, and one line of COPY', () => {
    fc.assert(
      fc.property(event, (each) => {
        const row = eventRow(each);
        expect(JSON.parse(eventJsonOf(row))).toEqual(JSON.parse(JSON.stringify(each)));
        const lines = copyEvents('run', [row]).split('\n');
        expect(lines).toHaveLength(2);
        expect(lines[0]?.split('\t')).toHaveLength(7);
        expect(lines[0]).not.toMatch(/\r/);
      }),
    );
  });
});

describe('a batch that can never be stored', () => {
  const at = '2025-01-01T00:00:00.000Z';
  const good = { at, virtualMs: 1, type: 'note', actor: 'city', data: {} };
  const refusal = (batch: object) => {
    try {
      readBatch(Buffer.from(JSON.stringify(batch)), 'run');
    } catch (error) {
      if (error instanceof ApiError) return `${error.status} ${error.code} ${error.message}`;
      throw error;
    }
    return 'taken';
  };
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  it.each([
    [
      'a NUL character',
      { ...good, data: { text: 'a\0b' } },
      /^422 unstorable_text Event 18: event\.data\.text/,
    ],
    ['half a surrogate pair', { ...good, actor: '\udc00' }, /^422 unstorable_text Event 18: event\.actor/],
    [
      'a field of another type',
      { ...good, virtualMs: '1' },
      /^400 invalid_request Event 18: events\[1\]\.virtualMs is "1"/,
    ],
    [
      'a missing field',
      { at, type: 'note' },
      /^400 invalid_request Event 18: events\[1\]\.virtualMs is missing/,
    ],
    [
      'a time of the year 0',
      { ...good, at: '0000-01-01T00:00:00.000Z' },
      /^400 invalid_request Event 18: at is/,
    ],
    [
      'more than 1 MiB',
      { ...good, data: { text: 'x'.repeat(1_048_576) } },
      /^413 too_large Event 18 takes 10486\d\d bytes/,
    ],
    [
      'data nested beyond 500 levels',
      { ...good, data: { deep: nested(600) } },
      /^422 unstorable_text Event 18: data is nested/,
    ],
    [
      'data nested beyond V8',
      { ...good, data: { deep: nested(20_000) } },
      /^422 unstorable_text Event 18: data is nested/,
    ],
  ])('is refused by the index of the event with %s', (_, bad, expected) => {
    const body = {
      events: [
        { ...good, index: 17 },
        { ...bad, index: 18 },
      ],
    };
    const text = (): string => {
      try {
        return refusal(body);
      } catch {
        // JSON.stringify cannot write it either: a sender with another language can.
        const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
        try {
          const holding = JSON.stringify({ ...good, index: 18, data: { deep: 'HERE' } });
          readBatch(Buffer.from(`{"events":[${holding.replace('"HERE"', deep)}]}`), 'run');
        } catch (error) {
          if (error instanceof ApiError) return `${error.status} ${error.code} ${error.message}`;
        }
        return 'taken';
      }
    };
    expect(text()).toMatch(expected);
  });

  it('is named by its snapshot, too', () => {
    expect(refusal({ snapshots: [{ index: 4, at, metrics: { a: 'x' } }] })).toMatch(
      /^400 \w+ Snapshot 4: snapshots\[0\]/,
    );
    expect(refusal({ snapshots: [{ index: 4, at, metrics: { 'a\0': 1 } }] })).toMatch(/^422 \w+ Snapshot 4/);
  });

  it('is not one with exactly 1 MiB', () => {
    const fixed = Buffer.byteLength(eventJsonOf(eventRow({ ...good, index: 3, data: { text: '' } })));
    const event = (bytes: number) => ({ ...good, index: 3, data: { text: 'x'.repeat(bytes - fixed) } });
    expect(refusal({ events: [event(1_048_576)] })).toBe('taken');
    expect(refusal({ events: [event(1_048_577)] })).toMatch(/^413/);
  });
});
