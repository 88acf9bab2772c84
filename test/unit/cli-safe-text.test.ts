import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeJson, safeLines, safeText } from '../../cli/run/sanitize.ts';
import { alignLeft, alignRight, textWidth, truncate, wrap } from '../../cli/terminal/columns.ts';

const HOSTILE: [what: string, text: string, shown: string][] = [
  ['colour codes', '\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
  ['a window title', '\u001b]0;owned\u0007', '␛]0;owned␇'],
  ['line feeds and tabs', 'a\r\nb\tc', 'a␍␊b␉c'],
  ['NUL and DEL', '\u0000\u007f', '␀␡'],
  ['C1 controls', '\u0085\u009b31m', '<U+0085><U+009B>31m'],
  ['line separators', '\u2028\u2029', '<U+2028><U+2029>'],
  ['bidi overrides', 'user\u202egnp.exe', 'user<U+202E>gnp.exe'],
  ['bidi isolates', '\u2066a\u2069', '<U+2066>a<U+2069>'],
  ['zero-width characters', 'a\u200bb\u2060c\ufeff', 'a<U+200B>b<U+2060>c<U+FEFF>'],
  ['tag characters', 'a\u{e0041}\u{e007f}', 'a<U+E0041><U+E007F>'],
  ['invisible fillers', '\u115f\u3164\u00ad', '<U+115F><U+3164><U+00AD>'],
  ['lone surrogates', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
];

describe('text of foreign origin', () => {
  test.each(HOSTILE)('%s are shown, not obeyed', (_what, text, shown) => {
    expect(safeText(text)).toBe(shown);
  });

  test.each(['Zoë', '予約', 'חדר', 'a😀b', '👨\u200d👩\u200d👧', '❤\ufe0f'])('%s stays as it is', (text) => {
    expect(safeText(text)).toBe(text);
  });

  test('nothing that acts on a terminal ever gets through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeText(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}]/u);
      }),
    );
  });

  test('a message of several lines keeps them', () => {
    expect(safeLines('one\ntwo\u001b[2J')).toBe('one\ntwo␛[2J');
  });

  test('JSON for a terminal holds no control characters and parses to the same value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = safeJson({ text });
        expect(json).not.toMatch(/[\p{Cc}\u202e]/u);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

describe('widths', () => {
  test('a cut never splits a character and never exceeds the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 30 }), (text, width) => {
        expect(textWidth(truncate(safeText(text), width))).toBeLessThanOrEqual(width);
      }),
    );
    expect(truncate('予約予約', 5)).toBe('予約…');
    expect(truncate('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 5)).toBe('👨‍👩‍👧👨‍👩‍👧…');
  });

  test('cells are exactly as wide as asked', () => {
    expect(alignLeft('予約', 6)).toBe('予約  ');
    expect(alignRight('12', 4)).toBe('  12');
    expect(textWidth(alignLeft('予約予約', 4))).toBe(4);
  });

  test('wrapping keeps every word and every line within the width', () => {
    expect(wrap('simcity run --seed 42', 12)).toEqual(['simcity run', '--seed 42']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });
});

describe('commands to a runner of CI', () => {
  test.each([
    ['::error file=x::pwned', ': :error file=x::pwned'],
    ['  ::set-output name=a::b', '  : :set-output name=a::b'],
    ['::stop-commands::x', ': :stop-commands::x'],
    ['said ##[add-mask]x', 'said # #[add-mask]x'],
    ['##vso[task.setvariable variable=a]b', '# #vso[task.setvariable variable=a]b'],
    ["##teamcity[buildStop comment='x']", "# #teamcity[buildStop comment='x']"],
  ])('are none in what is stored: %j', (stored, shown) => {
    expect(safeText(stored)).toBe(shown);
    expect(safeLines(`first\n${stored}`)).toBe(`first\n${shown}`);
  });

  test.each(['::1', 'a::b', 'fe80::a9fe', '# ## ###', 'a ## b'])('leave %j as it is', (text) => {
    expect(safeText(text)).toBe(text);
  });
});
