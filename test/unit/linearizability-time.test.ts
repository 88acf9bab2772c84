/** What a model with time is told, and what the checker makes of answers about the end of a hold. */
import { describe, expect, it, test } from 'vitest';
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import type { SequentialModel, When } from '../../runner/checkers/model.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { type DeskAnswer, type DeskCall, deskModel, OK, REFUSED } from '../helpers/desk.ts';
import { checkedDesk } from '../helpers/desk-history.ts';
import type { DeskStep } from '../helpers/desk-oracle.ts';

const TOLERANCE = 2;
const UNTIL = 100;
const shape = { places: 1, tolerance: TOLERANCE, isActive: true };

/** A hold until UNTIL, and a payment for it that begins and ends at `at` with this answer. True: it is explained. */
function isRight(at: number, answer: DeskAnswer, isActive = true): boolean {
  const hold = { kind: 'hold', who: 'a', until: UNTIL } as const;
  const found = checkedDesk(
    deskModel({ ...shape, isActive }, true),
    [
      { kind: 'invoke', id: 1, at: 10, call: hold },
      { kind: 'complete', id: 1, at: 11, answer: OK },
      { kind: 'invoke', id: 2, at, call: { kind: 'pay', who: 'a' } },
      { kind: 'complete', id: 2, at, answer },
    ],
    256,
  );
  return found === -1;
}

describe.each([true, false])('a hold (that ends by itself: %s)', (isActive) => {
  test.each([UNTIL - TOLERANCE, UNTIL, UNTIL + TOLERANCE])('at %d may stand or be gone', (at) => {
    expect(isRight(at, OK, isActive)).toBe(true);
    expect(isRight(at, REFUSED, isActive)).toBe(true);
  });

  it('stands before, and is gone after', () => {
    expect(isRight(UNTIL - TOLERANCE - 1, OK, isActive)).toBe(true);
    expect(isRight(UNTIL - TOLERANCE - 1, REFUSED, isActive)).toBe(false);
    expect(isRight(UNTIL + TOLERANCE + 1, OK, isActive)).toBe(false);
    expect(isRight(UNTIL + TOLERANCE + 1, REFUSED, isActive)).toBe(true);
  });
});

it('may have ended before a call that would have changed nothing while it stood', () => {
  const steps: DeskStep[] = [
    { kind: 'invoke', id: 1, at: 2, call: { kind: 'hold', who: 'a', until: 6 } },
    { kind: 'complete', id: 1, at: 2, answer: OK },
    { kind: 'invoke', id: 2, at: 2, call: { kind: 'join', who: 'a', until: 5 } },
    { kind: 'complete', id: 2, at: 6, answer: OK },
    { kind: 'invoke', id: 3, at: 11, call: { kind: 'look' } },
    { kind: 'complete', id: 3, at: 11, answer: { outcome: 'ok', shown: '||a5' } },
  ];
  expect(checkedDesk(deskModel({ places: 1, tolerance: 0, isActive: true }, true), steps, 256)).toBe(-1);
});

describe('a clock that is wrong', () => {
  /** What a model is told of a call that begins and ends a second later, with what is done to the clock before and meanwhile. */
  function told(before: (clock: CityClock) => void, meanwhile: (clock: CityClock) => void = () => {}): When {
    const clock = new CityClock();
    const startMs = clock.databaseMs();
    const found: When[] = [];
    const model: SequentialModel<number, null, null> = {
      timed: true,
      initial: () => 0,
      apply: (state, _call, _answer, when) => {
        found.push(when);
        return state;
      },
      effects: () => [],
      confirm: (state) => state,
      key: String,
      describe: () => [],
    };
    const checker = new HistoryChecker(model as never, null, { time: clock });
    const parts = [{ object: 'a', call: null }];
    before(clock);
    checker.invoke(1, parts);
    meanwhile(clock);
    clock.virtualMs += 1_000;
    checker.complete(1, parts, [null]);
    const { from, to } = found[0] as When;
    return { from: from - startMs, to: to - startMs };
  }

  it('is heard beside the right one, whichever the service goes by', () => {
    expect(told(() => {})).toEqual({ from: 0, to: 1_000 });
    expect(told((clock) => (clock.skewMs = 500))).toEqual({ from: 0, to: 1_500 });
    expect(told((clock) => (clock.skewMs = -500))).toEqual({ from: -500, to: 1_000 });
  });

  it('is heard as it was at any time of the call', () => {
    const change = (skewMs: number) => (clock: CityClock) => {
      clock.skewMs = skewMs;
    };
    expect(told(change(-500), change(0))).toEqual({ from: -500, to: 1_000 });
    expect(told(change(0), change(-500))).toEqual({ from: -500, to: 1_000 });
  });

  it('that was ahead has ended what ended by it', () => {
    const wasAhead = (clock: CityClock) => {
      clock.skewMs = 60_000;
      clock.skewMs = 0;
    };
    expect(told(wasAhead)).toEqual({ from: 0, to: 60_000 });
  });

  it('goes on from where it was moved to', () => {
    const clock = new CityClock();
    clock.virtualMs = 10;
    const to = clock.databaseMs() + 600_000;
    clock.moveTo(to);
    clock.virtualMs += 5;
    clock.skewMs = 3;
    expect([clock.databaseMs() - to, clock.nowMs() - to]).toEqual([5, 8]);
  });
});

it('leaves the time out for a model that does not ask for it', () => {
  const seen: When[] = [];
  const model = deskModel(shape, false);
  const untimed = {
    ...model,
    timed: false,
    apply: (...[state, call, answer, when]: Parameters<typeof model.apply>) => {
      seen.push(when);
      return model.apply(state, call, answer, when);
    },
  };
  const checker = new HistoryChecker(untimed as never, null, { time: new CityClock() });
  const parts = [{ object: 'desk', call: { kind: 'look' } satisfies DeskCall }];
  checker.invoke(1, parts);
  checker.complete(1, parts, [{ outcome: 'ok', shown: '||' }]);
  expect(seen).toEqual([{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]);
});
