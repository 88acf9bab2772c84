/** Options that several commands take, worded once. */
import { type Command, Option } from 'commander';
import { reporter, serverUrl, wholeNumber } from '../flags.ts';

export const GROUPS = {
  city: 'The city:',
  faults: 'Faults and checks:',
  where: 'Where it runs:',
  output: 'Output:',
} as const;

export const serverOption = () =>
  new Option('--server <URL>', 'the server to talk to; by default the one that runs here')
    .argParser(serverUrl)
    .helpGroup(GROUPS.where);
export const dataDirOption = () =>
  new Option(
    '--data-dir <DIR>',
    'where data is kept when SimCity hosts itself (default: .simcity)',
  ).helpGroup(GROUPS.where);
export const targetUrlOption = () =>
  new Option(
    '--target-url <URL>',
    'database in which cities are built (default: the one of the control plane)',
  ).helpGroup(GROUPS.where);
export const sinkOption = () =>
  new Option('--sink <SINK>', 'where telemetry goes (default: server)')
    .choices(['server', 'supabase'])
    .helpGroup(GROUPS.where);
export const launcherOption = () =>
  new Option('--launcher <LAUNCHER>', 'how harnesses are started (default: process)')
    .choices(['process', 'docker', 'kubernetes'])
    .helpGroup(GROUPS.where);
export const jsonOption = (what: string) => new Option('--json', what).helpGroup(GROUPS.output);

export const readOnlyOption = () =>
  new Option('--read-only', 'mission control looks, but stops, launches and executes nothing').helpGroup(
    GROUPS.output,
  );

export const thinOption = () =>
  new Option('--thin', 'for slow links: the screen gets the newest events, and their number, not all')
    .conflicts(['log', 'plain', 'json', 'quiet'])
    .helpGroup(GROUPS.output);

/** An option that takes a whole number from 1. */
export function count(flags: string, description: string, most: number): Option {
  return new Option(flags, description).argParser(wholeNumber(1, most));
}

/** An option that takes an index, from 0. */
export function index(flags: string, description: string): Option {
  return new Option(flags, description).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER));
}

export function portOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(wholeNumber(0, 65_535)).helpGroup(GROUPS.where);
}

export const REPORTERS = ['junit', 'json', 'html', 'github'] as const;
export const THEMES = ['auto', 'dark', 'light'] as const;

/** The ways to show a run, for the commands that follow one. */
export function addOutputOptions(command: Command): Command {
  const reporters = new Option(
    '--reporter <NAME[=FILE]>',
    'also write a report at the end, to FILE or to stdout; repeatable',
  ).argParser(reporter);
  // For help and completion only: the parser takes a file name behind it.
  reporters.argChoices = [...REPORTERS];
  return command
    .optionsGroup(GROUPS.output)
    .addOption(new Option('--log', 'dated log lines instead of mission control'))
    .addOption(new Option('--plain', 'sentences about what changes, for screen readers'))
    .addOption(new Option('--json', 'every stream frame as a line of JSON, the end last'))
    .addOption(new Option('--quiet', 'only the verdict').conflicts(['log', 'plain']))
    .addOption(reporters)
    .addOption(new Option('--output <FILE>', 'file of the reporter that names none'))
    .addOption(new Option('--exit-on-end', 'leave mission control at the verdict'))
    .addOption(
      new Option('--theme <THEME>', 'colours for this background (default: auto)').choices([...THEMES]),
    );
}
