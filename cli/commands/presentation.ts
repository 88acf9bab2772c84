/** How a run is shown and reported: from flags, terminal and environment to one decision. */
import { type Context, canDraw } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import type { ReporterFlag } from '../program/flags.ts';

export interface OutputFlags {
  log?: true;
  plain?: true;
  json?: true;
  quiet?: true;
  reporter?: ReporterFlag[];
  output?: string;
  exitOnEnd?: true;
}

export interface Presentation {
  /** `quiet` prints the verdict alone. */
  as: 'screen' | 'log' | 'plain' | 'json' | 'quiet';
  /** With `json`: only the end frame; everywhere: no messages. */
  quiet: boolean;
  /** Where log lines, sentences and annotations go: to stderr when stdout is taken by data. */
  linesTo: 'stdout' | 'stderr';
  reports: ReporterFlag[];
  /** Log lines stand in a group, and the end is annotated, as GitHub Actions reads it. */
  onActions: boolean;
  exitOnEnd: boolean;
}

/** @throws CliError for flags that contradict each other. */
export function presentationOf(context: Context, flags: OutputFlags): Presentation {
  const as = shape(context, flags);
  const reports = withFile(flags.reporter ?? [], flags.output);
  const actions = context.env['GITHUB_ACTIONS'] === 'true';
  if (actions && !reports.some(({ name }) => name === 'github')) reports.push({ name: 'github', file: null });
  const toStdout = reports.filter(({ name, file }) => file === null && name !== 'github');
  if (toStdout.length > 1) {
    throw usageError(
      'only one report can go to stdout.',
      'Name files for the others: --reporter junit=report.xml --reporter html=report.html.',
    );
  }
  if (toStdout.length === 1 && as === 'json') {
    throw usageError('--json and a report cannot both go to stdout.', 'Name a file: --output FILE.');
  }
  return {
    as,
    quiet: flags.quiet === true,
    linesTo: toStdout.length === 1 || as === 'json' ? 'stderr' : 'stdout',
    reports,
    onActions: reports.some(({ name }) => name === 'github'),
    exitOnEnd: flags.exitOnEnd === true,
  };
}

function shape(context: Context, flags: OutputFlags): Presentation['as'] {
  if (flags.json) return 'json';
  if (flags.quiet) return 'quiet';
  if (flags.log) return 'log';
  if (flags.plain) return 'plain';
  return canDraw(context) ? 'screen' : 'log';
}

/** Gives `--output` to the reporter that names no file. @throws CliError when it is not clear which. */
export function withFile(reports: readonly ReporterFlag[], output: string | undefined): ReporterFlag[] {
  if (output === undefined) return [...reports];
  const open = reports.filter(({ file }) => file === null);
  if (open.length !== 1) {
    throw usageError(
      `--output is for one --reporter that names no file; there ${open.length === 0 ? 'is none' : `are ${open.length}`}.`,
      'Name the file with the reporter: --reporter junit=report.xml.',
    );
  }
  return reports.map((each) => (each.file === null ? { ...each, file: output } : each));
}
