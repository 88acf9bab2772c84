/** The definitions of the commands that host parts of SimCity. */
import type { Command } from 'commander';
import { type Act, withExamples, withExitCodes } from './act.ts';
import {
  addOwnCodeOptions,
  dataDirOption,
  GROUPS,
  jsonOption,
  labelsOption,
  launcherOption,
  portOption,
  processOption,
  runOption,
  serverOption,
  sinkOption,
  startTimeoutOption,
  targetUrlOption,
} from './options.ts';

const HOST_CODES = '0 done, 2 wrong usage, 4 a part could not start, 130 interrupted.';

export function addHosting(program: Command, act: Act): void {
  const listening = (command: Command) =>
    withExitCodes(command, HOST_CODES)
      .optionsGroup(GROUPS.where)
      .addOption(processOption('host'))
      .addOption(processOption('requireToken'))
      .addOption(portOption())
      .addOption(dataDirOption());
  const up = listening(program.command('up'))
    .summary('host database, server and runner for others, until Ctrl-C')
    .description(
      'Hosts database, server and runner until it is told to leave; prints the URL. `simcity run` in other ' +
        'terminals and directories sends its runs here.',
    )
    .addOption(targetUrlOption())
    .addOption(sinkOption())
    .addOption(launcherOption())
    .addOption(startTimeoutOption())
    .action(act(async () => (await import('../commands/up.ts')).up));
  withExamples(up, [
    ['simcity up', 'on 127.0.0.1:4600'],
    ['DATABASE_URL=postgres://… simcity up --port 8080', 'on a database of yours'],
  ]);
  const serve = listening(program.command('serve'))
    .summary('host database and server without a runner')
    .description(
      'Hosts database and server, and no runner: `simcity runner` executes the runs, here or elsewhere.',
    )
    .action(act(async () => (await import('../commands/up.ts')).serve));
  withExamples(serve, [
    ['simcity token create --name me --scope read,control', 'before others can reach it'],
    ['simcity serve --host 0.0.0.0', 'for other machines; see --help of runner'],
  ]);
  addRunner(program, act);
  addMigrate(program, act);
}

function addRunner(program: Command, act: Act): void {
  const runner = withExitCodes(program.command('runner'), HOST_CODES)
    .summary('execute queued runs of a server, and work for its campaigns')
    .description(
      'Takes queued runs of a server and executes them, each in a process of its own, until it is told to ' +
        'leave; and works for its campaigns. Runs need the database of the server: DATABASE_URL, or the data directory ' +
        'of `simcity up`; without it, it works for campaigns alone. What campaigns of a service or of modules of yours need is given here, never by the server.',
    )
    .addOption(processOption('runnerName'))
    .addOption(processOption('parallel'))
    .addOption(labelsOption('works for campaigns with this label, too; repeatable'))
    .optionsGroup(GROUPS.where)
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(targetUrlOption())
    .addOption(sinkOption())
    .addOption(launcherOption())
    .addOption(startTimeoutOption())
    .optionsGroup('For campaigns of yours:')
    .addOption(runOption('scenario'))
    .addOption(runOption('target'));
  addOwnCodeOptions(runner).action(act(async () => (await import('../commands/runner.ts')).runner));
  withExamples(runner, [
    ['simcity runner --parallel 2', 'two runs at once'],
    [
      "simcity runner --target http://127.0.0.1:3000 --exec 'node service.js' --gate",
      'for campaigns of that service',
    ],
  ]);
}

function addMigrate(program: Command, act: Act): void {
  const migrate = withExitCodes(program.command('migrate'), HOST_CODES)
    .summary('apply the migrations of the database and list them')
    .description(
      'Applies what is pending in sql/ to the database, under a lock, each migration in a transaction of its ' +
        'own, and lists all of them. Again is no harm.',
    )
    .option(
      '--roles',
      'make roles for servers, runners and cities, which may do no more than they need, with the passwords of ' +
        'SIMCITY_SERVER_PASSWORD, SIMCITY_RUNNER_PASSWORD and SIMCITY_CITY_PASSWORD',
    )
    .addOption(dataDirOption())
    .addOption(jsonOption('the migrations as JSON'))
    .action(act(async () => (await import('../commands/migrate.ts')).migrate));
  withExamples(migrate, [['DATABASE_URL=postgres://… simcity migrate', 'a database of yours']]);
}
