/** The entry of the runner: the process that claims queued runs and supervises their harnesses. */
import { pino } from 'pino';
import postgres from 'postgres';
import type { Ready } from '../server/contract/index.ts';
import { type RunnerConfig, RunnerConfigError, readRunnerConfig } from './config.ts';
import { ClaimLoop } from './supervise/claim-loop.ts';
import { Queue } from './supervise/queue.ts';
import { withinTime } from './supervise/within-time.ts';

/** Below the 30 s that supervisors of processes commonly grant. */
const EXIT_LIMIT_MS = 24_000;
const FIRST_CONTACT_LIMIT_MS = 15_000;
const CLOSE_CONNECTIONS_SECONDS = 2;
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
  const log = pino({ name: 'runner', level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const sql = postgres(config.databaseUrl, {
    max: 4,
    connect_timeout: 5,
    onnotice: () => undefined,
    connection: { application_name: `simcity runner ${config.name}`.slice(0, 63), statement_timeout: 15_000 },
  });
  const loop = new ClaimLoop(new Queue(sql, config.name, config.leaseSeconds), config, log);
  try {
    await withinTime(firstContact(sql), FIRST_CONTACT_LIMIT_MS);
    await withinTime(loop.start(), FIRST_CONTACT_LIMIT_MS);
  } catch (error) {
    const message = `The runner cannot use the database: ${error instanceof Error ? error.message || String(error) : error}`;
    return refuse('database_unreachable', message, EXIT_CODE.unreachable);
  }
  print({ ready: 'runner', name: config.name });

  await asked;
  setTimeout(() => {
    loop.killAll();
    process.exit(EXIT_CODE.unreachable);
  }, EXIT_LIMIT_MS).unref();
  await loop.close('the runner is shutting down');
  await sql.end({ timeout: CLOSE_CONNECTIONS_SECONDS });
  process.exit(EXIT_CODE.fine);
}

async function firstContact(sql: postgres.Sql): Promise<void> {
  const [row] = await sql`select to_regproc('simcity_claim_run') is not null as migrated`;
  if (row?.['migrated'] !== true) throw new Error('its tables are missing (run: npx simcity migrate)');
}

/** Resolves on SIGTERM, SIGINT, SIGHUP, or when stdin ends because the process that started this one is gone. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
    process.stdin.on('error', () => resolve());
    process.stdin.on('end', () => resolve());
    process.stdin.on('close', () => resolve());
    process.stdin.resume();
  });
}

function print(line: Ready): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function refuse(code: string, message: string, exitCode: number): never {
  print({ ready: false, code, message, hint: 'Set DATABASE_URL and SIMCITY_URL, or use: npx simcity up' });
  process.exit(exitCode);
}
