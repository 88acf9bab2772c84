/** Objects that an open request ties are checked as one, and by themselves again once it is over. */
import { describe, expect, it } from 'vitest';
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import type { SequentialModel } from '../../runner/checkers/model.ts';
import { type ShelfAnswer, type ShelfCall, shelfModel } from '../helpers/shelves.ts';

const ok: ShelfAnswer = { outcome: 'ok' };
const refused: ShelfAnswer = { outcome: 'refused' };
const shows = (count: number): ShelfAnswer => ({ outcome: 'ok', count });
const take = (count: number, key: string): ShelfCall => ({ kind: 'take', count, key });
const put = (count: number, key: string): ShelfCall => ({ kind: 'put', count, key });
const look: ShelfCall = { kind: 'look' };

const one = (object: string, call: ShelfCall) => [{ object, call }];
const tied = (a: ShelfCall, b: ShelfCall) => [
  { object: 'a', call: a, tied: true },
  { object: 'b', call: b, tied: true },
];

/** Two shelves with two things each. */
function shelves(): HistoryChecker {
  const model = {
    ...shelfModel(true, false),
    settled: (_call: ShelfCall, answer: ShelfAnswer) =>
      answer.outcome === 'ok' ? { count: answer.count ?? 0, made: [] } : null,
  };
  return new HistoryChecker(model as unknown as SequentialModel<unknown, unknown, unknown>, { stock: 2 });
}

describe('a request of two objects', () => {
  it('is refused for want of one of them, and neither changes', () => {
    const checker = shelves();
    checker.invoke(1, tied(take(3, 'k'), take(1, 'k')));
    expect(checker.complete(1, tied(take(3, 'k'), take(1, 'k')), [refused, refused])).toBeNull();
    expect([checker.states('a'), checker.states('b')]).toMatchObject([[{ count: 2 }], [{ count: 2 }]]);
  });

  it('is told of by the object that breaks it', () => {
    const checker = shelves();
    const parts = tied(take(1, 'k'), take(3, 'k'));
    checker.invoke(1, parts);
    expect(checker.complete(1, parts, [ok, ok])).toMatchObject({ object: 'b', states: [{ count: 2 }] });
  });

  it('may not be seen to have happened to one object and later not to the other', () => {
    const checker = shelves();
    const parts = tied(take(1, 'k'), put(1, 'k'));
    checker.invoke(1, parts);
    checker.invoke(2, one('a', look));
    expect(checker.complete(2, one('a', look), [shows(1)])).toBeNull();
    checker.invoke(3, one('b', look));
    expect(checker.complete(3, one('b', look), [shows(2)])).toMatchObject({ object: 'b' });
  });

  it('that got no answer happens to both or to neither', () => {
    const checker = shelves();
    const parts = tied(take(1, 'k'), put(1, 'k'));
    checker.invoke(1, parts);
    checker.unknown(1, parts);
    checker.invoke(2, one('b', look));
    expect(checker.complete(2, one('b', look), [shows(3)])).toBeNull();
    checker.invoke(3, one('a', look));
    expect(checker.complete(3, one('a', look), [shows(2)])).toMatchObject({ object: 'a' });
  });

  it('names an earlier refusal that only the other object contradicts', () => {
    const checker = shelves();
    const lost = tied(take(2, 'k'), take(2, 'k'));
    checker.invoke(1, lost);
    checker.unknown(1, lost);
    const parts = tied(take(1, 'l'), take(1, 'l'));
    checker.invoke(2, parts);
    expect(checker.complete(2, parts, [refused, refused], undefined, { about: 'the refusal' })).toBeNull();
    expect(checker.expire(1, lost)).toBeNull();
    checker.invoke(3, one('b', look));
    expect(checker.complete(3, one('b', look), [shows(2)])).toMatchObject({
      object: 'b',
      culprit: { about: 'the refusal', states: [{ count: 2 }] },
    });
  });
});

it('objects are checked by themselves again once nothing ties them', () => {
  const checker = shelves();
  const parts = tied(take(1, 'k'), put(1, 'k'));
  checker.invoke(1, parts);
  checker.complete(1, parts, [ok, ok]);
  checker.invoke(2, one('a', take(1, 'l')));
  const before = checker.cost.configurations;
  for (let id = 3; id < 100; id++) {
    checker.invoke(id, one('b', look));
    expect(checker.complete(id, one('b', look), [shows(3)])).toBeNull();
  }
  // Beside an open request of the other object, each would be held in what is kept.
  expect(checker.cost.configurations).toBe(before);
  expect(checker.complete(2, one('a', take(1, 'l')), [ok])).toBeNull();
});

it('objects that are tied yet begin anew when audits showed all of them', () => {
  const checker = shelves();
  const parts = tied(take(1, 'k'), take(1, 'k'));
  checker.invoke(1, parts);
  checker.unknown(1, parts);
  for (const [id, object] of [
    [-1, 'a'],
    [-2, 'b'],
  ] as const) {
    checker.invoke(id, one(object, look));
    expect(checker.complete(id, one(object, look), [shows(2)])).toBeNull();
    checker.settle(object, look, shows(2));
  }
  checker.invoke(2, one('a', look));
  expect(checker.complete(2, one('a', look), [shows(1)])).toMatchObject({ object: 'a' });
});
