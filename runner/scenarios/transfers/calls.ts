/** The calls of the `transfers` domain, and the bank that they are made in. */
import type { Call } from '../../public.ts';

export interface TransferCall extends Call {
  readonly operation: 'transfer';
  readonly from: string;
  readonly to: string;
  /** In whole coins. */
  readonly amount: number;
  /** A repeat with the same key moves the money once. */
  readonly key: string;
}

export interface BalanceCall extends Call {
  readonly operation: 'balance';
  readonly account: string;
}

/** All accounts as they are at one instant. */
export interface StatementCall extends Call {
  readonly operation: 'statement';
}

export type BankCall = TransferCall | BalanceCall | StatementCall;

export const BANK_OPERATIONS = ['transfer', 'balance', 'statement'] as const;

export interface Account {
  readonly id: string;
  readonly balance: number;
}

export interface Bank {
  readonly accounts: readonly Account[];
  [extra: string]: unknown;
}
