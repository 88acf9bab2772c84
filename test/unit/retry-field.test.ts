/** The field `retry` of an event stream, however the network cuts it, beside a parser of the standard. */
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RetryField } from '../../cli/client/retry-field.ts';

const line = fc.oneof(
  fc.nat(100_000).map((ms) => `retry: ${ms}`),
  fc.nat(100_000).map((ms) => `retry:${ms}`),
  fc.constantFrom('retry', 'retry: ', 'retry:  5', 'retry: 5 ', 'retries: 5', ' retry: 5', 'Retry: 5', ''),
  fc.constantFrom('re', 'data: retry: 9', 'data', ': retry: 9', `data: ${'x'.repeat(100)}retry: 9`, 'id: ü'),
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 20 })
  .map((lines) => Buffer.from(`${lines.map(([text, end]) => text + end).join('')}\n\n`));

test('is found as a parser of the standard finds it, in any pieces', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (bytes, sizes) => {
      const expected: number[] = [];
      createParser({ onRetry: (ms) => expected.push(ms) }).feed(bytes.toString());
      const field = new RetryField();
      let found: number | null = null;
      for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
        const size = sizes[piece % sizes.length] ?? 1;
        found = field.take(bytes.subarray(at, at + size)) ?? found;
        at += size;
      }
      expect(found).toBe(expected.at(-1) ?? null);
    }),
    { numRuns: 2_000 },
  );
});
