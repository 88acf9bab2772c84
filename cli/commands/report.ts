/** Reports of a run: written after a followed run, and by `simcity report`. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isTerminal as hasEnded, type Run } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { connectForReading } from '../hosting/connect.ts';
import { annotation, summaryMarkdown } from '../output/github.ts';
import type { ReportData } from '../output/report/data.ts';
import { gatherReport } from '../output/report/gather.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf, usageError } from '../process/errors.ts';
import { makeFolder } from '../process/make-folder.ts';
import type { ReporterFlag } from '../program/flags.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';
import { type Presentation, withFile } from './presentation.ts';

interface ReportFlags {
  reporter?: ReporterFlag[];
  output?: string;
  server?: string;
  dataDir?: string;
}

/** `simcity report`. */
export async function report(context: Context, runId: string, flags: ReportFlags): Promise<number> {
  const reports = withFile(flags.reporter ?? [{ name: 'html', file: null }], flags.output);
  if (reports.filter(({ file, name }) => file === null && name !== 'github').length > 1) {
    throw usageError('only one report can go to stdout.', 'Name files: --reporter junit=report.xml.');
  }
  const { api, hosted } = await connectForReading(context, flags);
  const run = await api.run(runId);
  if (!hasEnded(run.status)) {
    throw usageError(
      `run ${runName(run)} has not ended: it is ${run.status}.`,
      `\`simcity watch ${run.number}\` follows it; \`simcity stop ${run.number}\` ends it.`,
    );
  }
  const data = await gatherReport(api, run, needsHistory(reports));
  await hosted?.close();
  for (const each of reports) await write(context, each, data, 'stdout', false);
  return EXIT.pass;
}

interface Reported {
  api: Api;
  run: Run;
  presentation: Presentation;
}

/** Follows by `work`, and writes the reports once the run has ended, or once it is known that it was lost. */
export async function withReports(
  context: Context,
  { api, run, presentation }: Reported,
  work: () => Promise<number>,
): Promise<number> {
  const { reports } = presentation;
  if (reports.length === 0) return work();
  let lost: CliError | null = null;
  const exitCode = await work().catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    lost = error;
    return error.exitCode;
  });
  const data = await collect(api, run, needsHistory(reports), lost);
  if (data !== null) {
    for (const each of reports) {
      await write(context, each, data, presentation.linesTo, presentation.quiet);
    }
  }
  if (lost !== null) throw lost;
  return exitCode;
}

/** Null when the run goes on without us: there is nothing to report yet. */
async function collect(
  api: Api,
  run: Run,
  history: boolean,
  lost: CliError | null,
): Promise<ReportData | null> {
  if (lost !== null)
    return {
      ...{
        run,
        snapshots: [],
        charts: [],
        lastEvents: [],
        city: null,
        closing: null,
        rules: null,
        why: null,
      },
      lost: lost.message,
    };
  const stored = await api.run(run.id);
  return hasEnded(stored.status) ? gatherReport(api, stored, history) : null;
}

function needsHistory(reports: readonly ReporterFlag[]): boolean {
  return reports.some(({ name }) => name === 'html');
}

async function write(
  context: Context,
  { name, file }: ReporterFlag,
  data: ReportData,
  linesTo: 'stdout' | 'stderr',
  quiet: boolean,
): Promise<void> {
  if (name === 'github') {
    const summary = file ?? context.env['GITHUB_STEP_SUMMARY'];
    // A job may run several; each adds its own. A file of the user's is written anew.
    if (file !== null) writeReport(context, file, summaryMarkdown(data));
    else if (summary) appendReport(context, summary, summaryMarkdown(data));
    if (quiet) return;
    if (linesTo === 'stdout') await context.out(`${annotation(data)}\n`);
    else context.err(`${annotation(data)}\n`);
    return;
  }
  const text = await render(name, data);
  if (file === null) {
    await context.out(text);
    return;
  }
  writeReport(context, file, text);
  if (!quiet) context.err(`simcity: the ${name} report is in ${safeText(file)}.\n`);
}

async function render(name: 'junit' | 'json' | 'html', data: ReportData): Promise<string> {
  if (name === 'junit') return (await import('../output/report/junit.ts')).junitReport(data);
  if (name === 'json') return (await import('../output/report/json.ts')).jsonReport(data);
  return (await import('../output/report/html.ts')).htmlReport(data);
}

function writeReport(context: Context, file: string, text: string): void {
  onDisk(file, () => {
    const path = resolve(context.cwd, file);
    makeFolder(dirname(path));
    writeFileSync(path, text);
  });
}

function appendReport(context: Context, file: string, text: string): void {
  onDisk(file, () => appendFileSync(resolve(context.cwd, file), text));
}

function onDisk(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new CliError(`the report cannot be written to ${safeText(file)}: ${safeText(messageOf(error))}.`, {
      exitCode: EXIT.usage,
      hint: '`simcity report RUN --reporter NAME=FILE` writes it again elsewhere.',
      cause: error,
    });
  }
}
