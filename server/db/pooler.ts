/** Refuses a pooler between a server and its database that gives each transaction another backend. */
import { isTransactionPooler, SESSION_MODE_HINT } from '../contract/transaction-pooler.ts';
import { StartupError } from '../startup-error.ts';

/** @throws StartupError `transaction_pooler` */
export async function refuseTransactionPooler(databaseUrl: string): Promise<void> {
  if (!(await isTransactionPooler(databaseUrl))) return;
  throw new StartupError(
    'transaction_pooler',
    'DATABASE_URL leads to a pooler that gives each transaction another connection, so that LISTEN and prepared statements do not work',
    { hint: SESSION_MODE_HINT },
  );
}
