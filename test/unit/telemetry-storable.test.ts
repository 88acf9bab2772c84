/** Text made storable: for every value, what PostgreSQL refuses is gone and nothing else has changed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storableJson } from '../../runner/telemetry/storable.ts';

/** The rule, written plainly: on the value, by code point. */
function visible(text: string): string {
  return Array.from(text, (character) => {
    if (character === '\u0000') return '\u2400';
    return /^[\ud800-\udfff]$/.test(character) ? '\ufffd' : character;
  }).join('');
}

test('any text reads back as it was, but for NUL and lone surrogates', () => {
  const unit = fc.constantFrom(
    '\u0000',
    '\ud800',
    '\udfff',
    '😀',
    '\\',
    'u0000',
    'ud800',
    '"',
    '\u001f',
    '\n',
    'é',
  );
  const text = fc
    .array(fc.oneof(unit, fc.string({ unit: 'binary' })), { maxLength: 12 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, (value) => {
      expect(JSON.parse(storableJson(JSON.stringify({ value })))).toEqual({ value: visible(value) });
    }),
    { numRuns: 1_000 },
  );
});

test('keys are made storable too', () => {
  expect(JSON.parse(storableJson(JSON.stringify({ 'a\u0000': 1 })))).toEqual({ 'a␀': 1 });
});
