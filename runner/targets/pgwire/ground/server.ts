/** What has to be known of a server of PostgreSQL before anything is made on it. */
import postgres from 'postgres';
import { reasonOf } from './reason.ts';

export interface Server {
  readonly host: string;
  readonly port: number;
  /** Whether SimCity's own connection is encrypted; those of the gate are then as well. */
  readonly tls: boolean;
  /** As `server_version_num`: 180004. */
  readonly version: number;
  /** As it is shown: 18.4. */
  readonly shownVersion: string;
}

export async function serverOf(sql: postgres.Sql): Promise<Server> {
  const { host, port, path } = sql.options;
  const [row] = await sql`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls`;
  const at = socketOf(path);
  return {
    host: at?.folder ?? String([host].flat()[0] ?? 'localhost'),
    port: at?.port ?? Number([port].flat()[0] ?? 5432),
    tls: row?.['tls'] === true,
    version: Number(row?.['number']),
    shownVersion: String(row?.['version']).split(' ')[0] ?? '',
  };
}

/** `/run/postgresql/.s.PGSQL.5432`; null: it is no socket. */
function socketOf(path: unknown): { folder: string; port: number } | null {
  const [, folder, port] = (typeof path === 'string' && /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(path)) || [];
  return folder === undefined ? null : { folder: folder === '' ? '/' : folder, port: Number(port) };
}

/** A role of ours in one of its databases. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** As SimCity is connected itself, also by a Unix socket. The connection is opened by the first statement. */
export function connectAs({ host, port, tls }: Server, { user, password, database }: Login): postgres.Sql {
  return postgres({
    host,
    port,
    user,
    password,
    database,
    ssl: tls ? 'require' : false,
    max: 1,
    idle_timeout: 0,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'simcity-prepare' },
  });
}

/** @throws Error that says what to do where the server does not let the role in that it has created. */
export async function assertLetsIn(server: Server, login: Login): Promise<void> {
  const sql = connectAs(server, login);
  try {
    await sql`select 1`;
  } catch (error) {
    throw new Error(
      `The server does not let the role in that SimCity has made for the service: ${reasonOf(error)}. Allow logins by password for all roles there (pg_hba.conf), or name the server by an address where they are.`,
      { cause: error },
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}
