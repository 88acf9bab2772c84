/** How a command gets its server: an existing one, or one hosted here for as long as it takes. */
import { type Api, createApi } from '../client/api.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { dataDirOf, hasData } from './data-dir.ts';
import { findServer, passedOver, type ServerFlags } from './find-server.ts';
import { type Hosted, hostServer } from './host.ts';
import { believedNote } from './host-note.ts';

export interface Connected {
  api: Api;
  /** What is hosted here; null when the server is someone else's. */
  hosted: Hosted | null;
}

function connectedTo(context: Context, connection: Api['connection'], hosted: Hosted | null): Connected {
  return { api: createApi(connection, { signal: context.leaving }), hosted };
}

/** A server that a new run can be sent to; hosts what is missing. */
export async function hostWhatIsMissing(
  context: Context,
  flags: ServerFlags & { port?: number | undefined },
  progress: (message: string) => void,
): Promise<Connected> {
  const found = await findServer(context, flags);
  if (found !== null) return connectedTo(context, found.connection, null);
  const hosted = await hostServer(context, {
    dataDir: dataDirOf(context, flags.dataDir),
    command: 'simcity run',
    port: flags.port ?? 'usual',
    progress,
  });
  return connectedTo(context, hosted.connection, hosted);
}

/** A server to read from. Without one, the stored data is served by one hosted for the query. */
export async function connectForReading(
  context: Context,
  flags: ServerFlags,
  progress: (message: string) => void = () => {},
): Promise<Connected> {
  const found = await findServer(context, flags);
  if (found !== null) return connectedTo(context, found.connection, null);
  const dataDir = dataDirOf(context, flags.dataDir);
  if (context.env['DATABASE_URL'] === undefined && !hasData(dataDir))
    throw nothingYet(dataDir, passedOver(context, flags));
  const hosted = await hostServer(context, {
    dataDir,
    command: 'simcity (a query)',
    port: 'any',
    progress,
  });
  return connectedTo(context, hosted.connection, hosted);
}

/** A running server; nothing is ever hosted, because what is asked for only makes sense on a living one. */
export async function connectToRunning(context: Context, flags: ServerFlags): Promise<Connected> {
  const found = await findServer(context, flags);
  if (found === null) throw noServer(passedOver(context, flags));
  return connectedTo(context, found.connection, null);
}

/** The error for `--detach` and others that need a server that stays; `doubts` tell which were not believed. */
function noServer(doubts: readonly string[]): CliError {
  return new CliError('no SimCity server runs in this directory.', {
    exitCode: EXIT.unreachable,
    hint: [...doubts, 'Start one with `simcity up`, or name another with --server URL or SIMCITY_URL.'].join(
      ' ',
    ),
  });
}

function nothingYet(dataDir: string, doubts: readonly string[]): CliError {
  return new CliError(`there is nothing yet: no server answers, and ${safeText(dataDir)} holds no data.`, {
    exitCode: EXIT.unreachable,
    hint: [
      ...doubts,
      'Start a run with `simcity run`, or name a server with --server URL or SIMCITY_URL.',
    ].join(' '),
  });
}

/** The database that a runner or a migration uses: DATABASE_URL, or the one that is hosted in this directory. */
export function sharedDatabaseUrl(context: Context, flags: ServerFlags): string | null {
  return (
    (context.env['DATABASE_URL'] || undefined) ??
    believedNote(dataDirOf(context, flags.dataDir))?.databaseUrl ??
    null
  );
}
