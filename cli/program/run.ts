/** The definition of `simcity run`. */
import { type Command, Option } from 'commander';
import { type Act, VERDICT_CODES, withExamples, withExitCodes } from './act.ts';
import {
  addExplainOptions,
  addOutputOptions,
  addRunSettings,
  addServiceOptions,
  dataDirOption,
  GROUPS,
  ownPortOption,
  scenarioArgument,
  serverOption,
  sinkOption,
  targetUrlOption,
} from './options.ts';

export function addRun(program: Command, act: Act): void {
  const command = program
    .command('run')
    .summary('execute a run and show it; hosts what is missing')
    .description(
      'Executes a run and shows it: mission control on a terminal, dated lines elsewhere. Where nobody ' +
        'serves this directory yet, database and server are hosted here, and left to who joins. The seed decides ' +
        'everything, so that a run with the same flags and seed has the same history.',
    )
    .addArgument(scenarioArgument());
  addRunSettings(command, 'postgres');
  addServiceOptions(command);
  command
    .optionsGroup(GROUPS.where)
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(ownPortOption())
    .addOption(targetUrlOption())
    .addOption(sinkOption())
    .addOption(new Option('--detach', "print the run's id and leave"));
  addExplainOptions(addOutputOptions(command)).action(
    act(async () => (await import('../commands/run.ts')).run),
  );
  withExitCodes(command, VERDICT_CODES);
  withExamples(command, [
    ['simcity run', 'hosts what is missing, and shows a run'],
    ['simcity run --seed 42 --faults brutal', 'the same city each time, and more goes wrong'],
    ['simcity run --bug check-then-insert', 'see how a failure is found and told'],
    ['simcity run --target http://127.0.0.1:3000', 'a booking service of yours'],
    ["simcity run --target http://127.0.0.1:3000 --exec 'node service.js'", 'started, killed and restarted'],
    [
      "simcity run --target http://127.0.0.1:3000 --exec 'node service.js' --gate",
      'its transactions, as the seed picks',
    ],
    ["simcity run --threshold 'p95_latency_ms<50'", 'fail when it gets slow'],
    ['simcity run --reporter junit=report.xml', 'for CI'],
    ['simcity run --log --explain', 'after a FAIL, why it broke'],
    ['simcity run --detach', 'launch on a server, and leave'],
  ]);
}
