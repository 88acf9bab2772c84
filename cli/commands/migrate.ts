/** `simcity migrate`: applies what is pending in sql/ to the database, and lists all of it. */
import { z } from 'zod';
import { dataDirOf } from '../hosting/data-dir.ts';
import { runServerTool } from '../hosting/server-tool.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

interface MigrateFlags {
  dataDir?: string;
  json?: true;
  roles?: true;
}

const reportSchema = z.object({
  applied: z.array(z.string()),
  pending: z.array(z.string()),
  already: z.array(z.string()),
  roles: z.array(z.string()).optional(),
});

export async function migrate(context: Context, flags: MigrateFlags): Promise<number> {
  const args = flags.roles ? ['migrate', '--roles'] : ['migrate'];
  const report = await runServerTool(context, dataDirOf(context, flags.dataDir), args, reportSchema);
  if (flags.json) {
    await context.out(`${safeJson(report)}\n`);
    return EXIT.pass;
  }
  const lines = [
    ...report.already.map((name) => `present  ${safeText(name)}`),
    ...report.applied.map((name) => `applied  ${safeText(name)}`),
    ...report.pending.map((name) => `pending  ${safeText(name)}`),
    ...(report.roles ?? []).map((name) => `role     ${safeText(name)}`),
  ];
  await context.out(`${lines.join('\n')}\n`);
  context.err(`simcity: ${report.applied.length} applied, ${report.already.length} present before.\n`);
  return EXIT.pass;
}
