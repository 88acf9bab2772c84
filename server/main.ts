/**
 * The process `server`: serves the API until it is told to end. With a tool as its argument (migrate, token,
 * prune) it works on the database, prints one line of JSON, and ends.
 */
import { readConfig, type ServerConfig } from './config.ts';
import { connect, type Sql } from './db/client.ts';
import { createLog, printReady, toldToEnd } from './process-edge.ts';
import { applyMigrations, startServer, withDatabase } from './server.ts';
import { notReady } from './startup-error.ts';
import { runMigrations } from './tools/migrations.ts';
import { runPrune } from './tools/prune.ts';
import { runTokens } from './tools/tokens.ts';
import { wrongUsage } from './tools/usage.ts';

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

type Tool = (sql: Sql, args: string[], config: ServerConfig) => Promise<unknown>;

/** Works on tables that are there; `migrate` is what makes them. */
const migrated =
  (tool: Tool): Tool =>
  async (sql, args, config) => {
    await applyMigrations(sql, config);
    return tool(sql, args, config);
  };

const TOOLS: Readonly<Record<string, Tool>> = {
  migrate: runMigrations,
  token: migrated(runTokens),
  prune: migrated(runPrune),
};

async function runTool(tool: Tool, args: string[]): Promise<number> {
  const config = readConfig(process.env);
  const sql = connect(config.databaseUrl, { max: 1, name: 'simcity-tool' });
  try {
    const report = await withDatabase(() => tool(sql, args, config));
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return 0;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined) return serve();
  const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
  if (!tool) throw wrongUsage(`unknown arguments: ${[name, ...args].join(' ')}`);
  return runTool(tool, args);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { line, exitCode } = notReady(error);
    printReady(line);
    process.exit(exitCode);
  },
);
