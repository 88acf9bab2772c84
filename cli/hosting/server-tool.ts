/** Has a tool of the server work on a database: DATABASE_URL's, or the embedded one's of this directory. */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeLines } from '../run/sanitize.ts';
import { prepareDataDir } from './data-dir.ts';
import { believedNote } from './host-note.ts';
import { exitCodeOf, partFile, startPart } from './part.ts';

/**
 * Runs `server <args>` and returns what it printed, checked. Nothing needs to be up: an embedded database is
 * started for as long as it takes. @throws CliError when the database cannot be reached or the tool refuses.
 */
export async function runServerTool<T>(
  context: Context,
  dataDir: string,
  args: string[],
  schema: z.ZodType<T>,
): Promise<T> {
  const given = (context.env['DATABASE_URL'] || undefined) ?? believedNote(dataDir)?.databaseUrl ?? undefined;
  if (given !== undefined) return runTool(context, { url: given }, args, schema);
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
    return await runTool(context, database.ready, args, schema);
  } finally {
    forget();
    await database.stop();
  }
}

async function runTool<T>(
  context: Context,
  database: { url: string; folder?: string | undefined },
  args: string[],
  schema: z.ZodType<T>,
): Promise<T> {
  const child = spawn(process.execPath, [partFile('server'), ...args], {
    env: { ...context.env, DATABASE_URL: database.url, SIMCITY_DATABASE_FOLDER: database.folder },
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
  return readReport(code, stdout, stderr, schema);
}

const failureSchema = z.object({
  ready: z.literal(false),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

function readReport<T>(code: number | null, stdout: string, stderr: string, schema: z.ZodType<T>): T {
  const said = lastJson(stdout);
  const report = schema.safeParse(said);
  if (code === 0 && report.success) return report.data;
  const failure = failureSchema.safeParse(said);
  const message = failure.success ? failure.data.message : stderr.trim() || `exit code ${code}`;
  const hint = failure.success ? failure.data.hint : undefined;
  throw new CliError(`${safeLines(message)}.`, {
    exitCode: failure.success ? exitCodeOf(failure.data.code) : EXIT.unreachable,
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
