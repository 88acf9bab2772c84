/** The named invariants of `transfers`, judged from what is seen at one instant. */
import type { Violation } from '../../public.ts';
import type { Account } from './calls.ts';

/** After a balance was shown. */
export function checkBalance({ id, balance }: Account): Violation | null {
  if (balance >= 0) return null;
  return {
    invariant: 'no-account-below-zero',
    message: `${id} holds ${balance} coins.`,
    actual: balance,
    expected: 'at least 0',
    object: id,
  };
}

/** After all accounts were shown as they were at one instant; `total` is what was in the bank at the start. */
export function checkAccounts(accounts: readonly Account[], total: number): Violation | null {
  let sum = 0;
  for (const account of accounts) {
    const violation = checkBalance(account);
    if (violation) return violation;
    sum += account.balance;
  }
  if (sum === total) return null;
  return {
    invariant: 'money-is-conserved',
    message: `The accounts hold ${sum} coins together, but ${total} were put in and none can leave.`,
    actual: sum,
    expected: total,
    object: null,
  };
}
