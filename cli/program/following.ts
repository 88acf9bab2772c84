/** The definitions of the commands that follow or stop a run. */
import { type Command, Option } from 'commander';
import { type Act, PLAIN_CODES, VERDICT_CODES, withExamples, withExitCodes } from './act.ts';
import {
  addOutputOptions,
  dataDirOption,
  GROUPS,
  jsonOption,
  mouseOption,
  readOnlyOption,
  serverOption,
  thinOption,
} from './options.ts';

export function addFollowing(program: Command, act: Act): void {
  const watch = program
    .command('watch')
    .summary('follow a run; leaving does not stop it')
    .description(
      'Follows a run from its first event: mission control on a terminal, dated lines elsewhere. ' +
        'It reconnects by itself, without a gap. Leaving, also by Ctrl-C, does not stop the run.',
    )
    .argument('[run]', 'the run', 'latest')
    .optionsGroup(GROUPS.where)
    .addOption(serverOption())
    .addOption(dataDirOption());
  addOutputOptions(watch)
    .addOption(readOnlyOption())
    .addOption(thinOption())
    .action(act(async () => (await import('../commands/watch.ts')).watch));
  withExitCodes(watch, VERDICT_CODES);
  withExamples(watch, [
    ['simcity watch', 'the newest run'],
    ['simcity watch 0198c2 --log', 'dated lines, also on a terminal'],
    ['SIMCITY_URL=http://ops:4600 simcity watch latest', 'a run of another machine'],
    ['simcity watch --thin', 'over a slow link: only the newest events come'],
    ['simcity watch --json | jq \'select(.frame=="end")\'', 'for programs'],
  ]);

  const browse = program
    .command('browse')
    .summary('the list of runs on the screen; also `simcity` alone')
    .description(
      'Shows the runs of a server as they come and go: watch, stop, compare, launch. ' +
        'Without a server it hosts one for as long as it is open.',
    )
    .optionsGroup(GROUPS.where)
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(readOnlyOption())
    .addOption(mouseOption())
    .action(act(async () => (await import('../commands/browse.ts')).browse));
  withExitCodes(browse, PLAIN_CODES);
  withExamples(browse, [
    ['simcity', 'the same'],
    ['simcity browse --server http://ops:4600 --read-only', 'look, but change nothing'],
  ]);

  const stop = program
    .command('stop')
    .summary('stop a run gracefully')
    .description('Asks a run to stop. It settles what is under way, writes its end, and is STOPPED.')
    .argument('<run>', 'the run')
    .addOption(new Option('--reason <TEXT>', 'kept with the run'))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the run as JSON'))
    .action(act(async () => (await import('../commands/stop.ts')).stop));
  withExitCodes(stop, PLAIN_CODES);
  withExamples(stop, [["simcity stop latest --reason 'seen enough'", 'the reason is kept with the run']]);
}
