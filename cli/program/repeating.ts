/** The definitions of the commands that execute runs again: to compare them, to make them small, to hunt. */
import { type Command, Option } from 'commander';
import { type Act, withExamples, withExitCodes } from './act.ts';
import { choose, duration, kebabName, seeds, shard } from './flags.ts';
import {
  addRunSettings,
  addServiceOptions,
  count,
  dataDirOption,
  GROUPS,
  jsonOption,
  mouseOption,
  ownPortOption,
  readOnlyOption,
  scenarioArgument,
  serverOption,
} from './options.ts';

export function addRepeating(program: Command, act: Act): void {
  addReplay(program, act);
  addDiff(program, act);
  addShrink(program, act);
  addExplain(program, act);
  addCampaign(program, act);
}

function addReplay(program: Command, act: Act): void {
  const replay = withExitCodes(
    program.command('replay'),
    '0 identical, 1 the histories differ, 2 wrong usage, 4 server or database lost, 130 interrupted.',
  )
    .summary('scrub through a run; or execute its seed again and compare')
    .description(
      'On a terminal: opens the run in mission control, at any of its events. With --verify: executes the ' +
        'seed of a run that has ended once more, aside from the server, and compares the two ' +
        'histories event by event. One seed is one history, bit for bit, on memory and on postgres, and behind ' +
        'a gate as far as that was measured of the service.',
    )
    .argument('[run]', 'the run', 'latest')
    .addOption(new Option('--verify', 'compare event by event'))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the comparison as JSON'))
    .addOption(readOnlyOption())
    .addOption(mouseOption())
    .action(act(async () => (await import('../commands/replay.ts')).replay));
  withExamples(replay, [
    ['simcity replay latest', 'scrub through the newest run'],
    ['simcity replay latest --verify', 'does it happen again, exactly so?'],
  ]);
}

function addDiff(program: Command, act: Act): void {
  const diff = withExitCodes(
    program.command('diff'),
    '0 identical, 1 the histories differ, 2 wrong usage or no such run, 4 server lost.',
  )
    .summary('the first event at which two runs differ, and what differs')
    .description('Compares the stored histories of two runs, and shows the first event that differs.')
    .argument('<run>', 'one run')
    .argument('<other>', 'the other')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the comparison as JSON'))
    .action(act(async () => (await import('../commands/diff.ts')).diff));
  withExamples(diff, [['simcity diff 0198c2 0198d7', 'where they part']]);
}

function addShrink(program: Command, act: Act): void {
  const shrink = withExitCodes(
    program.command('shrink'),
    '0 found, 1 not found, 2 wrong usage, 4 server or database lost, 130 interrupted.',
  )
    .summary('find the few operations by which a failed run still fails the same way')
    .description(
      'Finds a smallest set of operations, faults and scheduling choices by which a failed run still fails ' +
        'the same way, and prints it as a story and as a command. It is stored with the run.',
    )
    .argument('[run]', 'the run', 'latest')
    .addOption(count('--max-executions <N>', 'stop searching after so many executions', 10_000_000))
    .addOption(
      new Option('--max-time <TIME>', 'stop searching after this (default: 10m)').argParser(duration),
    )
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the result as JSON'))
    .action(act(async () => (await import('../commands/shrink.ts')).shrink));
  withExamples(shrink, [
    ['simcity shrink', 'the newest run'],
    ['simcity shrink 0198c2 --max-time 1m', 'the best that a minute finds'],
  ]);
}

function addExplain(program: Command, act: Act): void {
  const explain = withExitCodes(
    program.command('explain'),
    '0 explained, 1 not explained, 2 wrong usage, 4 server or database lost, 130 interrupted.',
  )
    .summary('find out why a failed run failed: what read and wrote what, and what makes it pass')
    .description(
      'Tells why a failed run failed: its smallest reproduction statement by statement, the two of them that clash, ' +
        'and what makes it pass, measured. What was not found yet is found here, aside from the server, and is ' +
        'stored with the run; a run without a smallest reproduction is made small first.',
    )
    .argument('[run]', 'the run', 'latest')
    .addOption(new Option('--max-time <TIME>', 'give up after this (default: 10m)').argParser(duration))
    .addOption(new Option('--again', 'find it out anew, also when it is known'))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the explanation as JSON'))
    .action(act(async () => (await import('../commands/explain.ts')).explain));
  withExamples(explain, [
    ['simcity explain', 'why the newest run failed'],
    ['simcity explain 0198c2 --json', 'for programs'],
  ]);
}

function addCampaign(program: Command, act: Act): void {
  const campaign = withExitCodes(
    program.command('campaign'),
    '0 no failure, 1 failures were found, 2 wrong usage, 4 server or database lost, 130 interrupted.',
  )
    .summary('execute many seeds at full speed; record and shrink each distinct failure')
    .description(
      'Executes many seeds at full speed, aside from the server. Each distinct failure is recorded as a run and ' +
        'made small. A campaign that was stopped goes on with --resume.',
    )
    .addArgument(scenarioArgument());
  addServiceOptions(addRunSettings(campaign, 'memory'))
    .optionsGroup('The hunt:')
    .addOption(
      new Option('--seeds <RANGE>', 'such as 1..1000 or 1..10,50 (default: 1..1000)').argParser(seeds),
    )
    .addOption(count('--parallel <N>', 'seeds at once (default: one a core)', 256))
    .addOption(new Option('--name <NAME>', 'what it is called (default: from the time)').argParser(kebabName))
    .addOption(new Option('--resume [NAME]', 'go on with a stopped one (default: the newest)'))
    .addOption(new Option('--no-record', 'only count the failures: neither record nor shrink them'))
    .addOption(
      new Option('--for <TIME>', 'end after so long, with the seeds that are through').argParser(duration),
    )
    .addOption(
      new Option(
        '--shard <N/COUNT>',
        'only this part of the seeds, here and without a server; auto/COUNT: by JOB_COMPLETION_INDEX',
      )
        .argParser(shard)
        .conflicts(['name', 'resume', 'server', 'log']),
    )
    .addOption(new Option('--exit-zero', 'exit code 0 also when failures were found; the merge tells them'))
    .optionsGroup(GROUPS.where)
    .addOption(
      choose(
        new Option(
          '--launcher <HOW>',
          'kubernetes: its shards are the pods of one Job, and --parallel says how many at once',
        ).conflicts(['shard', 'resume', 'log']),
        ['kubernetes'],
      ),
    )
    .addOption(count('--shards <N>', 'how many with --launcher (default: 10)', 100_000))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(ownPortOption())
    .optionsGroup(GROUPS.output)
    .addOption(new Option('--log', 'lines instead of the screen'))
    .addOption(mouseOption())
    .addOption(jsonOption('the summary as JSON'))
    .action(act(async () => (await import('../commands/campaign.ts')).campaign));
  withExamples(campaign, [
    ['simcity campaign --seeds 1..10000', 'hunt on memory, the fastest'],
    ['simcity campaign --target postgres --bug lost-cancel', 'is a known bug found?'],
    [
      "simcity campaign --target http://127.0.0.1:3000 --exec 'node service.js' --gate",
      'hunt in a service of yours',
    ],
    ['simcity campaign --resume', 'go on with the newest'],
  ]);
  addMerge(campaign.enablePositionalOptions(), act);
}

function addMerge(campaign: Command, act: Act): void {
  const merge = withExitCodes(
    campaign.command('merge'),
    '0 no failure, 1 failures were found, 2 wrong usage, 4 shards are missing.',
  )
    .summary('put together what shards have found')
    .description(
      'Puts together what shards of a campaign have found that were executed by themselves, each by --shard: the ' +
        'same findings as if one process had executed all seeds. - stands for standard input, such as the logs of pods.',
    )
    .argument('<file...>', 'what `simcity campaign --shard 1/4 --json` has printed')
    .addOption(jsonOption('the summary as JSON'))
    .action(act(async () => (await import('../commands/campaign-merge.ts')).campaignMerge));
  withExamples(merge, [
    ['simcity campaign merge shard-*.json', 'of a matrix of machines'],
    ['kubectl logs --selector job-name=night --tail=-1 | simcity campaign merge -', 'of an Indexed Job'],
  ]);
}
