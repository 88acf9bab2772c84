/** The definitions of the commands that execute runs again: to compare them, to make them small, to hunt. */
import { type Command, Option } from 'commander';
import { type Act, PLAIN_CODES, withExamples, withExitCodes } from './act.ts';
import { addBisect } from './bisect.ts';
import { addCampaignFindings, baselineOption } from './campaign-findings.ts';
import { addMerge, addPartOptions } from './campaign-parts.ts';
import { duration, kebabName, seeds } from './flags.ts';
import {
  addRunSettings,
  addServiceOptions,
  count,
  dataDirOption,
  GROUPS,
  jsonOption,
  labelOption,
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
  addBisect(program, act);
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
    '0 no failure, or known ones alone, 1 failures were found, 2 wrong usage, 4 shards, server or database lost,\n130 interrupted.',
  )
    .summary('execute many seeds at full speed; record and shrink each distinct failure')
    .description(
      'Executes many seeds at full speed. Each distinct failure is recorded as a run and made small. Where there is ' +
        'a server it keeps the campaign, and its runners work for it, too; any other process joins with --resume. ' +
        'Without one it is kept here. A campaign that was stopped goes on with --resume.',
    )
    .addArgument(scenarioArgument());
  addServiceOptions(addRunSettings(campaign, 'memory'))
    .optionsGroup('The hunt:')
    .addOption(
      new Option('--seeds <RANGE>', 'such as 1..1000 or 1..10,50 (default: 1..1000)').argParser(seeds),
    )
    .addOption(
      new Option('--for <TIME>', 'ends it after so long, such as 8h; seeds without end').argParser(duration),
    )
    .addOption(count('--until-new <N>', 'ends it once so many distinct failures were found', 500))
    .addOption(count('--parallel <N>', 'seeds at once (default: one a core)', 256))
    .addOption(new Option('--name <NAME>', 'what it is called (default: from the time)').argParser(kebabName))
    .addOption(
      new Option(
        '--resume [NAME]',
        'go on with a stopped one, or work for one that goes on (default: the newest)',
      ),
    )
    .addOption(labelOption('only runners with this label execute it'))
    .addOption(
      new Option('--detach', 'leave it to the runners of the server').conflicts(['parallel', 'keepSeeds']),
    )
    .addOption(
      baselineOption(
        'known failures: only others fail it, and are recorded; a file, or those of another campaign',
      ),
    )
    .addOption(
      new Option(
        '--keep-seeds <FILE>',
        'seeds that failed before go first, and those that fail now are kept there, by commit',
      ),
    )
    .addOption(
      new Option(
        '--commit <REV>',
        'what --keep-seeds keeps them by (default: the commit that is checked out)',
      ),
    )
    .addOption(new Option('--no-record', 'only count the failures: neither record nor shrink them'));
  addPartOptions(campaign)
    .optionsGroup(GROUPS.where)
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(ownPortOption())
    .optionsGroup(GROUPS.output)
    .addOption(new Option('--log', 'lines instead of the screen'))
    .addOption(mouseOption())
    .addOption(jsonOption('the summary as JSON'))
    .action(act(async () => (await import('../commands/campaign.ts')).campaign));
  addCampaignFindings(campaign, act);
  withExamples(campaign, [
    ['simcity campaign --seeds 1..10000', 'hunt on memory, the fastest'],
    ['simcity campaign --target postgres --bug lost-cancel', 'is a known bug found?'],
    [
      "simcity campaign --target http://127.0.0.1:3000 --exec 'node service.js' --gate",
      'hunt in a service of yours',
    ],
    ['simcity campaign --baseline known.json --keep-seeds seeds.json', 'every night: fails for what is new'],
    ['simcity campaign --resume', 'go on with the newest'],
    ['simcity campaign --for 8h --server http://farm:4600 --detach', 'a night of a farm of runners'],
  ]);
  addWatching(campaign, act);
  addMerge(campaign, act);
}

/** Campaigns of a server that others work for. */
function addWatching(campaign: Command, act: Act): void {
  campaign.enablePositionalOptions();
  withExitCodes(
    campaign.command('watch'),
    '0 no failure, 1 failures were found, 2 no such campaign, 4 server lost, 130 interrupted.',
  )
    .summary('how a campaign of a server stands, until its end')
    .description('Shows how a campaign stands that others work for, and at its end what came of it.')
    .argument('[name]', 'the campaign (default: the newest)')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(new Option('--log', 'lines instead of the screen'))
    .addOption(jsonOption('the summary as JSON'))
    .action(act(async () => (await import('../commands/campaign-watch.ts')).watchCampaign));
  withExitCodes(campaign.command('stop'), PLAIN_CODES)
    .summary('stop a campaign of a server before its end')
    .description('Stops a campaign: what is under way is stored first, and it goes on with --resume.')
    .argument('<name>', 'the campaign')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .action(act(async () => (await import('../commands/campaign-watch.ts')).stopCampaign));
}
