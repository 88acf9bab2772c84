/** Finds the server to talk to: named by the user, noted in the data directory, or on the usual port. */
import { API_BASE, apiErrorSchema, runPageSchema } from '../../server/contract/index.ts';
import { type Connection, exchange } from '../client/api.ts';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { safeText } from '../sanitize.ts';
import { dataDirOf, readNote } from './data-dir.ts';

export const DEFAULT_PORT = 4600;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
const PROBE_MS = 2_000;

export interface ServerFlags {
  server?: string | undefined;
  dataDir?: string | undefined;
}

/** What was found; `named` when the user said so, in which case nothing is ever hosted instead. */
export interface FoundServer {
  connection: Connection;
  named: boolean;
}

/** The server to use; null when none is named and none answers. @throws CliError for a URL that is none. */
export async function findServer(context: Context, flags: ServerFlags): Promise<FoundServer | null> {
  const token = context.env['SIMCITY_TOKEN'] || undefined;
  const named = flags.server ?? (context.env['SIMCITY_URL'] || undefined);
  if (named !== undefined) {
    const url = baseUrl(named, flags.server === undefined ? 'SIMCITY_URL' : '--server');
    return { connection: { url, token }, named: true };
  }
  const note = readNote(dataDirOf(context, flags.dataDir));
  // An own data directory is a world of its own: no other world's server is taken for it.
  const usual = flags.dataDir === undefined && context.env['SIMCITY_DATA_DIR'] === undefined;
  const candidates = [
    { url: note?.url, token: note?.token ?? token },
    { url: usual ? DEFAULT_URL : undefined, token },
  ];
  for (const candidate of candidates) {
    if (candidate.url === undefined) continue;
    const connection = { url: baseUrl(candidate.url, 'server.json'), token: candidate.token };
    if (await isSimCity(connection)) return { connection, named: false };
  }
  return null;
}

function baseUrl(text: string, origin: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw usageError(
      `${origin}: '${safeText(text)}' is not the URL of a server.`,
      `It looks like ${DEFAULT_URL}.`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** True when a SimCity answers there: by its own shapes, because any server may answer 200. */
async function isSimCity(connection: Connection): Promise<boolean> {
  try {
    const headers = connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` };
    const { text } = await exchange(new URL(`${connection.url}${API_BASE}/runs?limit=1`), {
      headers,
      signal: AbortSignal.timeout(PROBE_MS),
    });
    const body: unknown = JSON.parse(text);
    return runPageSchema.safeParse(body).success || apiErrorSchema.safeParse(body).success;
  } catch {
    return false;
  }
}
