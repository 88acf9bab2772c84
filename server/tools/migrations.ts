/** `server migrate [--list | --roles]`: applies the migrations of the database and makes its roles, or only lists them. */
import type { ServerConfig } from '../config.ts';
import type { Sql } from '../db/client.ts';
import { listMigrations, migrate, readMigrations } from '../db/migrate.ts';
import { grantRoles } from '../db/roles.ts';
import { wrongUsage } from './usage.ts';

export async function runMigrations(
  sql: Sql,
  args: string[],
  { databaseFolder, rolePasswords }: Pick<ServerConfig, 'databaseFolder' | 'rolePasswords'>,
): Promise<unknown> {
  const migrations = await readMigrations();
  if (args.length === 0) return migrate(sql, migrations, databaseFolder);
  if (args.length === 1 && args[0] === '--roles' && rolePasswords) {
    const report = await migrate(sql, migrations, databaseFolder);
    return { ...report, roles: await grantRoles(sql, rolePasswords) };
  }
  if (args.length === 1 && args[0] === '--list') return listMigrations(sql, migrations, databaseFolder);
  throw wrongUsage(`migrate takes --list or --roles, not ${args.join(' ')}`);
}
