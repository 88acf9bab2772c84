/** Poolers between a server and its database: one that gives each transaction another backend cannot be used. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { StartupError } from '../startup-error.ts';

const CONNECT_WITHIN_MS = 5_000;
const HEARD_WITHIN_MS = 2_000;

/**
 * What a session is told (LISTEN, SET, prepared statements) must be there in its next transaction.
 * @throws StartupError `transaction_pooler` when it is not
 */
export async function refuseTransactionPooler(databaseUrl: string): Promise<void> {
  const listening = client(databaseUrl);
  await listening.connect();
  try {
    const { rows } = await listening.query<{ pid: number }>('select pg_backend_pid() as pid');
    // A pooler makes up the number by which a client cancels.
    if (rows[0]?.pid === (listening as unknown as { processID: number }).processID) return;
    if (await hearsOthers(listening, databaseUrl)) return;
  } finally {
    await listening.end().catch(() => undefined);
  }
  throw new StartupError(
    'transaction_pooler',
    'DATABASE_URL leads to a pooler that gives each transaction another connection, so that LISTEN and prepared statements do not work',
    { hint: 'Name the database itself, or the pooler in session mode (PgBouncer: pool_mode = session).' },
  );
}

/** True when `listening`, while it is idle, is told what another connection notifies. */
async function hearsOthers(listening: pg.Client, databaseUrl: string): Promise<boolean> {
  const channel = `simcity_probe_${randomBytes(8).toString('hex')}`;
  let timer: NodeJS.Timeout | undefined;
  const heard = new Promise<boolean>((resolve) => {
    listening.on('notification', (told) => told.channel === channel && resolve(true));
    timer = setTimeout(resolve, HEARD_WITHIN_MS, false);
  });
  const telling = client(databaseUrl);
  try {
    await listening.query(`listen ${channel}`);
    await telling.connect();
    await telling.query(`notify ${channel}`);
    return await heard;
  } finally {
    clearTimeout(timer);
    await telling.end().catch(() => undefined);
  }
}

function client(connectionString: string): pg.Client {
  const made = new pg.Client({
    connectionString,
    application_name: 'simcity-server-probe',
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
  });
  // What breaks it is told by the query under way.
  made.on('error', () => undefined);
  return made;
}
