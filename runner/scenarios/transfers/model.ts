/** The sequential model of one account: which answers are right, and what each call changes. */
import type { SequentialModel } from '../../public.ts';
import type { AccountAnswer, AccountCall, AccountState } from './account.ts';
import type { Bank } from './calls.ts';
import { observes, relevant } from './relevance.ts';

export type AccountModel = SequentialModel<AccountState, AccountCall, AccountAnswer>;

export const accountModel: AccountModel = {
  initial(object, world) {
    const account = (world as Bank).accounts.find(({ id }) => id === object);
    if (!account) throw new Error(`The bank has no account ${JSON.stringify(object)}.`);
    return { balance: account.balance, done: [] };
  },

  apply(state, call, answer) {
    if (call.operation === 'balance') {
      return answer.outcome === 'ok' && answer.balance === state.balance ? state : null;
    }
    // A repeat of a transfer that was made is told so, whatever the account holds by now.
    if (state.done.includes(call.key)) return answer.outcome === 'ok' ? state : null;
    if (answer.outcome === 'ok') return moved(state, call);
    // For want of money on the other account a credit is refused whatever this one holds.
    return call.operation === 'credit' || state.balance < call.amount ? state : null;
  },

  effects(state, call) {
    if (call.operation === 'balance' || state.done.includes(call.key)) return [];
    const after = moved(state, call);
    return after ? [{ state: after, outcome: 'moved' }] : [];
  },

  confirm: (state, _call, _outcome, answer) => (answer.outcome === 'ok' ? state : null),

  key: ({ balance, done }) => `${balance} ${done.join(' ')}`,

  describe(state, call) {
    if (call.operation === 'balance') return [`a balance of ${state.balance}`];
    if (state.done.includes(call.key)) return ['ok, as it was made already'];
    if (call.operation === 'credit') return ['ok', 'refused: insufficient-funds'];
    return state.balance < call.amount ? ['refused: insufficient-funds'] : ['ok'];
  },

  relevant,
  observes,

  spent: (state, call) => call.operation === 'balance' || state.done.includes(call.key),

  forget(state, what) {
    const { key } = what as { key?: string };
    if (key === undefined || !state.done.includes(key)) return state;
    return { ...state, done: state.done.filter((other) => other !== key) };
  },
};

function moved(
  state: AccountState,
  call: Exclude<AccountCall, { operation: 'balance' }>,
): AccountState | null {
  const balance = state.balance + (call.operation === 'credit' ? call.amount : -call.amount);
  return balance < 0 ? null : { balance, done: [...state.done, call.key].sort() };
}
