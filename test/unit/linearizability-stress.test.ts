/** Dozens of operations open at once on one slot: decided, and soon. */
import { describe, expect, it } from 'vitest';
import {
  book,
  cancel,
  close,
  count,
  counts,
  ok,
  read,
  refused,
  type Step,
  shows,
  slotChecker,
  verdicts,
} from '../helpers/slot-history.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** Citizen `n` begins to book with a key of their own. */
const asks = (n: number): Step => ({ kind: 'invoke', id: n, call: book(`c${n}`, `k${n}`) });
const gets = (n: number): Step => ({ kind: 'complete', id: n, answer: ok(`b${n}`) });
const isRefused = (n: number, reason = 'full'): Step => ({
  kind: 'complete',
  id: n,
  answer: refused(reason),
});
const isLost = (n: number): Step => ({ kind: 'unknown', id: n });
const alone = (id: number, call: ReturnType<typeof cancel>, answer: ReturnType<typeof ok>): Step[] => [
  { kind: 'invoke', id, call },
  { kind: 'complete', id, answer },
];

/** CPU time, far more than it takes; what it must not take is minutes. */
const SOON_MS = 5_000;

function decides(capacity: number, steps: readonly Step[]): unknown[] {
  const began = process.cpuUsage();
  const found = verdicts(capacity, steps);
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(SOON_MS);
  return found;
}

const RIGHT: Record<string, Step[]> = {
  'sixty citizens ask for five seats, and the refusals come first': [
    ...range(1, 60).map(asks),
    ...range(6, 60).map((n) => isRefused(n)),
    ...range(1, 5).map(gets),
    ...alone(100, read, shows(5, true, 'c1=b1', 'c2=b2', 'c3=b3', 'c4=b4', 'c5=b5')),
  ],
  'sixty citizens ask for five seats, and refusals and bookings come mixed': [
    ...range(1, 60).map(asks),
    ...range(1, 60).map((n) => (n % 12 === 7 ? gets(n) : isRefused(n))),
    ...alone(100, count, counts(5, true, 5)),
  ],
  'forty citizens ask around an acknowledged close': [
    ...range(1, 40).map(asks),
    ...alone(100, close, ok()),
    ...range(1, 40).map((n) => (n % 8 === 0 ? gets(n) : isRefused(n, n % 2 ? 'closed' : 'full'))),
    ...alone(101, count, counts(5, false, 5)),
  ],
  'forty answers are lost, and what happened shows only in time': [
    ...range(1, 40).map(asks),
    ...range(1, 40).map(isLost),
    ...alone(100, count, counts(5, true, 3)),
    ...alone(101, read, shows(5, true, 'c7=b7', 'c20=b20', 'c33=b33')),
    ...alone(102, cancel('b20'), ok()),
    ...alone(103, read, shows(5, true, 'c7=b7', 'c33=b33', 'c40=b40')),
  ],
  'sixty operations of all kinds are under way at once': [
    ...range(1, 5).flatMap((n) => alone(n, book(`c${n}`, `k${n}`), ok(`b${n}`))),
    ...range(11, 40).map(asks),
    ...range(1, 5).map((n): Step => ({ kind: 'invoke', id: 50 + n, call: cancel(`b${n}`) })),
    ...range(60, 79).map((id): Step => ({ kind: 'invoke', id, call: id % 2 ? read : count })),
    ...range(16, 40).map((n) => isRefused(n)),
    ...range(60, 69).map(
      (id): Step => ({
        kind: 'complete',
        id,
        answer: id % 2 ? shows(5, true, 'c4=b4', 'c5=b5', 'c11=b11') : counts(5, true, 2),
      }),
    ),
    ...range(1, 5).map((n): Step => ({ kind: 'complete', id: 50 + n, answer: ok() })),
    ...range(11, 15).map(gets),
    ...range(70, 79).map(
      (id): Step => ({
        kind: 'complete',
        id,
        answer: id % 2 ? shows(5, true, 'c11=b11', 'c12=b12') : counts(5, true, 5),
      }),
    ),
  ],
};

const WRONG: Record<string, Step[]> = {
  'sixty citizens ask for five seats, and a sixth gets one': [
    ...range(1, 60).map(asks),
    ...range(7, 30).map((n) => isRefused(n)),
    ...range(1, 6).map(gets),
  ],
  'a seat is given in a slot that was closed, among forty that ask': [
    ...range(1, 40).map(asks),
    ...alone(100, close, ok()),
    ...range(1, 5).map(gets),
    gets(6),
  ],
  'a read shows four bookings, a later one others, and nobody cancelled': [
    ...range(1, 40).map(asks),
    ...alone(100, read, shows(5, true, 'c1=b1', 'c2=b2', 'c3=b3', 'c4=b4')),
    ...alone(101, read, shows(5, true, 'c1=b1', 'c2=b2', 'c3=b3', 'c5=b5')),
  ],
  'forty answers are lost, and a count goes back although nobody cancelled': [
    ...range(1, 40).map(asks),
    ...range(1, 40).map(isLost),
    ...alone(100, count, counts(5, true, 3)),
    ...alone(101, count, counts(5, true, 2)),
  ],
};

describe('right histories', () => {
  for (const [name, steps] of Object.entries(RIGHT)) {
    it(name, () => expect(decides(5, steps)).toEqual(steps.map(() => true)));
  }
});

describe('wrong histories fail at their last answer', () => {
  for (const [name, steps] of Object.entries(WRONG)) {
    it(name, () => expect(decides(5, steps)).toEqual(steps.map((_, i) => i < steps.length - 1)));
  }
});

describe('bounds', () => {
  it('says that it does not know when the bound is hit, then and from then on', () => {
    const checker = slotChecker(5, { maxConfigurations: 3 });
    for (const n of range(1, 40)) checker.invoke(n, book(`c${n}`, `k${n}`));
    const verdict = checker.complete(40, refused('full'));
    expect(verdict.ok).toBe('unknown');
    expect(checker.complete(1, ok('b1')).ok).toBe('unknown');
    expect(checker.pending).toBe(0);
  });

  it('keeps nothing of a long history that it does not need', () => {
    const checker = slotChecker(2);
    for (let n = 1; n <= 20_000; n++) {
      const call = book(`c${n % 5}`, `k${n}`);
      checker.invoke(n, call);
      expect(checker.complete(n, ok(`b${n}`)).ok).toBe(true);
      checker.forget(call);
      checker.invoke(-n, cancel(`b${n}`));
      expect(checker.complete(-n, ok()).ok).toBe(true);
    }
    expect(checker.size).toBe(1);
    expect(checker.pending).toBe(0);
    expect(checker.states()).toEqual([{ capacity: 2, open: true, seats: 0, entries: [] }]);
  });
});
