/** `simcity prune`: removes old runs with their histories from a server's database. */
import { createInterface } from 'node:readline/promises';
import { type PruneReport, pruneReportSchema } from '../../server/contract/index.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { runServerTool } from '../hosting/server-tool.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { safeJson } from '../run/sanitize.ts';

interface PruneFlags {
  /** Seconds. */
  keep?: number;
  keepRuns?: number;
  status?: string[];
  dryRun?: true;
  yes?: true;
  json?: true;
  dataDir?: string;
}

export async function prune(context: Context, flags: PruneFlags): Promise<number> {
  if (flags.keep === undefined && flags.keepRuns === undefined) {
    throw usageError(
      'prune needs to know what to keep.',
      'Such as: simcity prune --keep 30d, or --keep-runs 1000, or both.',
    );
  }
  const remove = (dryRun: boolean) =>
    runServerTool(context, dataDir, ['prune', request(flags, dryRun)], pruneReportSchema);
  const dataDir = dataDirOf(context, flags.dataDir);
  if (flags.dryRun) return tell(context, await remove(true), flags);
  if (context.isTerminal.stdin && !flags.yes) {
    const removable = await remove(true);
    if (removable.runs === 0) return tell(context, removable, flags);
    if (!(await confirmed(context, `${sentence(removable)} Remove them for good? [y/N] `))) {
      context.err('simcity: nothing was removed.\n');
      return EXIT.pass;
    }
  }
  return tell(context, await remove(false), flags);
}

function request(flags: PruneFlags, dryRun: boolean): string {
  return JSON.stringify({
    keepSeconds: flags.keep ?? null,
    keepRuns: flags.keepRuns ?? null,
    ...(flags.status === undefined ? {} : { statuses: flags.status }),
    dryRun,
  });
}

/** Asks on stderr, so that stdout holds only data. The end of stdin is a no, and so is Ctrl-C. */
async function confirmed(context: Context, question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin });
  const close = () => lines.close();
  context.leaving.addEventListener('abort', close);
  context.err(question);
  try {
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    context.leaving.removeEventListener('abort', close);
    lines.close();
  }
}

async function tell(context: Context, report: PruneReport, flags: PruneFlags): Promise<number> {
  await context.out(flags.json ? `${safeJson(report)}\n` : `${sentence(report)}\n`);
  return EXIT.pass;
}

function sentence(report: PruneReport): string {
  const { runs, events, oldest, newest, byStatus, dryRun } = report;
  if (runs === 0) return dryRun ? 'No run would be removed.' : `No run was removed.${rest(report)}`;
  const of = Object.entries(byStatus).map(([status, count]) => `${count} ${status}`);
  const when = `launched from ${oldest} to ${newest}`;
  const what = `${count(runs, 'run')} (${of.join(', ')}) with ${count(events, 'event')}, ${when}`;
  return dryRun ? `${what}, would be removed.` : `Removed ${what}.${rest(report)}`;
}

function rest({ daysDropped, rowsRemoved, campaigns }: PruneReport): string {
  const gone = campaigns === 0 ? '' : ` ${count(campaigns, 'campaign')} removed that nobody went on with.`;
  if (daysDropped + rowsRemoved === 0) return gone;
  return `${gone}  ${count(daysDropped, 'day')} of history dropped as a whole, ${count(rowsRemoved, 'row')} one by one.`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
