/** The tree of commands. Each loads its own code only when it is called. */
import { Command, CommanderError } from 'commander';
import { FOREIGN_VARIABLES } from '../server/contract/process-settings.ts';
import { configure } from './config/apply.ts';
import { SETTINGS } from './config/settings.ts';
import { type Context, canDraw } from './process/context.ts';
import { EXIT } from './process/errors.ts';
import { VERSION } from './process/version.ts';
import type { Act, Action } from './program/act.ts';
import { addFollowing } from './program/following.ts';
import { addHosting } from './program/hosting.ts';
import { addReading } from './program/reading.ts';
import { addRepeating } from './program/repeating.ts';
import { addRun } from './program/run.ts';
import { addTools } from './program/tools.ts';
import { addUpkeep } from './program/upkeep.ts';
import { safeLines } from './run/sanitize.ts';

/** Runs `simcity` with `argv` (without node and script). Resolves to the exit code. */
export async function runProgram(context: Context, argv: string[]): Promise<number> {
  let exitCode: number = EXIT.pass;
  let printed = Promise.resolve();
  const program = buildProgram(
    context,
    (code) => {
      exitCode = code;
    },
    (done) => {
      printed = done;
    },
  );
  try {
    // Without a command a person gets the list of runs; what is no terminal gets the help.
    const opens = argv.every((arg) => arg === '--mouse') && canDraw(context);
    await program.parseAsync(opens ? ['browse', ...argv] : argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    await printed;
    return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  }
}

/** Commands that need no settings, or that look at them in their own way. */
const WITHOUT_SETTINGS = new Set(['init', 'list', 'completion', '__complete', 'doctor']);

/** The commander tree; `onExitCode` gets what a command returns, `onPrint` what becomes of the help. */
export function buildProgram(
  context: Context,
  onExitCode: (code: number) => void,
  onPrint: (done: Promise<void>) => void = () => {},
): Command {
  let configured = context;
  const act: Act =
    <A extends Action>(load: () => Promise<A>) =>
    async (...args: unknown[]) => {
      const action = await load();
      // Commander hands arguments, options and the command; the command itself is of no use to actions.
      onExitCode(await action(...([configured, ...args.slice(0, -1)] as Parameters<A>)));
    };

  const program = new Command('simcity')
    .description('Finds concurrency and fault bugs in booking systems, and shows the hunt live.')
    .version(
      VERSION,
      '-V, --version',
      'print the version (with --verbose also that of Node, and the platform)',
    )
    .helpOption('-h, --help', 'print help for a command')
    .addHelpCommand(helpCommand())
    .showHelpAfterError("(`simcity help COMMAND` lists a command's flags)")
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    // What stands behind the name of a command is that command's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => onPrint(context.out(text)),
      writeErr: (text) => context.err(text),
      outputError: (text, write) => write(`simcity: ${safeLines(text.replace(/^error: /, ''))}`),
    })
    .hook('preAction', async (_, command) => {
      // By the whole name: `token list` is no `list`.
      if (command.parent === program && WITHOUT_SETTINGS.has(command.name())) return;
      configured = { ...context, ...(await configure(command, context.env, context.cwd)) };
    })
    .addHelpText('after', () => `\n${environmentHelp()}\n\n${EXIT_CODES_HELP}`);

  program.commandsGroup('Execute and follow:');
  addRun(program, act);
  addFollowing(program, act);
  program.commandsGroup('Look at what happened:');
  addReading(program, act);
  program.commandsGroup('Execute again:');
  addRepeating(program, act);
  program.commandsGroup('Host:');
  addHosting(program, act);
  addUpkeep(program, act);
  program.commandsGroup('SimCity itself:');
  addTools(program, act);
  return program;
}

/** Defined by hand, to stand in a group. */
function helpCommand(): Command {
  return new Command('help')
    .argument('[command]')
    .description('print help for a command')
    .helpGroup('SimCity itself:')
    .helpOption(false);
}

const EXIT_CODES_HELP = `Exit codes: 0 PASS, 1 FAIL, 2 wrong usage or ADAPTER ERROR, 3 STOPPED, 4 LOST, or server or database out of reach,
130 interrupted. LOST and ADAPTER ERROR say nothing about the service under test.
A RUN is its number (12, or '#12' in quotes), its id, an unambiguous beginning or end of that, or latest.`;

function environmentHelp(): string {
  const own = SETTINGS.filter(({ name }) => !name.startsWith('run.')).map(
    ({ variable, row, flag }): [string, string] => [
      variable,
      flag === null ? row.help : `${row.help} (${flag})`,
    ],
  );
  const rows = [
    ...own,
    ['SIMCITY_<FLAG>', 'a default for a flag of run: SIMCITY_OPERATIONS, SIMCITY_FAULTS, …'] as const,
    ...FOREIGN_VARIABLES,
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}`);
  return [
    'Settings come from flags, then the environment, then simcity.config.ts or .json in the working',
    'directory, then defaults; `simcity doctor` shows which came from where.',
    '',
    'Environment:',
    ...lines,
  ].join('\n');
}
