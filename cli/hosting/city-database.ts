/** The database in which a run that is executed again builds its city. */
import { isServiceTarget, type RunConfig } from '../../server/contract/index.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import type { Connected } from './connect.ts';
import { dataDirOf, prepareDataDir } from './data-dir.ts';
import type { ServerFlags } from './find-server.ts';
import { believedNote } from './host-note.ts';
import { startPart } from './part.ts';

export interface CityDatabase {
  /** Null when the target needs none. */
  url: string | null;
  close(): Promise<void>;
}

/** What builds the city. */
export interface CitySubject {
  target: string;
  /** A service at a URL is behind a gate, whose clones are made there. */
  isGated: boolean;
}

/** Of a run, or of a campaign whose survey is done. */
export function citySubject({
  target,
  config,
}: {
  target: string;
  config: Pick<RunConfig, 'gate'>;
}): CitySubject {
  return { target, isGated: config.gate !== null };
}

/**
 * SIMCITY_TARGET_URL, DATABASE_URL, or the database that is hosted here; a run on someone else's server is
 * executed on a database of one's own. @throws CliError for a target that cannot be executed twice alike.
 */
export async function cityDatabase(
  context: Context,
  flags: ServerFlags,
  { target, isGated }: CitySubject,
  connected: Connected | null,
): Promise<CityDatabase> {
  if (target === 'memory') return { url: null, close: async () => {} };
  if (!isGated && isServiceTarget(target)) throw notRepeatable(target);
  const { env } = context;
  const given = (env['SIMCITY_TARGET_URL'] || undefined) ?? (env['DATABASE_URL'] || undefined);
  const hosted =
    given ?? connected?.hosted?.databaseUrl() ?? believedNote(dataDirOf(context, flags.dataDir))?.databaseUrl;
  if (hosted) return { url: hosted, close: async () => {} };
  return await ownDatabase(context, flags);
}

async function ownDatabase(context: Context, flags: ServerFlags): Promise<CityDatabase> {
  const dataDir = dataDirOf(context, flags.dataDir);
  const { logDir } = prepareDataDir(dataDir);
  const part = await startPart({
    name: 'database',
    args: ['--data-dir', dataDir],
    env: { ...context.env, SIMCITY_LOG_LEVEL: context.env['SIMCITY_LOG_LEVEL'] ?? 'warn' },
    logDir,
  });
  const forget = context.atExit(() => part.stop());
  return {
    url: part.ready.ready === 'database' ? part.ready.url : null,
    async close() {
      forget();
      await part.stop();
    },
  };
}

function notRepeatable(target: string): Error {
  return usageError(
    `a run against ${safeText(target)} cannot be executed again alike: there the world decides what comes first.`,
    'Only runs on postgres and memory, and of a service with --exec and --gate, are decided by their seed. `simcity forensic` tells how often it failed again, `simcity shrink` executes parts of its plan.',
  );
}
