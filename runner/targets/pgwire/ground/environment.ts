/** How a service, or a command that prepares its database, is told where that is. */
import type { Surroundings } from '../../http/service-process.ts';

/** A database as a client of it sees it. */
export interface DatabaseAddress {
  /** `/folder`: that of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** With these libpq would go elsewhere, whatever PGHOST says. */
const LEADS_ELSEWHERE = ['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE', 'PGPASSFILE', 'PGREQUIREAUTH'];

export function urlOf({ host, port, user, password, database }: DatabaseAddress): string {
  const [name, secret, path] = [user, password, database].map(encodeURIComponent);
  // A folder has no place in front of the port.
  if (host.startsWith('/')) return `postgres://${name}:${secret}@/${path}?host=${host}&port=${port}`;
  return `postgres://${name}:${secret}@${host.includes(':') ? `[${host}]` : host}:${port}/${path}`;
}

/** Whoever has said what is to be with TLS is heard; the gate can do it, with a certificate that nobody knows. */
export function environmentFor(
  address: DatabaseAddress,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(LEADS_ELSEWHERE.map((name) => [name, undefined])),
    DATABASE_URL: urlOf(address),
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGPASSWORD: address.password,
    PGDATABASE: address.database,
    PGSSLMODE: own['PGSSLMODE'] ?? 'disable',
  };
}

/** `socket`: the folder of the gate's Unix socket; null when it has none. */
export function surroundingsOf(gate: DatabaseAddress, socket: string | null): Surroundings {
  return {
    environment: environmentFor(gate),
    placeholders: {
      'gate.url': urlOf(gate),
      'gate.host': gate.host,
      'gate.port': String(gate.port),
      'gate.database': gate.database,
      'gate.user': gate.user,
      'gate.password': gate.password,
      ...(socket === null ? {} : { 'gate.socket': socket }),
    },
  };
}
