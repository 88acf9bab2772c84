/** The reference bank in memory; a known bug replaces single steps. */
import type { Call, MemoryRoutine, MemoryService, Reply } from '../../public.ts';
import type { Account, Bank, BankCall, TransferCall } from './calls.ts';

export interface MemorySteps {
  /** Whether a transfer holds both accounts from its first look to its end. */
  locksAccounts: boolean;
  /** Whether a repeat is known by its key. */
  knowsRepeats: boolean;
  /** Whether all accounts are read at one instant. */
  readsAtOnce: boolean;
}

export const rightMemorySteps: MemorySteps = { locksAccounts: true, knowsRepeats: true, readsAtOnce: true };

/** A scheduling point: another request may run here. */
const POINT = undefined;

export class MemoryBank implements MemoryService {
  readonly #steps: MemorySteps;
  readonly #balances = new Map<string, number>();
  readonly #done = new Set<string>();

  constructor(steps: Partial<MemorySteps> = {}) {
    this.#steps = { ...rightMemorySteps, ...steps };
  }

  prepare(world: Readonly<Record<string, unknown>>): void {
    this.#balances.clear();
    this.#done.clear();
    for (const { id, balance } of (world as Bank).accounts) this.#balances.set(id, balance);
  }

  handle(call: Call): MemoryRoutine {
    const bankCall = call as BankCall;
    if (bankCall.operation === 'transfer') return this.#transfer(bankCall);
    return bankCall.operation === 'balance' ? this.#balance(bankCall.account) : this.#statement();
  }

  inspect(): Account[] {
    return [...this.#balances].map(([id, balance]) => ({ id, balance }));
  }

  /** Nobody repeats this transfer any more. */
  forget(what: unknown): void {
    this.#done.delete(keyOf(what as TransferCall));
  }

  *#transfer(call: TransferCall): MemoryRoutine {
    // Always in the same order, so that two transfers never wait for each other.
    if (this.#steps.locksAccounts) for (const lock of [call.from, call.to].sort()) yield { lock };
    else yield POINT;
    if (this.#steps.knowsRepeats && this.#done.has(keyOf(call))) return ok({ amount: call.amount });
    const from = this.#balances.get(call.from) ?? 0;
    const to = this.#balances.get(call.to) ?? 0;
    yield POINT;
    if (from < call.amount) return { outcome: 'refused', reason: 'insufficient-funds' };
    this.#balances.set(call.from, from - call.amount);
    this.#balances.set(call.to, to + call.amount);
    this.#done.add(keyOf(call));
    return ok({ amount: call.amount });
  }

  *#balance(account: string): MemoryRoutine {
    yield POINT;
    return ok({ balance: this.#balances.get(account) });
  }

  *#statement(): MemoryRoutine {
    const accounts: Account[] = [];
    yield POINT;
    for (const id of this.#balances.keys()) {
      if (!this.#steps.readsAtOnce) yield POINT;
      accounts.push({ id, balance: this.#balances.get(id) as number });
    }
    return ok({ accounts });
  }
}

function keyOf({ from, key }: TransferCall): string {
  return `${from} ${key}`;
}

function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}
