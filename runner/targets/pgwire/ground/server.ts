/** What has to be known of a server of PostgreSQL before anything is made on it. */
import type postgres from 'postgres';
import { type DatabaseAddress, urlOf } from './environment.ts';

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

/** A database of this server, for this role. */
export function addressOn(server: Server, role: Pick<DatabaseAddress, 'user' | 'password' | 'database'>) {
  const address: DatabaseAddress = { host: server.host, port: server.port, ...role };
  return {
    ...address,
    url: server.tls
      ? `${urlOf(address)}${urlOf(address).includes('?') ? '&' : '?'}sslmode=require`
      : urlOf(address),
  };
}
