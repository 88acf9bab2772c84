/**
 * Which pending calls can matter to which others on one account: false only when doing the one before the
 * other can neither help the other nor save the one. It keeps the checker's search off hopeless orders.
 */
import type { AccountAnswer, AccountCall, AccountState } from './account.ts';

type Change = Exclude<AccountCall, { operation: 'balance' }>;
type Maybe<T> = T | undefined;

/** True when `call` with this answer changes nothing by itself; an answer that is not known may have. */
export function observes(call: AccountCall, answer: Maybe<AccountAnswer>): boolean {
  return call.operation === 'balance' || answer?.outcome === 'refused';
}

export function relevant(
  state: AccountState,
  pending: AccountCall,
  pendingAnswer: Maybe<AccountAnswer>,
  target: AccountCall,
  targetAnswer: Maybe<AccountAnswer>,
): boolean {
  if (observes(target, targetAnswer)) {
    return !observes(pending, pendingAnswer) && helps(state, pending as Change, target, targetAnswer);
  }
  const change = target as Change;
  if (observes(pending, pendingAnswer)) return isHindered(pending, pendingAnswer, change);
  return isOrdered(state, pending as Change, change);
}

/** Could the change `pending` help `target` to see what it answered? */
function helps(
  state: AccountState,
  pending: Change,
  target: AccountCall,
  answer: Maybe<AccountAnswer>,
): boolean {
  if (!answer) return false;
  if (target.operation === 'credit') return false;
  // Want of money comes from money that has gone.
  if (target.operation === 'debit') return pending.operation === 'debit' && state.balance >= target.amount;
  const shown = answer.outcome === 'ok' ? (answer.balance ?? state.balance) : state.balance;
  return pending.operation === 'credit' ? shown > state.balance : shown < state.balance;
}

/** Could the change `target` take away what `pending` saw? */
function isHindered(pending: AccountCall, answer: Maybe<AccountAnswer>, target: Change): boolean {
  if (!answer) return false;
  if (pending.operation === 'balance') return true;
  return pending.key === target.key || (pending.operation === 'debit' && target.operation === 'credit');
}

/** Two changes: could `pending` help `target`, or be impossible after it? */
function isOrdered({ balance }: AccountState, pending: Change, target: Change): boolean {
  if (pending.key === target.key) return true;
  if (target.operation === 'credit') return false;
  if (pending.operation === 'credit') return balance < target.amount;
  return balance < target.amount + pending.amount;
}
