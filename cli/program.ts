/** The tree of commands. Each loads its own code only when it is called. */
import { Command, CommanderError, Option } from 'commander';
import type { Context } from './context.ts';
import { EXIT } from './errors.ts';
import { duration, faultRate, kebabName, positiveNumber, target, threshold, wholeNumber } from './flags.ts';
import { safeLines } from './safe-text.ts';
import { VERSION } from './version.ts';

type Action = (...args: never[]) => Promise<number>;

/** Runs `simcity` with `argv` (without node and script). Resolves to the exit code. */
export async function runProgram(context: Context, argv: string[]): Promise<number> {
  let exitCode: number = EXIT.pass;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  }
}

/** The commander tree; `onExitCode` gets what a command returns. */
export function buildProgram(context: Context, onExitCode: (code: number) => void): Command {
  const act =
    <A extends Action>(load: () => Promise<A>) =>
    async (...args: unknown[]) => {
      const action = await load();
      // Commander hands arguments, options and the command; the command itself is of no use to actions.
      onExitCode(await action(...([context, ...args.slice(0, -1)] as Parameters<A>)));
    };

  const program = new Command('simcity')
    .description('Finds concurrency and fault bugs in booking systems, and shows the hunt live.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help for a command')
    .helpCommand('help [command]', 'print help for a command')
    .showHelpAfterError("(`simcity help COMMAND` lists a command's flags)")
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.out(text),
      writeErr: (text) => context.err(text),
      outputError: (text, write) => write(`simcity: ${safeLines(text.replace(/^error: /, ''))}`),
    })
    .addHelpText('after', `\n${EXIT_CODES_HELP}`);

  addRun(program, act);
  addFollowing(program, act);
  addReading(program, act);
  addHosting(program, act);
  return program;
}

const EXIT_CODES_HELP = `Exit codes: 0 PASS, 1 FAIL, 2 wrong usage, 3 STOPPED, 4 server, database or harness lost, 130 interrupted.
A RUN is its id, any unambiguous prefix of it, or latest.`;

type Act = <A extends Action>(load: () => Promise<A>) => (...args: unknown[]) => Promise<void>;

const serverOption = () =>
  new Option('--server <URL>', 'the server to talk to (or SIMCITY_URL); by default the one that runs here');
const dataDirOption = () =>
  new Option('--data-dir <DIR>', 'where data is kept when SimCity hosts itself (default: .simcity)');
const jsonOption = (what: string) => new Option('--json', what);

function addRun(program: Command, act: Act): void {
  program
    .command('run')
    .description('execute a run and show it; hosts what is missing')
    .argument('[scenario]', 'what citizens do', 'bookings')
    .addOption(
      new Option('--target <TARGET>', 'postgres, memory or a URL (default: postgres)').argParser(target),
    )
    .addOption(
      new Option('--seed <N>', 'decides everything; a fresh one by default').argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(count('--operations <N>', 'operations to begin (default: 2000)', 100_000_000))
    .addOption(new Option('--duration <TIME>', 'begin no more after this, such as 30s').argParser(duration))
    .addOption(count('--citizens <N>', 'citizens of the city (default: 40)', 100_000))
    .addOption(count('--slots <N>', 'slots to book (default: 12)', 10_000))
    .addOption(count('--concurrency <N>', 'operations under way at once (default: 8)', 1_000))
    .addOption(
      new Option('--faults <PROFILE>', 'how much goes wrong (default: rough)').choices([
        'none',
        'calm',
        'rough',
        'brutal',
      ]),
    )
    .addOption(
      new Option('--fault <NAME=RATE>', 'rate of one fault, from 0 to 1; repeatable').argParser(faultRate),
    )
    .addOption(
      new Option('--bug <NAME>', 'plant a known bug, such as check-then-insert').argParser(kebabName),
    )
    .addOption(
      new Option('--isolation <LEVEL>', 'of transactions (default: read-committed)').choices([
        'read-committed',
        'repeatable-read',
        'serializable',
      ]),
    )
    .addOption(new Option('--strategy <NAME>', 'which step goes next (default: random)').argParser(kebabName))
    .addOption(new Option('--rate <N>', 'operations a second at most').argParser(positiveNumber(1_000_000)))
    .addOption(
      new Option('--snapshot-every <N>', 'events between snapshots (default: 10)').argParser(
        wholeNumber(5, 1_000_000),
      ),
    )
    .addOption(
      new Option('--threshold <EXPR>', "fail when crossed: 'p95_latency_ms<50'; repeatable").argParser(
        threshold,
      ),
    )
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(portOption('--port <N>', 'port when hosting here (default: 4600 if free)'))
    .addOption(new Option('--detach', "print the run's id and leave"))
    .addOption(new Option('--log', 'log lines instead of mission control'))
    .addOption(jsonOption('every stream frame as a line of JSON'))
    .addOption(new Option('--exit-on-end', 'leave mission control at the verdict'))
    .action(act(async () => (await import('./commands/run.ts')).run));
}

function addFollowing(program: Command, act: Act): void {
  program
    .command('watch')
    .description('follow a run; leaving does not stop it')
    .argument('[run]', 'the run', 'latest')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(new Option('--log', 'log lines instead of mission control'))
    .addOption(jsonOption('every stream frame as a line of JSON'))
    .addOption(new Option('--exit-on-end', 'leave mission control at the verdict'))
    .action(act(async () => (await import('./commands/watch.ts')).watch));
  program
    .command('stop')
    .description('stop a run gracefully')
    .argument('<run>', 'the run')
    .addOption(new Option('--reason <TEXT>', 'kept with the run'))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the run as JSON'))
    .action(act(async () => (await import('./commands/stop.ts')).stop));
}

function addReading(program: Command, act: Act): void {
  program
    .command('runs')
    .description('list runs, newest first')
    .addOption(
      new Option('--status <STATUS>', 'only these').choices([
        'QUEUED',
        'RUNNING',
        'STOPPING',
        'PASS',
        'FAIL',
        'STOPPED',
      ]),
    )
    .addOption(count('--limit <N>', 'at most so many (default: 20)', 10_000))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('one run a line as JSON'))
    .action(act(async () => (await import('./commands/runs.ts')).runs));
  program
    .command('show')
    .description('show a run: plan, state, metrics, verdict')
    .argument('[run]', 'the run', 'latest')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the run as JSON'))
    .action(act(async () => (await import('./commands/show.ts')).show));
  program
    .command('events')
    .description('print the stored events of a run')
    .argument('[run]', 'the run', 'latest')
    .addOption(new Option('--from <N>', 'index of the first (default: 0)').argParser(index))
    .addOption(count('--limit <N>', 'at most so many (default: all)', Number.MAX_SAFE_INTEGER))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('one event a line as JSON'))
    .action(act(async () => (await import('./commands/events.ts')).events));
  program
    .command('snapshots')
    .description('print the stored metrics of a run over time')
    .argument('[run]', 'the run', 'latest')
    .addOption(new Option('--from <N>', 'index of the first (default: 0)').argParser(index))
    .addOption(count('--limit <N>', 'at most so many (default: all)', Number.MAX_SAFE_INTEGER))
    .addOption(count('--every <N>', 'only every so many', 1_000_000))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('one snapshot a line as JSON'))
    .action(act(async () => (await import('./commands/snapshots.ts')).snapshots));
  program
    .command('forensic')
    .description('all that is known of the first failure of a run')
    .argument('[run]', 'the run', 'latest')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the bundle as JSON'))
    .action(act(async () => (await import('./commands/forensic.ts')).forensic));
}

function addHosting(program: Command, act: Act): void {
  const listening = (command: Command) =>
    command
      .addOption(new Option('--host <ADDRESS>', 'address to listen on (default: 127.0.0.1)'))
      .addOption(portOption('--port <N>', 'port to listen on; 0 takes any (default: 4600)'))
      .addOption(dataDirOption());
  listening(program.command('up'))
    .description('host database, server and runner for others, until Ctrl-C')
    .action(act(async () => (await import('./commands/up.ts')).up));
  listening(program.command('serve'))
    .description('host database and server without a runner')
    .action(act(async () => (await import('./commands/up.ts')).serve));
  program
    .command('runner')
    .description('execute queued runs of a server')
    .addOption(new Option('--name <NAME>', 'what it calls itself (default: host and process)'))
    .addOption(count('--parallel <N>', 'runs at once (default: 1)', 64))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .action(act(async () => (await import('./commands/runner.ts')).runner));
  program
    .command('migrate')
    .description('apply the migrations of the database and list them')
    .addOption(dataDirOption())
    .addOption(jsonOption('the migrations as JSON'))
    .action(act(async () => (await import('./commands/migrate.ts')).migrate));
}

const index = wholeNumber(0, Number.MAX_SAFE_INTEGER);

function count(flags: string, description: string, most: number): Option {
  return new Option(flags, description).argParser(wholeNumber(1, most));
}

function portOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(wholeNumber(0, 65_535));
}
