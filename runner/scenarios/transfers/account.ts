/** One account as the sequential model of `transfers` knows it, and what is asked of it and answered. */

export interface AccountState {
  readonly balance: number;
  /** Keys of the transfers that have moved money here and may be repeated yet, sorted. */
  readonly done: readonly string[];
}

/** The share of a call that concerns one account. */
export type AccountCall =
  | { readonly operation: 'debit' | 'credit'; readonly amount: number; readonly key: string }
  | { readonly operation: 'balance' };

export type AccountAnswer =
  | { readonly outcome: 'ok'; readonly balance?: number }
  | { readonly outcome: 'refused'; readonly reason: string };
