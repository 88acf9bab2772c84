/** The entry of the runner: the process that claims queued runs and supervises their harnesses. */
import { type Logger, pino } from 'pino';
import postgres from 'postgres';
import { createRedactor, type Ready } from '../server/contract/index.ts';
import { withinTime } from '../server/contract/within-time.ts';
import { type RunnerConfig, RunnerConfigError, readRunnerConfig } from './config.ts';
import { launcherOf } from './launch/launcher.ts';
import { refuseTransactionPooler } from './pooler.ts';
import { runnerSecrets } from './secrets.ts';
import { ClaimLoop } from './supervise/claim-loop.ts';
import { Queue } from './supervise/queue.ts';

/**
 * How long the end may take. Told to end: below the 30 s that supervisors of processes commonly grant. An
 * orphan: its server and database mostly go with the same parent, so that there is nobody left to tell.
 */
const GRACE: Record<'told' | 'orphaned', Grace> = {
  told: { killMs: 18_000, exitMs: 24_000 },
  orphaned: { killMs: 2_500, exitMs: 4_000 },
};
/** As this version calls it; others had other arguments. */
const CLAIM = 'simcity_claim_run(text,double precision,bytea,uuid,integer,text)';
const FIRST_CONTACT_LIMIT_MS = 15_000;
const CLOSE_CONNECTIONS_SECONDS = 2;
const SIGNAL_AFTER_CLOSE_MS = 200;
const PARENT = process.ppid;
const PARENT_POLL_MS = 250;
const EXIT_CODE = { fine: 0, usage: 2, unreachable: 4 } as const;

await main();

async function main(): Promise<void> {
  // A parent that is gone has closed these, and its runner still has harnesses to end.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const asked = askedToEnd();
  let config: RunnerConfig;
  try {
    config = readRunnerConfig(process.env, import.meta.url);
  } catch (error) {
    if (!(error instanceof RunnerConfigError)) throw error;
    return refuse('invalid_settings', `The runner cannot start: ${error.message}`, EXIT_CODE.usage);
  }
  const log = createLog(config);
  const sql = postgres(config.databaseUrl, {
    max: 4,
    connect_timeout: 5,
    // Leases run on while the database is away: whoever holds one is back soon after it.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 1),
    onnotice: () => undefined,
    // Nothing that poolers refuse: what waits for a lock too long is ended by the functions themselves.
    connection: { application_name: `simcity runner ${config.name}`.slice(0, 63) },
  });
  const loop = new ClaimLoop(
    new Queue(sql, config.name, config.leaseSeconds),
    config,
    await launcherOf(config),
    log,
  );
  try {
    await withinTime(firstContact(sql, config.databaseUrl), FIRST_CONTACT_LIMIT_MS);
    await withinTime(loop.start(), FIRST_CONTACT_LIMIT_MS);
  } catch (error) {
    const message = `The runner cannot use the database: ${error instanceof Error ? error.message || String(error) : error}`;
    return refuse('database_unreachable', message, EXIT_CODE.unreachable);
  }
  print({ ready: 'runner', name: config.name });

  limitEnd(loop, await asked);
  await loop.close('the runner is shutting down');
  await sql.end({ timeout: CLOSE_CONNECTIONS_SECONDS });
  process.exit(EXIT_CODE.fine);
}

/** JSON lines on stderr. Each whole line is cleaned: an error of a library may quote what nobody meant to log. */
function createLog(config: RunnerConfig): Logger {
  const stderr = pino.destination({ dest: 2, sync: true });
  const redactor = createRedactor(runnerSecrets(config, process.env));
  const write = (line: string) => stderr.write(redactor.text(line));
  return pino({ name: 'runner', level: config.logLevel }, { write });
}

/** Ends by force what does not end in the grace; a parent that goes while this one ends shortens it. */
function limitEnd(loop: ClaimLoop, how: 'told' | 'orphaned'): void {
  const { killMs, exitMs } = GRACE[how];
  setTimeout(() => loop.killAll(), killMs).unref();
  setTimeout(() => {
    loop.killAll();
    process.exit(EXIT_CODE.unreachable);
  }, exitMs).unref();
  const watch = setInterval(() => {
    if (how === 'orphaned' || process.ppid === PARENT) return;
    clearInterval(watch);
    limitEnd(loop, 'orphaned');
  }, PARENT_POLL_MS).unref();
}

async function firstContact(sql: postgres.Sql, databaseUrl: string): Promise<void> {
  await refuseTransactionPooler(databaseUrl);
  const [row] = await sql`select to_regprocedure(${CLAIM}) is not null as migrated`;
  if (row?.['migrated'] !== true)
    throw new Error('its tables are missing, or those of another version (run: npx simcity migrate)');
}

interface Grace {
  /** After this harnesses that are still there are killed. */
  killMs: number;
  /** After this the process exits, whatever is left. */
  exitMs: number;
}

/** Resolves on SIGTERM, SIGINT, SIGHUP, or when stdin ends because the process that started this one is gone. */
function askedToEnd(): Promise<'told' | 'orphaned'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve('told'));
    for (const event of ['error', 'end', 'close'] as const) process.stdin.on(event, () => orphaned(resolve));
    process.stdin.resume();
  });
}

/** A parent that ends in good order closes stdin and sends a signal: then it waits, and has the longer grace. */
function orphaned(resolve: (how: 'orphaned') => void): void {
  setTimeout(resolve, SIGNAL_AFTER_CLOSE_MS, 'orphaned');
}

function print(line: Ready): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function refuse(code: string, message: string, exitCode: number): never {
  print({ ready: false, code, message, hint: 'Set DATABASE_URL and SIMCITY_URL, or use: npx simcity up' });
  process.exit(exitCode);
}
