/** The known bugs of `transfers`: the few steps in which a wrong bank differs from the right one. */
import type { Account, TransferCall } from './calls.ts';
import type { MemorySteps } from './memory-service.ts';
import type { SqlSteps } from './sql-service.ts';

export interface BankBug {
  readonly name: string;
  readonly sql: Partial<SqlSteps>;
  readonly memory: Partial<MemorySteps>;
}

export const BANK_BUGS: readonly BankBug[] = [
  {
    name: 'lost-update',
    sql: {
      takeAccounts: (sql, { from, to }) =>
        sql<Account>`select id, balance from accounts where id in (${from}, ${to}) order by id`,
      async move(sql, call, accounts) {
        const { from, to, amount, key } = call;
        await sql`insert into transfers (from_account, to_account, amount, key) values (${from}, ${to}, ${amount}, ${key})`;
        for (const { id, balance } of accounts) {
          await sql`update accounts set balance = ${balance + change(call, id)} where id = ${id}`;
        }
      },
    },
    memory: { locksAccounts: false },
  },
  {
    name: 'no-idempotency',
    sql: { isRepeat: async () => false },
    memory: { knowsRepeats: false },
  },
  {
    name: 'torn-statement',
    sql: {
      async statement(sql) {
        const accounts = await sql<Account>`select id from accounts order by id`;
        for (const account of accounts) {
          const [row] = await sql<Account>`select balance from accounts where id = ${account.id}`;
          Object.assign(account, row);
        }
        return accounts;
      },
    },
    memory: { readsAtOnce: false },
  },
];

/** The bug of this name; an error that lists the known ones when there is none. */
export function findBankBug(name: string): BankBug {
  const bug = BANK_BUGS.find((known) => known.name === name);
  if (!bug) {
    const known = BANK_BUGS.map((each) => each.name).join(', ');
    throw new Error(`There is no bug "${name}" of transfers. Known bugs: ${known}.`);
  }
  return bug;
}

function change({ from, amount }: TransferCall, account: string): number {
  return account === from ? -amount : amount;
}
