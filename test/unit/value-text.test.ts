/** Values of a failure in words. */
import { expect, it } from 'vitest';
import { actualWords, expectedWords } from '../../cli/run/bundle-words.ts';
import { sentenceText, valueText } from '../../cli/run/value-text.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';

const holding = (id: string, citizen: string) => ({ id, citizen });

it('names the holders, and of how many seats they are', () => {
  const two = [holding('b-1', 'ann'), holding('b-2', 'bob')];
  expect(valueText(two, { capacity: 1 })).toBe('holders: ann (b-1), bob (b-2); 2 of 1 seat');
  expect(valueText(two.slice(1), { capacity: 2 })).toBe('holder: bob (b-2); 1 of 2 seats');
  expect(valueText(two)).toBe('holders: ann (b-1), bob (b-2)');
});

it('tells fields by their names, and alternatives with or', () => {
  expect(valueText({ refused: 'full' })).toBe('refused full');
  expect(valueText(['refused: full', 'refused: closed'])).toBe('refused: full, or refused: closed');
  expect(valueText({ id: 's', capacity: 1, open: false, bookings: [] })).toBe(
    's: capacity 1, not open, no bookings',
  );
  expect([valueText(null), valueText([]), valueText({}), valueText(3)]).toEqual([
    'nothing',
    'none',
    'nothing',
    '3',
  ]);
});

it('tells a value at the end of a sentence in words, and leaves what is no value as it is', () => {
  const slot = { id: 's', capacity: 1, open: true, bookings: [holding('b-1', 'ann')] };
  expect(sentenceText(`the target shows ${JSON.stringify(slot)}`)).toBe(
    'the target shows s: capacity 1, open, holder: ann (b-1); 1 of 1 seat',
  );
  expect(sentenceText('it shows {"cut')).toBe('it shows {"cut');
});

it('obeys nothing that stands in a value, and ends in one that goes deep', () => {
  const evil = '\u001b[2J';
  const deep = { [evil]: { a: { b: { c: { d: evil } } } }, list: [holding(evil, evil)] };
  expect(valueText(deep)).not.toContain('\u001b');
  expect(sentenceText(`${evil}${JSON.stringify([evil])}`)).not.toContain('\u001b');
});

it('says what a bundle expected, with the seats of its object', () => {
  const bundle = recordedForensic({
    expected: [],
    actual: [holding('b-1', 'ann'), holding('b-2', 'bob')],
    object: 's',
    city: [{ id: 's', capacity: 1 }],
  });
  expect(expectedWords(bundle)).toBe('nothing: no answer would have been right');
  expect(actualWords(bundle)).toBe('holders: ann (b-1), bob (b-2); 2 of 1 seat');
  expect(expectedWords({ ...bundle, expected: null })).toBeNull();
});
