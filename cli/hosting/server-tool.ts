/** Has a tool of the server work on a database: DATABASE_URL's, or the embedded one's of this directory. */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { Child, type Exit, exitText } from '../../server/contract/child-process/child.ts';
import { OutputTail } from '../../server/contract/child-process/output-tail.ts';
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
  const child = new Child(process.execPath, [partFile('server'), ...args], {
    env: { ...context.env, DATABASE_URL: database.url, SIMCITY_DATABASE_FOLDER: database.folder },
  });
  const stderr = new OutputTail(4_096).follow(child.stderr);
  const stdout = await text(child.stdout);
  return readReport(
    await child.exited,
    stdout,
    stderr.lastLines(Number.POSITIVE_INFINITY).join('\n'),
    schema,
  );
}

const failureSchema = z.object({
  ready: z.literal(false),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

function readReport<T>(exit: Exit, stdout: string, stderr: string, schema: z.ZodType<T>): T {
  const said = lastJson(stdout);
  const report = schema.safeParse(said);
  if (exit.code === 0 && report.success) return report.data;
  const failure = failureSchema.safeParse(said);
  const message = failure.success ? failure.data.message : stderr || exitText(exit);
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
