/** The pass over the bytes of a batch, held against the path that parses and checks them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../server/ingest/batch.ts';
import { parsedBatch, scannedBatch } from '../../server/ingest/read-batch.ts';
import { NOT_CANONICAL, numberEnd, objectEnd } from '../../server/ingest/scan-json.ts';

const RUN = '01890000-0000-7000-8000-000000000000';
/** Text that can be stored, with what JSON and COPY have to escape. */
const text = fc.string({
  unit: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...'ab"\\/üé€\u{1F600}\n\t\r\b\f ') },
    fc.constantFrom('\u007f', '\u2028', '\u0001'),
  ),
  maxLength: 12,
});
const plainText = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'ab.-é€1'), minLength: min, maxLength: max });
const key = fc.oneof(
  { weight: 6, arbitrary: plainText(0, 6).map((name) => `k${name}`) },
  fc.constantFrom('1', '__proto__', '_', '', 'a"', 'toJSON', 'constructor'),
);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -100_000, max: 100_000 }).map((tenths) => tenths / 8),
  fc.constantFrom(0, 1e21, 1e-7, 0.000001, 123456789012345680, 0.1 + 0.2, 5e-324, 2 ** 53),
);
const json = fc.letrec((again) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    text,
    fc.constantFrom(null, true, false),
    again('list'),
    again('object'),
  ),
  list: fc.array(again('value'), { maxLength: 4 }),
  object: fc.dictionary(key, again('value'), { maxKeys: 5 }),
}));
const time = fc
  .date({
    min: new Date('1000-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString());
const event = fc.record({
  at: time,
  virtualMs: fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
  type: plainText(1, 100),
  actor: plainText(0, 60),
  data: json.object,
});
const events = fc
  .tuple(fc.nat({ max: 10 ** 14 }), fc.array(event, { maxLength: 4 }))
  .map(([first, all]) => all.map((each, i) => ({ index: first + i, ...each })));
const rest = fc.record(
  {
    snapshots: fc
      .array(fc.record({ metrics: fc.dictionary(fc.string({ maxLength: 4 }), fc.integer()) }), {
        maxLength: 2,
      })
      .map((all) => all.map(({ metrics }, index) => ({ index, at: '2026-01-01T00:00:00.000Z', metrics }))),
    live: fc.constantFrom(undefined, { metrics: { a: 1 }, eventsPerSecond: 2.5 }),
    end: fc.constantFrom(undefined, undefined, undefined, {
      status: 'PASS',
      reason: null,
      failForensic: null,
    }),
  },
  { requiredKeys: [] },
);

/** Everything that is made of a batch. */
function made(batch: Batch) {
  const { block, snapshots, live, end, count, bytes } = batch;
  const eventsOf = ({ json: all, spans }: NonNullable<Batch['block']>) =>
    Array.from({ length: count }, (_, i) => all.toString('utf8', spans[2 * i], spans[2 * i + 1]));
  const seen = block && {
    first: block.first,
    firstAt: block.firstAt,
    rows: block.rows.toString(),
    events: eventsOf(block),
  };
  return { seen, eventsJson: batch.eventsJson(), snapshots, live, end, count, bytes };
}

/** Nothing may be taken that the other path refuses, or makes something else of. */
function assertAgreed(body: Buffer): boolean {
  const scanned = scannedBatch(body, RUN);
  if (scanned === null) return false;
  expect(made(scanned)).toEqual(made(parsedBatch(body, RUN)));
  return true;
}

describe('the pass over the bytes of a batch', () => {
  it('takes what a harness sends, and makes of it what parsing it makes', () => {
    const usual = (value: unknown): boolean => {
      if (typeof value === 'string') return !/[\u0000-\u0007\u000b\u000e-\u001f]/.test(value);
      if (typeof value !== 'object' || value === null) return true;
      const keys = Array.isArray(value) ? [] : Object.keys(value);
      return keys.every((name) => !/^[\d_]|["\\]/.test(name)) && Object.values(value).every(usual);
    };
    fc.assert(
      fc.property(events, rest, (list, others) => {
        const taken = assertAgreed(Buffer.from(JSON.stringify({ events: list, ...others })));
        const isUsual =
          others.end === undefined && list.every(({ at, data }) => usual(data) && !/-02-29T/.test(at));
        if (isUsual && !(others.snapshots ?? []).some(({ metrics }) => Object.hasOwn(metrics, '__proto__')))
          expect(taken).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes nothing that was bent to something else than parsing it gives', () => {
    const bend = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('put', 'drop', 'twice', 'insert'),
      byte: fc.oneof(
        fc.constantFrom(...Buffer.from('{}[]",:\\0159-+.eEu_/ \n\t')),
        fc.integer({ min: 0, max: 255 }),
      ),
    });
    let taken = 0;
    fc.assert(
      fc.property(events, fc.array(bend, { minLength: 1, maxLength: 2 }), (list, bends) => {
        const bytes = [
          ...Buffer.from(JSON.stringify({ events: list, live: { metrics: {}, eventsPerSecond: 1 } })),
        ];
        for (const { at, kind, byte } of bends) {
          const place = at % bytes.length;
          if (kind === 'put') bytes[place] = byte;
          else if (kind === 'drop') bytes.splice(place, 1);
          else bytes.splice(place, 0, kind === 'twice' ? (bytes[place] as number) : byte);
        }
        if (assertAgreed(Buffer.from(bytes))) taken += 1;
      }),
      { numRuns: 10_000 },
    );
    // Else nothing was shown: a byte within a text, or a digit, changes what is taken.
    expect(taken).toBeGreaterThan(50);
  });

  it.each([
    ['an index that does not follow', '{"events":[E1,E3]}'],
    ['an index with a leading zero', '{"events":[E01]}'],
    ['the event of the end', '{"events":[E1],"end":{"status":"PASS","reason":null,"failForensic":null}}'],
    ['other events behind', '{"events":[E1],"events":[]}'],
    ['a repeated key', '{"events":[E1{"a":1,"b":2,"a":3}]}'],
    ['keys that are numbers', '{"events":[E1{"2":1,"1":2}]}'],
    ['a space', '{"events":[E1{"a": 1}]}'],
    ['an escape that is not needed', '{"events":[E1{"a":"\\u0041"}]}'],
    ['an escaped slash', '{"events":[E1{"a":"\\/"}]}'],
    ['a line break in a text', '{"events":[E1{"a":"\n"}]}'],
    ['minus zero', '{"events":[E1{"a":-0}]}'],
    ['a number with an exponent', '{"events":[E1{"a":1e2}]}'],
    ['a number beyond a double', '{"events":[E1{"a":1e400}]}'],
    ['snapshots out of order', '{"events":[E1],"snapshots":[S2,S1]}'],
    [
      'a NUL character in what follows',
      '{"events":[E1],"live":{"metrics":{"\\u0000":1},"eventsPerSecond":1}}',
    ],
    ['something behind the body', '{"events":[E1]}{}'],
    ['a body that ends too early', '{"events":[E1]'],
    ['no events', '{"snapshots":[]}'],
  ])('leaves %s to the path that parses', (_, body) => {
    const filled = body
      .replaceAll(
        /E(\d+)(\{.*?\})?(?=[,\]])/gs,
        (_all, index: string, data = '{}') =>
          `{"index":${index},"at":"2026-01-01T00:00:00.000Z","virtualMs":1,"type":"note","actor":"city","data":${data}}`,
      )
      .replaceAll(
        /S(\d+)/g,
        (_all, index: string) => `{"index":${index},"at":"2026-01-01T00:00:00.000Z","metrics":{}}`,
      );
    expect(scannedBatch(Buffer.from(filled), RUN)).toBeNull();
  });

  const withTime = (at: string) =>
    Buffer.from(`{"events":[{"index":0,"at":"${at}","virtualMs":1,"type":"note","actor":"city","data":{}}]}`);

  it('takes every day of a usual year', () => {
    for (let day = Date.UTC(2025, 0, 1); day < Date.UTC(2026, 0, 1); day += 86_400_000)
      expect(assertAgreed(withTime(new Date(day).toISOString()))).toBe(true);
  });

  it.each([
    '2024-02-29T12:00:00.000Z',
    '2023-02-29T12:00:00.000Z',
    '2024-02-30T12:00:00.000Z',
    '2024-04-31T12:00:00.000Z',
    '2024-01-32T12:00:00.000Z',
    '2024-01-00T12:00:00.000Z',
    '2024-00-01T12:00:00.000Z',
    '2024-13-01T12:00:00.000Z',
    '2024-01-01T24:00:00.000Z',
    '2024-01-01T12:60:00.000Z',
    '2024-01-01T12:00:60.000Z',
    '2024-01-01T12:00:00Z',
    '2024-01-01T12:00Z',
    '2024-01-01T12:00:00.123456789Z',
    '2024-01-01T12:00:00.000+01:00',
    '2024-01-01 12:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '0999-01-01T00:00:00.000Z',
    '２024-01-01T12:00:00.000Z',
    'now',
  ])('leaves the time %s to the schemas', (at) => {
    expect(scannedBatch(withTime(at), RUN)).toBeNull();
  });

  it('leaves bytes that are no UTF-8, and nesting that is deep', () => {
    const body = (data: string) =>
      Buffer.from(
        `{"events":[{"index":0,"at":"2026-01-01T00:00:00.000Z","virtualMs":1,"type":"note","actor":"city","data":${data}}]}`,
        'latin1',
      );
    expect(scannedBatch(body('{"a":"b"}'), RUN)).not.toBeNull();
    expect(scannedBatch(body('{"a":"\u00ff"}'), RUN)).toBeNull();
    expect(scannedBatch(body(`{"a":${'['.repeat(62)}${']'.repeat(62)}}`), RUN)).not.toBeNull();
    expect(scannedBatch(body(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`), RUN)).toBeNull();
  });
});

describe('canonical numbers', () => {
  it('are those that JSON.stringify writes', () => {
    const written = fc.oneof(
      number.map((value) => JSON.stringify(value)),
      fc.string({ unit: fc.constantFrom(...'0123456789-+.eE'), minLength: 1, maxLength: 12 }),
      fc
        .tuple(fc.nat(), fc.string({ unit: fc.constantFrom(...'0159'), maxLength: 18 }))
        .map(([whole, fraction]) => `${whole}.${fraction}`),
    );
    fc.assert(
      fc.property(written, (digits) => {
        const isCanonical = Number.isFinite(Number(digits)) && JSON.stringify(Number(digits)) === digits;
        expect(numberEnd(Buffer.from(`${digits},`), 0)).toBe(isCanonical ? digits.length : NOT_CANONICAL);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('canonical objects', () => {
  it('are refused rather than read beyond their end', () => {
    const whole = Buffer.from('{"a":[1.5,"\\n",{"b":null}],"c":true}');
    expect(objectEnd(whole, 0)).toBe(whole.length);
    for (let length = 0; length < whole.length; length++)
      expect(objectEnd(whole.subarray(0, length), 0)).toBe(NOT_CANONICAL);
  });
});
