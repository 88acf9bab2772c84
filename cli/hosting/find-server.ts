/** Finds the server to talk to: named by the user, or hosted from the same data directory. No other is ever asked. */
import type { Connection, ServerOrigin } from '../client/api.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { dataDirOf } from './data-dir.ts';
import { believedNote, examineNote, notePath } from './host-note.ts';
import { DEFAULT_PORT } from './ports.ts';
import { provesItself } from './prove.ts';

export interface ServerFlags {
  server?: string | undefined;
  dataDir?: string | undefined;
}

/** What was found; `named` when the user said so, in which case nothing is ever hosted instead. */
export interface FoundServer {
  connection: Connection & { origin: ServerOrigin };
  named: boolean;
}

/**
 * The server to use; null when none is named and none answers. The user's token is only for one that a flag or
 * the environment names: a file may have come with a cloned folder.
 * @throws CliError for a URL that is none.
 */
export async function findServer(context: Context, flags: ServerFlags): Promise<FoundServer | null> {
  const named = namedServer(context, flags);
  if (named !== null) return { connection: named, named: true };
  const note = believedNote(dataDirOf(context, flags.dataDir));
  if (note === null || note.url === null) return null;
  const { url, token } = note;
  if (!(await provesItself(url, token))) return null;
  return { connection: { url, token, origin: 'note' }, named: false };
}

/** The server that the user names; null: none is named. @throws CliError for a URL that is none. */
export function namedServer(context: Context, flags: ServerFlags): FoundServer['connection'] | null {
  const { env, fileServer } = context;
  const token = env['SIMCITY_TOKEN'] || undefined;
  if (flags.server !== undefined) return { url: baseUrl(flags.server, '--server'), token, origin: 'flag' };
  const variable = env['SIMCITY_URL'] || undefined;
  if (variable !== undefined) return { url: baseUrl(variable, 'SIMCITY_URL'), token, origin: 'environment' };
  if (fileServer === undefined) return null;
  return { url: baseUrl(fileServer.url, fileServer.file), token: fileServer.token, origin: 'file' };
}

/** What `findServer` does not believe, a sentence each, for people: they may know better and name it. */
export function passedOver(context: Context, flags: ServerFlags): string[] {
  const said: string[] = [];
  const dataDir = dataDirOf(context, flags.dataDir);
  const examined = examineNote(dataDir);
  if (examined.doubt !== null && !examined.left) {
    said.push(`${safeText(notePath(dataDir))} is not believed: ${safeText(examined.doubt)}.`);
  }
  if (examined.note?.url === null) {
    said.push(
      `${safeText(examined.note.command)}, process ${examined.note.pid}, does not listen on the loopback address: name it by its address.`,
    );
  }
  return said;
}

function baseUrl(text: string, origin: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw usageError(
      `${origin}: '${safeText(text)}' is not the URL of a server.`,
      `It looks like http://127.0.0.1:${DEFAULT_PORT}.`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
