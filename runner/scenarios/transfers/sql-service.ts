/** The reference bank over PostgreSQL, right at every isolation level; a known bug replaces single steps. */
import type { Call, Reply, SqlClient, SqlService } from '../../public.ts';
import type { Account, Bank, BankCall, TransferCall } from './calls.ts';

/** How often a transaction is tried when the database asks for it to be tried again. */
const ATTEMPTS = 8;

export interface SqlSteps {
  /** Reads both accounts; from here to the end of the transaction nobody else may change them. */
  takeAccounts(sql: SqlClient, call: TransferCall): Promise<Account[]>;
  /** True when an earlier request with this key moved the money. */
  isRepeat(sql: SqlClient, call: TransferCall): Promise<boolean>;
  move(sql: SqlClient, call: TransferCall, accounts: readonly Account[]): Promise<void>;
  statement(sql: SqlClient): Promise<Account[]>;
}

export const rightSqlSteps: SqlSteps = {
  // Always in the same order, so that two transfers never wait for each other.
  takeAccounts: (sql, { from, to }) =>
    sql<Account>`select id, balance from accounts where id in (${from}, ${to}) order by id for update`,
  async isRepeat(sql, { from, key }) {
    const rows = await sql`select from transfers where from_account = ${from} and key = ${key}`;
    return rows.length > 0;
  },
  async move(sql, { from, to, amount, key }) {
    await sql`insert into transfers (from_account, to_account, amount, key) values (${from}, ${to}, ${amount}, ${key})`;
    await sql`update accounts set balance = balance - ${amount} where id = ${from}`;
    await sql`update accounts set balance = balance + ${amount} where id = ${to}`;
  },
  statement: (sql) => sql<Account>`select id, balance from accounts order by id`,
};

/** The service with `steps` in place of the right ones. */
export function sqlBank(steps: Partial<SqlSteps> = {}): SqlService {
  const step: SqlSteps = { ...rightSqlSteps, ...steps };
  return {
    schema: `
      create table accounts (id text primary key, balance int not null);
      create table transfers (
        number bigint generated always as identity primary key,
        from_account text not null references accounts (id),
        to_account text not null references accounts (id),
        amount int not null,
        key text not null
      );
      create index transfers_key on transfers (from_account, key);`,
    async prepare(sql, world) {
      for (const { id, balance } of (world as Bank).accounts) {
        await sql`insert into accounts (id, balance) values (${id}, ${balance})`;
      }
    },
    handle: (sql, call) => retried(() => answer(step, sql, call)),
    inspect: (sql) => rightSqlSteps.statement(sql),
  };
}

async function answer(step: SqlSteps, sql: SqlClient, call: Call): Promise<Reply> {
  const bankCall = call as BankCall;
  switch (bankCall.operation) {
    case 'transfer':
      return await transfer(step, sql, bankCall);
    case 'balance': {
      const [row] = await sql<Account>`select balance from accounts where id = ${bankCall.account}`;
      return { outcome: 'ok', value: { balance: row?.balance } };
    }
    case 'statement':
      return { outcome: 'ok', value: { accounts: await step.statement(sql) } };
  }
}

function transfer(step: SqlSteps, client: SqlClient, call: TransferCall): Promise<Reply> {
  return client.begin(async (sql): Promise<Reply> => {
    const accounts = await step.takeAccounts(sql, call);
    const done: Reply = { outcome: 'ok', value: { amount: call.amount } };
    if (await step.isRepeat(sql, call)) return done;
    const from = accounts.find(({ id }) => id === call.from);
    if (!from || from.balance < call.amount) return { outcome: 'refused', reason: 'insufficient-funds' };
    await step.move(sql, call, accounts);
    return done;
  });
}

/** Tries again on serialization failures (40001) and deadlocks (40P01). */
async function retried(work: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const { code } = error as { code?: unknown };
      if ((code !== '40001' && code !== '40P01') || attempt === ATTEMPTS) throw error;
    }
  }
}
