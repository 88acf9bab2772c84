/** `server migrate [--list]`: applies the migrations of the database, or only lists them. */
import type { ServerConfig } from '../config.ts';
import type { Sql } from '../db/client.ts';
import { listMigrations, migrate, readMigrations } from '../db/migrate.ts';
import { wrongUsage } from './usage.ts';

export async function runMigrations(
  sql: Sql,
  args: string[],
  { databaseFolder }: Pick<ServerConfig, 'databaseFolder'>,
): Promise<unknown> {
  const migrations = await readMigrations();
  if (args.length === 0) return migrate(sql, migrations, databaseFolder);
  if (args.length === 1 && args[0] === '--list') return listMigrations(sql, migrations, databaseFolder);
  throw wrongUsage(`migrate takes --list, not ${args.join(' ')}`);
}
