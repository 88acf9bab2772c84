/** Has the server's own migrator bring a database up to date: DATABASE_URL's, or the embedded one's. */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../errors.ts';
import { safeLines } from '../safe-text.ts';
import { prepareDataDir, readNote } from './data-dir.ts';
import { partFile, startPart } from './part.ts';

const reportSchema = z.object({
  applied: z.array(z.string()),
  pending: z.array(z.string()),
  already: z.array(z.string()),
});
export type MigrationReport = z.infer<typeof reportSchema>;

/** Applies every pending migration. @throws CliError when the database cannot be reached or one fails. */
export async function migrateDatabase(context: Context, dataDir: string): Promise<MigrationReport> {
  const given = (context.env['DATABASE_URL'] || undefined) ?? readNote(dataDir)?.databaseUrl ?? undefined;
  if (given !== undefined) return runMigrator(context, given);
  const { logDir } = prepareDataDir(dataDir);
  const database = await startPart({
    name: 'database',
    args: ['--data-dir', dataDir],
    env: context.env,
    logDir,
  });
  const forget = context.atExit(() => database.stop());
  try {
    if (database.ready.ready !== 'database') throw new Error('the database part did not say its URL');
    return await runMigrator(context, database.ready.url);
  } finally {
    forget();
    await database.stop();
  }
}

async function runMigrator(context: Context, databaseUrl: string): Promise<MigrationReport> {
  const child = spawn(process.execPath, [partFile('server'), 'migrate'], {
    env: { ...context.env, DATABASE_URL: databaseUrl },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_096);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  return readReport(code, stdout, stderr);
}

const failureSchema = z.object({ ready: z.literal(false), message: z.string(), hint: z.string().optional() });

function readReport(code: number | null, stdout: string, stderr: string): MigrationReport {
  const said = lastJson(stdout);
  const report = reportSchema.safeParse(said);
  if (code === 0 && report.success) return report.data;
  const failure = failureSchema.safeParse(said);
  const message = failure.success ? failure.data.message : stderr.trim() || `exit code ${code}`;
  const hint = failure.success ? failure.data.hint : undefined;
  throw new CliError(`the migrations could not be applied: ${safeLines(message)}`, {
    exitCode: EXIT.unreachable,
    ...(hint === undefined ? {} : { hint: safeLines(hint) }),
  });
}

function lastJson(text: string): unknown {
  try {
    return JSON.parse(text.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}
