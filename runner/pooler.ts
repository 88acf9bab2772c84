/** Refuses a pooler before a database that gives each transaction another connection. */
import { isTransactionPooler, SESSION_MODE_HINT } from '../server/contract/transaction-pooler.ts';

/** Those that were looked at: each costs a connection, and a process may have many runs. */
const sessions = new Set<string>();

/** @throws Error that says what to do, or what the driver says when the database cannot be reached. */
export async function refuseTransactionPooler(url: string): Promise<void> {
  if (sessions.has(url)) return;
  if (await isTransactionPooler(url)) {
    throw new Error(
      `it is reached through a pooler that gives each transaction another connection, so that nothing that a session is told holds in it. ${SESSION_MODE_HINT}`,
    );
  }
  sessions.add(url);
}
