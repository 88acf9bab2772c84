/** What a model of several objects allows, in words: of an answer to all parts of a call. */
import { expect, test } from 'vitest';
import { jointModel } from '../../runner/checkers/joint/joint-model.ts';
import { ANY_TIME, type SequentialModel } from '../../runner/checkers/model.ts';

/** Of an object whose state is what it allows. */
const MODEL = {
  describe: (state: unknown) => state as readonly string[],
} as unknown as SequentialModel<unknown, unknown, unknown>;

function allowed(...states: (readonly string[])[]): readonly string[] {
  const objects = states.map((_, i) => `room-${i + 1}`);
  return jointModel(MODEL, objects).describe(
    states,
    objects.map((object) => ({ object, call: null })),
    ANY_TIME,
  );
}

test('a call of one part allows what its object does', () => {
  expect(allowed(['ok with unit 1', 'ok with unit 2'])).toEqual(['ok with unit 1', 'ok with unit 2']);
});

test('what one of several objects refuses is refused', () => {
  expect(allowed(['ok'], ['refused: taken'])).toEqual(['refused: taken']);
  expect(allowed(['refused: taken'], ['refused: taken'])).toEqual(['refused: taken']);
});

test('of parts that are all allowed those are told that say more than ok', () => {
  expect(allowed(['ok'], ['ok'])).toEqual(['ok']);
  expect(allowed(['ok'], ['ok with unit 1', 'ok with unit 2'])).toEqual(['ok with unit 1', 'ok with unit 2']);
  expect(allowed(['ok with unit 1'], ['ok with unit 2', 'ok with unit 3'])).toEqual([
    'ok with unit 1 at room-1, ok with unit 2 or ok with unit 3 at room-2',
  ]);
});
