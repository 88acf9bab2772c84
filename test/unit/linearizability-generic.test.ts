/** The checker on a model of another domain that has only what every model must have. */
import { describe, expect, it } from 'vitest';
import { LinearizabilityChecker } from '../../runner/checkers/linearizability/index.ts';
import type { SequentialModel } from '../../runner/checkers/model.ts';

type Call = { kind: 'add'; amount: number } | { kind: 'get' };

/** An account: `add` answers the new balance, or -1 when that would be below zero. */
const account: SequentialModel<number, Call, number> = {
  initial: () => 0,
  apply(state, call, answer) {
    if (call.kind === 'get') return answer === state ? state : null;
    const after = state + call.amount;
    if (after < 0) return answer === -1 ? state : null;
    return answer === after ? after : null;
  },
  effects(state, call) {
    if (call.kind === 'get' || state + call.amount < 0 || call.amount === 0) return [];
    return [{ state: state + call.amount, outcome: `${state + call.amount}` }];
  },
  confirm: (state, _call, outcome, answer) => (String(answer) === outcome ? state : null),
  key: String,
  describe: (state, call) => [String(call.kind === 'get' ? state : state + call.amount)],
};

const add = (amount: number): Call => ({ kind: 'add', amount });
const get: Call = { kind: 'get' };
const checker = () => new LinearizabilityChecker(account, 'account');

describe('a model without hints', () => {
  it('explains answers that came in another order than the calls', () => {
    const c = checker();
    for (const id of [1, 2, 3]) c.invoke(id, add(id));
    expect(c.complete(1, 6).ok).toBe(true);
    expect(c.complete(2, 5).ok).toBe(true);
    expect(c.complete(3, 3).ok).toBe(true);
    expect(c.states()).toEqual([6]);
  });

  it('finds an update that was lost', () => {
    const c = checker();
    c.invoke(1, add(1));
    c.invoke(2, add(1));
    expect(c.complete(1, 1).ok).toBe(true);
    const verdict = c.complete(2, 1);
    expect(verdict.ok).toBe(false);
    expect(verdict).toMatchObject({ allowed: ['2'], states: [1] });
  });

  it('lets a call without an answer take effect late, once', () => {
    const c = checker();
    c.invoke(1, add(5));
    c.unknown(1);
    c.invoke(2, get);
    expect(c.complete(2, 0).ok).toBe(true);
    c.invoke(3, get);
    expect(c.complete(3, 5).ok).toBe(true);
    c.invoke(4, get);
    expect(c.complete(4, 10).ok).toBe(false);
  });

  it('lets a call that expired take effect no more', () => {
    const c = checker();
    c.invoke(1, add(5));
    expect(c.expire(1).ok).toBe(true);
    expect(c.states().sort()).toEqual([0, 5]);
    expect(c.quiescentCheck(0, get).ok).toBe(true);
    expect(c.quiescentCheck(5, get).ok).toBe(false);
  });

  it('refuses an operation that is not open', () => {
    const c = checker();
    c.invoke(1, get);
    c.complete(1, 0);
    expect(() => c.complete(1, 0)).toThrow('The operation 1 is not open');
  });
});

/** Something that is made, and then ended, each once. */
const thing: SequentialModel<string, 'make' | 'end' | 'look', string> = {
  initial: () => 'none',
  apply: (state, call, answer) => {
    if (call === 'look') return answer === state ? state : null;
    return answer === 'ok' && state === before(call) ? after(call) : null;
  },
  effects: (state, call) =>
    call !== 'look' && state === before(call) ? [{ state: after(call), outcome: 'ok' }] : [],
  confirm: (state, _call, outcome, answer) => (answer === outcome ? state : null),
  key: String,
  describe: (state, call) => (call === 'look' ? [state] : ['ok']),
  // Nobody ends what was not made.
  spent: (state, call) => call === 'look' || state !== before(call),
};
const before = (call: 'make' | 'end') => (call === 'make' ? 'none' : 'made');
const after = (call: 'make' | 'end') => (call === 'make' ? 'made' : 'ended');

describe('a call without an answer that is about something made after the history was folded', () => {
  it('may take effect', () => {
    const c = new LinearizabilityChecker(thing, 'thing', { foldEvery: 1 });
    c.invoke(1, 'look');
    c.invoke(2, 'look');
    expect(c.complete(1, 'none').ok).toBe(true);
    c.invoke(3, 'look');
    c.invoke(4, 'make');
    expect(c.complete(4, 'ok').ok).toBe(true);
    c.invoke(5, 'end');
    c.unknown(5);
    expect(c.complete(2, 'none').ok).toBe(true);
    expect(c.complete(3, 'ended').ok).toBe(true);
  });
});
