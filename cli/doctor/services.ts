/** Checks of what is reached over the network: the server and the database. */
import postgres from 'postgres';
import { z } from 'zod';
import {
  apiErrorSchema,
  MASK,
  maskCredentials,
  passwordsOf,
  SESSION_PATH,
  sessionSchema,
} from '../../server/contract/index.ts';
import type { Connection, ServerOrigin } from '../client/api.ts';
import { causeOf, exchange, getsToken, parseJson, TOKEN_HINT } from '../client/api.ts';
import { askPatiently, PATIENCE } from '../client/patience.ts';
import { type FoundServer, findServer, passedOver, type ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { CliError, messageOf } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { checkClock, readClock } from './clock.ts';

const LIMIT_MS = 3_000;
/** A server of another version may not tell its time. */
const healthSchema = z.object({ status: z.string(), version: z.string(), time: z.iso.datetime().optional() });

export async function checkServer(context: Context, flags: ServerFlags): Promise<Check[]> {
  try {
    const found = await findServer(context, flags);
    if (found === null) {
      const hosts = 'none runs here; `simcity run` hosts one, `simcity up` a lasting one';
      return [ok('server', [hosts, ...passedOver(context, flags)].join('. '))];
    }
    return await checkConnection(context, found.connection);
  } catch (error) {
    const hint = error instanceof CliError ? (error.hint ?? '') : '';
    return [fail('server', safeText(messageOf(error)), hint)];
  }
}

/** By whom a server is named, and what of that is sent to it. */
function describeOrigin(context: Context, { origin, token }: FoundServer['connection']): string {
  const has = context.env['SIMCITY_TOKEN'] ? 'SIMCITY_TOKEN' : 'no token';
  const names: Record<ServerOrigin, string> = {
    flag: `named by --server, ${has} is sent`,
    environment: `named by SIMCITY_URL, ${has} is sent`,
    file: `named by ${context.fileServer?.file}, ${token === undefined ? 'no token' : 'the token in it'} is sent`,
    note: 'named by the note in the data directory, the token in it is sent',
  };
  return names[origin];
}

async function checkConnection(context: Context, connection: FoundServer['connection']): Promise<Check[]> {
  const { leaving } = context;
  const shown = safeText(maskCredentials(connection.url));
  const origin = describeOrigin(context, connection);
  const advice = 'Start it with `simcity up`, or name another with --server URL or SIMCITY_URL.';
  const health = await ask(connection, '/healthz', leaving);
  if (!health.ok) return [fail('server', `${shown}: ${health.why}`, advice)];
  const said = healthSchema.safeParse(health.body);
  if (!said.success)
    return [fail('server', `${shown} answers, and is no SimCity`, 'Check --server and SIMCITY_URL.')];
  const { version } = said.data;
  const server =
    version === VERSION
      ? ok('server', `${shown}, version ${version}; ${origin}`)
      : warn(
          'server',
          `${shown}, version ${safeText(version)}; this is ${VERSION}; ${origin}`,
          'Use the same version on both sides.',
        );
  const ready = await ask(connection, '/readyz', leaving);
  const allowed = await ask(connection, '/api/ops/simcity/runs?limit=1', leaving);
  return [
    server,
    ready.ok
      ? ok('server’s database', 'reachable and migrated')
      : fail(
          'server’s database',
          ready.why,
          'Look at the log of the server; `simcity migrate` applies migrations.',
        ),
    allowed.ok
      ? ok('access', await describeAccess(connection, leaving))
      : fail('access', allowed.why, accessAdvice(allowed.status, connection.origin)),
    ...(said.data.time === undefined ? [] : await checkServerClock(connection, leaving)),
  ];
}

/** By what it says itself: the header Date may be that of a proxy. */
async function checkServerClock(connection: Connection, leaving: AbortSignal): Promise<Check[]> {
  const readings = await readClock(async () => {
    const health = await ask(connection, '/healthz', leaving);
    return Date.parse(health.ok ? (healthSchema.parse(health.body).time ?? '') : '');
  });
  return checkClock(
    'server’s clock',
    readings.filter(({ saidMs }) => Number.isFinite(saidMs)),
  );
}

function accessAdvice(status: number | null, origin: ServerOrigin): string {
  if (status === 429) return 'Ask less often, or with a token that nobody else uses.';
  if (!getsToken(origin)) return TOKEN_HINT;
  return 'Set SIMCITY_TOKEN to a token that this server takes.';
}

async function describeAccess(connection: Connection, leaving: AbortSignal): Promise<string> {
  const answer = await ask(connection, SESSION_PATH, leaving);
  const session = answer.ok ? sessionSchema.safeParse(answer.body) : null;
  if (!session?.success) return 'runs can be read';
  const { required, name, scopes } = session.data;
  if (!required) return 'open to everybody on its machine: there is no token';
  return `token ${safeText(name ?? '')} may ${scopes.join(' and ')}`;
}

/** `status` null: no answer came. */
type Answer = { ok: true; body: unknown } | { ok: false; why: string; status: number | null };

async function ask({ url, token }: Connection, path: string, leaving: AbortSignal): Promise<Answer> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { status, text } = await askPatiently(
      () => exchange(new URL(`${url}${path}`), { headers, signal: AbortSignal.timeout(LIMIT_MS) }),
      PATIENCE,
      leaving,
    );
    const body = parseJson(text);
    if (status >= 200 && status <= 299) return { ok: true, body };
    const said = apiErrorSchema.safeParse(body);
    return { ok: false, why: said.success ? safeText(said.data.error.message) : `HTTP ${status}`, status };
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return { ok: false, why: late ? 'it did not answer in time' : safeText(causeOf(error)), status: null };
  }
}

/** The database that a variable names: reachable, new enough, open to this user. Reads only. */
export async function checkDatabase(
  name: string,
  variable: string,
  url: string | undefined,
): Promise<Check[]> {
  if (url === undefined || url === '') return [];
  let sql: postgres.Sql | undefined;
  try {
    const client = postgres(url, { max: 1, connect_timeout: LIMIT_MS / 1_000, onnotice: () => undefined });
    sql = client;
    const [row] = await client`
      select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
        has_database_privilege(current_database(), 'create') as creates,
        current_user in ('simcity_server', 'simcity_runner') as "isRole"`;
    const found = describeDatabase(name, variable, row ?? {});
    // Cities have no clock but that of their run.
    if (variable !== 'DATABASE_URL') return [found];
    return [found, ...checkClock('database’s clock', await readClock(() => clockOf(client)))];
  } catch (error) {
    const said = messageOf(error) || causeOf(error);
    const why = safeText(passwordsOf(url).reduce((text, password) => text.replaceAll(password, MASK), said));
    return [
      fail(name, `cannot be reached: ${why}`, `Check ${variable}: host, port, user, password, database.`),
    ];
  } finally {
    await sql?.end({ timeout: 1 }).catch(() => undefined);
  }
}

async function clockOf(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`select extract(epoch from clock_timestamp()) * 1000 as ms`;
  return Number(row?.['ms']);
}

/** The oldest PostgreSQL that the migrations are written for. */
const OLDEST = 150_000;

function describeDatabase(name: string, variable: string, row: Record<string, unknown>): Check {
  const version = `PostgreSQL ${safeText(String(row['version']))}`;
  if (Number(row['number']) < OLDEST)
    return fail(name, `${version} is too old`, `Use 15 or newer in ${variable}.`);
  if (row['isRole'] === true) return ok(name, `${version}; its user does no more than it needs`);
  if (row['creates'] !== true) {
    return fail(
      name,
      `${version}; this user may not create schemas`,
      `Grant CREATE on the database to the user of ${variable}.`,
    );
  }
  return ok(name, version);
}
