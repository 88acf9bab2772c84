/** Poolers before a database: one that gives each transaction another connection cannot be used. */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';

const CONNECT_WITHIN_SECONDS = 5;
const HEARD_WITHIN_MS = 2_000;

/** What is to be done about one. */
export const SESSION_MODE_HINT =
  'Name the database itself, or the pooler in session mode (PgBouncer: pool_mode = session).';

/**
 * True when the URL leads to a pooler that gives each transaction another connection: what a session is told (LISTEN,
 * SET, prepared statements) is then not there in its next transaction. Changes nothing. @throws what the driver does
 * when the database cannot be reached.
 */
export async function isTransactionPooler(databaseUrl: string): Promise<boolean> {
  const sql = postgres(databaseUrl, {
    max: 1,
    connect_timeout: CONNECT_WITHIN_SECONDS,
    fetch_types: false,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: 'simcity-pooler-probe' },
  });
  try {
    const rows = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    // A pooler makes up the number by which a client cancels.
    return rows[0]?.pid !== rows.state.pid && !(await hearsOthers(sql));
  } finally {
    await sql.end({ timeout: 0 });
  }
}

/** True when a connection, while it is idle, is told what another one notifies. */
async function hearsOthers(sql: postgres.Sql): Promise<boolean> {
  const channel = `simcity_probe_${randomBytes(8).toString('hex')}`;
  const heard = Promise.withResolvers<boolean>();
  const timer = setTimeout(heard.resolve, HEARD_WITHIN_MS, false);
  try {
    await sql.listen(channel, () => heard.resolve(true));
    await sql.notify(channel, '');
    return await heard.promise;
  } finally {
    clearTimeout(timer);
  }
}
