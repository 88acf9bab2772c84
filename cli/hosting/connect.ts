/** How a command gets its server: one that is named, or the one of its directory, hosted here if nobody else does. */
import { existsSync } from 'node:fs';
import { isLocked } from '../../server/contract/process-lock/lock.ts';
import { type Api, createApi } from '../client/api.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { dataDirOf, hasData } from './data-dir.ts';
import { findServer, namedServer, passedOver, type ServerFlags } from './find-server.ts';
import type { HostOptions } from './host.ts';
import { believedNote } from './host-note.ts';
import { enterWorld, type Hosted } from './world.ts';

export interface Connected {
  api: Api;
  /** This process's part in the world of its directory; null when the server is one that the user named. */
  hosted: Hosted | null;
}

function connectedTo(context: Context, connection: Api['connection'], hosted: Hosted | null): Connected {
  return { api: createApi(connection, { signal: context.leaving }), hosted };
}

/** How this process hosts, should it come to that. */
interface HostingFlags extends ServerFlags {
  port?: number | undefined;
}

/** A server that a new run can be sent to: the one that is named, or whoever hosts this directory, if need be here. */
export async function hostWhatIsMissing(
  context: Context,
  flags: HostingFlags,
  progress: (message: string) => void,
): Promise<Connected> {
  return named(context, flags) ?? (await entered(context, flags, { command: 'simcity run', progress }));
}

/** A server to read from: the one that is named, or whoever hosts this directory. Stored data is served here if need be. */
export async function connectForReading(
  context: Context,
  flags: ServerFlags,
  progress: (message: string) => void = () => {},
  command = 'simcity (a query)',
): Promise<Connected> {
  const connected = named(context, flags);
  if (connected !== null) return connected;
  const dataDir = dataDirOf(context, flags.dataDir);
  if (!(await isWorld(context, dataDir))) throw nothingYet(dataDir, passedOver(context, flags));
  return entered(context, { ...flags, port: 0 }, { command, progress });
}

function named(context: Context, flags: ServerFlags): Connected | null {
  const connection = namedServer(context, flags);
  return connection === null ? null : connectedTo(context, connection, null);
}

async function entered(
  context: Context,
  { dataDir, port }: HostingFlags,
  how: Pick<HostOptions, 'command' | 'progress' | 'standingRunner'>,
): Promise<Connected> {
  const wanted = port === 0 ? 'any' : (port ?? 'usual');
  const hosted = await enterWorld(context, { ...how, dataDir: dataDirOf(context, dataDir), port: wanted });
  return connectedTo(context, hosted.connection, hosted);
}

/** True where something is stored, or somebody hosts or is about to. */
async function isWorld({ env }: Context, dataDir: string): Promise<boolean> {
  if (env['DATABASE_URL'] || hasData(dataDir) || believedNote(dataDir) !== null) return true;
  return existsSync(dataDir) && (await isLocked(dataDir, 'host'));
}

/** A server that runs already, for what only makes sense on a living one. Should it go, this process may take over. */
export async function connectToRunning(
  context: Context,
  flags: ServerFlags,
  how: Pick<HostOptions, 'command' | 'progress' | 'standingRunner'>,
): Promise<Connected> {
  const found = await findServer(context, flags);
  if (found === null) throw noServer(passedOver(context, flags));
  return found.named ? connectedTo(context, found.connection, null) : entered(context, flags, how);
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
