/** The workload of `transfers`: what the citizens do next, what they know, and what that knowledge forbids. */
import type {
  JsonObject,
  ModelPart,
  Operation,
  Prng,
  Reply,
  RunConfig,
  SequentialModel,
  Violation,
  Workload,
} from '../../public.ts';
import type { AccountState } from './account.ts';
import type { Account, BankCall, TransferCall } from './calls.ts';
import { checkAccounts, checkBalance } from './invariants.ts';
import { accountModel } from './model.ts';

/** How often citizens do what, in parts of 100; the rest are transfers. */
const SHARE = { balance: 24, statement: 12 } as const;
/** This share of the transfers touches one account, so that they meet. */
const HOT_SHARE = 0.4;
/** Which account that is changes after so many operations. */
const HOT_FOR = 40;
const LARGEST_AMOUNT = 60;
/** Keys of the newest transfers that were counted: a repeat of one is told so, but moves nothing. */
const COUNTED_REMEMBERED = 256;

export class BankWorkload implements Workload<BankCall> {
  readonly world: JsonObject & { accounts: Account[] };
  readonly objects: readonly string[];
  readonly model = accountModel as unknown as SequentialModel<unknown, unknown, unknown>;
  readonly #citizens: number;
  readonly #total: number;
  /** Transfers under way, by the pair of accounts. */
  readonly #underWay = new Map<string, number>();
  readonly #counted = new Set<string>();
  #transfers = 0;
  #coinsMoved = 0;
  #insufficient = 0;
  readonly #sometimes = {
    'an account had too little money': 0,
    'two transfers crossed': 0,
    'a statement was made during transfers': 0,
  };

  constructor(config: RunConfig, prng: Prng) {
    const count = Math.max(2, config.slots);
    const accounts = Array.from({ length: count }, (_, i) => ({
      id: `account-${String(i + 1).padStart(3, '0')}`,
      balance: 20 + prng.below(81),
    }));
    this.world = { accounts };
    this.objects = accounts.map(({ id }) => id);
    this.#total = accounts.reduce((sum, { balance }) => sum + balance, 0);
    this.#citizens = config.citizens;
  }

  plan(n: number, prng: Prng, focus: string | null): { actor: string; call: BankCall } {
    const actor = `citizen-${String(prng.below(this.#citizens) + 1).padStart(3, '0')}`;
    const roll = prng.below(100);
    const one = focus ?? this.#choose(n, prng);
    const step = 1 + prng.below(this.objects.length - 1);
    const other = this.objects[(this.objects.indexOf(one) + step) % this.objects.length] as string;
    const pays = prng.chance(0.5);
    const amount = 1 + prng.below(LARGEST_AMOUNT);
    if (focus === null && roll < SHARE.statement) return { actor, call: { operation: 'statement' } };
    if (focus === null && roll < SHARE.statement + SHARE.balance) {
      return { actor, call: { operation: 'balance', account: one } };
    }
    const [from, to] = pays ? [one, other] : [other, one];
    return { actor, call: { operation: 'transfer', from, to, amount, key: `t-${n}` } };
  }

  repeats(call: BankCall): boolean {
    return call.operation === 'transfer';
  }

  objectOf(call: BankCall): string | null {
    if (call.operation === 'transfer') return call.from;
    return call.operation === 'balance' ? call.account : null;
  }

  parts(call: BankCall): readonly ModelPart[] {
    if (call.operation === 'statement') return this.objects.map((object) => ({ object, call: BALANCE }));
    if (call.operation === 'balance') return [{ object: call.account, call: BALANCE }];
    const { from, to, amount, key } = call;
    return [
      { object: from, call: { operation: 'debit', amount, key } },
      { object: to, call: { operation: 'credit', amount, key } },
    ];
  }

  answers(call: BankCall, parts: readonly ModelPart[], reply: Reply): readonly unknown[] {
    if (reply.outcome === 'failed') return [];
    if (reply.outcome === 'refused') return parts.map(() => reply);
    if (call.operation !== 'statement') return parts.map(() => ({ outcome: 'ok', ...reply.value }));
    const balances = new Map(accountsOf(reply.value).map(({ id, balance }) => [id, balance]));
    return parts.map(({ object }) => ({ outcome: 'ok', balance: balances.get(object) }));
  }

  invoked({ call }: Operation<BankCall>): void {
    if (call.operation === 'statement' && this.#underWay.size > 0) {
      this.#sometimes['a statement was made during transfers']++;
    }
    if (call.operation !== 'transfer') return;
    if (this.#underWay.has(`${call.to} ${call.from}`)) this.#sometimes['two transfers crossed']++;
    this.#count(call, 1);
  }

  completed({ call }: Operation<BankCall>, reply: Reply, _completedIndex: number): Violation | null {
    if (call.operation === 'transfer') {
      this.#count(call, -1);
      this.#note(call, reply);
      return null;
    }
    if (reply.outcome !== 'ok') return null;
    if (call.operation === 'statement') return checkAccounts(accountsOf(reply.value), this.#total);
    return checkBalance({ id: call.account, balance: Number(reply.value['balance']) });
  }

  unanswered({ call }: Operation<BankCall>): void {
    if (call.operation === 'transfer') this.#count(call, -1);
  }

  forgettable(call: BankCall): boolean {
    return call.operation === 'transfer';
  }

  audit(dump: unknown) {
    const accounts = dump as readonly Account[];
    return {
      violation: checkAccounts(accounts, this.#total),
      reads: accounts.map(({ id, balance }) => ({
        object: id,
        call: BALANCE,
        answer: { outcome: 'ok', balance },
      })),
    };
  }

  show(object: string, state: unknown): Account {
    return { id: object, balance: (state as AccountState).balance };
  }

  metrics(): Record<string, number> {
    return {
      transfers: this.#transfers,
      coins_moved: this.#coinsMoved,
      insufficient: this.#insufficient,
      transfers_under_way: [...this.#underWay.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  sometimes(): Record<string, number> {
    return { ...this.#sometimes };
  }

  #choose(n: number, prng: Prng): string {
    const any = prng.below(this.objects.length);
    // Of the number alone, so that leaving other operations out does not move it; 7 is prime to most counts.
    const hot = (Math.floor(n / HOT_FOR) * 7) % this.objects.length;
    return this.objects[prng.chance(HOT_SHARE) ? hot : any] as string;
  }

  #count({ from, to }: TransferCall, change: number): void {
    const pair = `${from} ${to}`;
    const count = (this.#underWay.get(pair) ?? 0) + change;
    if (count > 0) this.#underWay.set(pair, count);
    else this.#underWay.delete(pair);
  }

  #note(call: TransferCall, reply: Reply): void {
    if (reply.outcome === 'ok') {
      if (this.#counted.has(call.key)) return;
      this.#counted.add(call.key);
      if (this.#counted.size > COUNTED_REMEMBERED)
        this.#counted.delete(this.#counted.values().next().value as string);
      this.#transfers++;
      this.#coinsMoved += call.amount;
    } else if (reply.outcome === 'refused') {
      this.#insufficient++;
      this.#sometimes['an account had too little money']++;
    }
  }
}

const BALANCE = { operation: 'balance' } as const;

function accountsOf(value: JsonObject): readonly Account[] {
  return value['accounts'] as readonly Account[];
}
