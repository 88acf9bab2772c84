/** The definitions of what is done with the failures that a campaign found: `campaign report` and `campaign baseline`. */
import { type Command, Option } from 'commander';
import { type Act, PLAIN_CODES, withExamples, withExitCodes } from './act.ts';
import { choose } from './flags.ts';
import { dataDirOption, serverOption } from './options.ts';

const NAME = 'the campaign (default: the newest)';

export const baselineOption = (what: string) => new Option('--baseline <FILE|CAMPAIGN>', what);

export function addCampaignFindings(campaign: Command, act: Act): void {
  addReport(campaign, act);
  addBaseline(campaign, act);
}

function addReport(campaign: Command, act: Act): void {
  const report = withExitCodes(campaign.command('report'), PLAIN_CODES)
    .summary('the text of an issue for each failure that a campaign found')
    .description(
      'Writes for each distinct failure of a campaign what a tracker takes: why it broke with its lanes, the command ' +
        'that reproduces it, and how often it was seen. Nothing in it is markup, a mention or a link but what is ours.',
    )
    .argument('[name]', NAME)
    .addOption(
      choose(
        new Option('--format <FORMAT>', 'markdown, or json: a list with title and body of each').default(
          'markdown',
        ),
        ['markdown', 'json'],
      ),
    )
    .addOption(baselineOption('what is known already: a file, or the failures of another campaign'))
    .addOption(new Option('--only-new', 'leave out what the baseline has'))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .action(act(async () => (await import('../commands/campaign-report.ts')).campaignReport));
  withExamples(report, [
    ['simcity campaign report night --baseline known.json --only-new', 'what is new of last night'],
    ['simcity campaign report --format json', 'for a script that opens issues'],
  ]);
}

function addBaseline(campaign: Command, act: Act): void {
  const baseline = withExitCodes(campaign.command('baseline'), PLAIN_CODES)
    .summary('print the failures of a campaign as a baseline of what is known')
    .description(
      'Prints the failures that a campaign found as a file that is kept beside the code: campaigns with ' +
        '--baseline FILE fail for others alone. With --baseline the old file is taken over, with what it says of them.',
    )
    .argument('[name]', NAME)
    .addOption(baselineOption('what was known before, which stays: a file, or another campaign'))
    .addOption(serverOption())
    .addOption(dataDirOption())
    .action(act(async () => (await import('../commands/campaign-report.ts')).campaignBaseline));
  withExamples(baseline, [
    ['simcity campaign baseline night >known.json', 'what is known from now on'],
    ['simcity campaign baseline --baseline known.json >more.json', 'and what is known by now'],
  ]);
}
