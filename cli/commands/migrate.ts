/** `simcity migrate`: applies what is pending in sql/ to the database, and lists all of it. */
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { migrateDatabase } from '../hosting/migrate-database.ts';
import { safeJson, safeText } from '../safe-text.ts';

interface MigrateFlags {
  dataDir?: string;
  json?: true;
}

export async function migrate(context: Context, flags: MigrateFlags): Promise<number> {
  const report = await migrateDatabase(context, dataDirOf(context, flags.dataDir));
  if (flags.json) {
    await context.out(`${safeJson(report)}\n`);
    return EXIT.pass;
  }
  const lines = [
    ...report.already.map((name) => `present  ${safeText(name)}`),
    ...report.applied.map((name) => `applied  ${safeText(name)}`),
    ...report.pending.map((name) => `pending  ${safeText(name)}`),
  ];
  await context.out(`${lines.join('\n')}\n`);
  context.err(`simcity: ${report.applied.length} applied, ${report.already.length} present before.\n`);
  return EXIT.pass;
}
