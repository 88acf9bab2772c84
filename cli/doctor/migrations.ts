/** Checks whether the migrations of this version made the database that the control plane uses here. */
import { z } from 'zod';
import { hasData } from '../hosting/data-dir.ts';
import { examineNote } from '../hosting/host-note.ts';
import { runServerTool } from '../hosting/server-tool.ts';
import type { Context } from '../process/context.ts';
import { CliError } from '../process/errors.ts';
import { type Check, fail, ok, warn } from './check.ts';

const NAME = 'migrations';
const listSchema = z.object({ pending: z.array(z.string()), already: z.array(z.string()) });

/**
 * Changes nothing. The database is that of DATABASE_URL, or the embedded one, which is started for it if something was
 * stored there; where that is in use just now, it is left alone.
 */
export async function checkMigrations(context: Context, dataDir: string): Promise<Check[]> {
  const isNamed = Boolean(context.env['DATABASE_URL']);
  if (!isNamed && (!hasData(dataDir) || examineNote(dataDir).note !== null)) return [];
  try {
    const { pending, already } = await runServerTool(context, dataDir, ['migrate', '--list'], listSchema);
    if (pending.length === 0) return [ok(NAME, `all ${already.length} are applied`)];
    const found = `${pending.length} of ${pending.length + already.length} are not applied yet`;
    return [warn(NAME, found, 'A server does it as it starts; or run `simcity migrate` now.')];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    // What uses it has looked, or will.
    if (error.cause === 'data_dir_in_use') return [];
    return [fail(NAME, error.message, error.hint ?? '')];
  }
}
