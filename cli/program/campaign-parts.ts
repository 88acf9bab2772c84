/** Options and the command for campaigns that many machines execute: by a server, in parts without one, or on a cluster. */
import { type Command, Option } from 'commander';
import { type Act, withExamples, withExitCodes } from './act.ts';
import { baselineOption } from './campaign-findings.ts';
import { choose, kebabName, shard } from './flags.ts';
import { count, dataDirOption, jsonOption } from './options.ts';

export function addPartOptions(campaign: Command): Command {
  const part = new Option(
    '--shard <N/COUNT>',
    'only this part of the seeds, here and without a server; auto/COUNT: by JOB_COMPLETION_INDEX',
  );
  const launcher = new Option(
    '--launcher <HOW>',
    'kubernetes: the shards are the pods of one Job, of which --parallel run at once',
  );
  return campaign
    .optionsGroup('On many machines:')
    .addOption(
      new Option('--join <NAME>', 'work for a campaign of the server until it is over')
        .argParser(kebabName)
        .conflicts([
          'name',
          'resume',
          'seeds',
          'shard',
          'launcher',
          'detach',
          'for',
          'untilNew',
          'baseline',
          'keepSeeds',
          'label',
        ]),
    )
    .addOption(
      part
        .argParser(shard)
        .conflicts([
          'launcher',
          'name',
          'resume',
          'detach',
          'server',
          'log',
          'untilNew',
          'baseline',
          'keepSeeds',
          'label',
        ]),
    )
    .addOption(
      new Option(
        '--exit-zero',
        'exit code 0 also when failures were found; the merge or the server tells them',
      ),
    )
    .addOption(choose(launcher.conflicts(['resume', 'detach']), ['kubernetes']))
    .addOption(count('--shards <N>', 'how many with --launcher (default: 10)', 100_000));
}

export function addMerge(campaign: Command, act: Act): void {
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
    .addOption(
      new Option('--name <NAME>', 'keep it here as a campaign, that --resume goes on with').argParser(
        kebabName,
      ),
    )
    .addOption(
      baselineOption('known failures: only others fail it; a file, or those of a campaign kept here'),
    )
    .addOption(dataDirOption())
    .addOption(jsonOption('the summary as JSON'))
    .action(act(async () => (await import('../commands/campaign-merge.ts')).campaignMerge));
  withExamples(merge, [
    ['simcity campaign merge shard-*.json', 'of a matrix of machines'],
    ['kubectl logs --selector job-name=night --tail=-1 | simcity campaign merge -', 'of an Indexed Job'],
  ]);
}
