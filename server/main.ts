/** The process `server`: serves the API until it is told to end. `migrate [--list]` only migrates. */
import { parseArgs } from 'node:util';
import { readConfig } from './config.ts';
import { connect } from './db/client.ts';
import { listMigrations, migrate, readMigrations } from './db/migrate.ts';
import { createLog, printReady, toldToEnd } from './process-edge.ts';
import { startServer, withDatabase } from './server.ts';
import { EXIT_USAGE, notReady, StartupError } from './startup-error.ts';

async function serve(): Promise<number> {
  const log = createLog('server');
  // Listened for from the first moment: a start that nobody waits for any more is taken back.
  const told = toldToEnd();
  const server = await startServer(readConfig(process.env), log);
  printReady({ ready: 'server', url: server.url });
  log.info({ why: await told }, 'stopping');
  await server.stop();
  return 0;
}

async function runMigrations(list: boolean): Promise<number> {
  const sql = connect(readConfig(process.env).databaseUrl, { max: 1, name: 'simcity-migrate' });
  try {
    const migrations = await readMigrations();
    const report = await withDatabase(() =>
      list ? listMigrations(sql, migrations) : migrate(sql, migrations),
    );
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return 0;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function readCommand(): { migrate: boolean; list: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { list: { type: 'boolean', default: false } },
    });
    const [command, ...rest] = positionals;
    const known = command === 'migrate' || (command === undefined && !values.list);
    if (known && rest.length === 0) return { migrate: command === 'migrate', list: values.list };
    throw new Error(`unknown arguments: ${process.argv.slice(2).join(' ')}`);
  } catch (error) {
    throw new StartupError('wrong_usage', error instanceof Error ? error.message : String(error), {
      hint: 'Start it with no argument to serve, or with migrate [--list].',
      exitCode: EXIT_USAGE,
    });
  }
}

async function main(): Promise<number> {
  const command = readCommand();
  return command.migrate ? runMigrations(command.list) : serve();
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { line, exitCode } = notReady(error);
    printReady(line);
    process.exit(exitCode);
  },
);
