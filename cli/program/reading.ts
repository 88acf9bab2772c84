/** The definitions of the commands that read what is stored. */
import { type Command, Option } from 'commander';
import { RUN_STATUSES } from '../../server/contract/run-values.ts';
import { type Act, PLAIN_CODES, withExamples, withExitCodes } from './act.ts';
import { choose } from './flags.ts';
import { count, dataDirOption, GROUPS, index, jsonOption, processOption, serverOption } from './options.ts';

export function addReading(program: Command, act: Act): void {
  addRuns(program, act);
  addRunners(program, act);
  addShow(program, act);
  addHistory(program, act);
  addForensic(program, act);
  addReport(program, act);
}

/** Where it reads, and how it prints. */
function reads(command: Command, json: string): Command {
  return withExitCodes(command, PLAIN_CODES)
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption(json));
}

function addRuns(program: Command, act: Act): void {
  const runs = program
    .command('runs')
    .summary('list runs, newest first')
    .description('Lists the runs of a server, the newest first.')
    .addOption(
      choose(new Option('--status <STATUS>', 'only these; LOST and ADAPTER ERROR are STOPPED'), RUN_STATUSES),
    )
    .addOption(count('--limit <N>', 'at most so many (default: 20)', 10_000))
    .action(act(async () => (await import('../commands/runs.ts')).runs));
  withExamples(reads(runs, 'one run a line as JSON'), [
    ['simcity runs --status FAIL', 'those that failed'],
    ['simcity runs --json | jq -r \'.id + " " + .status\'', 'for programs'],
  ]);
}

function addRunners(program: Command, act: Act): void {
  const runners = program
    .command('runners')
    .summary('list who works for campaigns')
    .description(
      'Lists the runners of a server that asked for work of campaigns within a day: what each does, and when it was ' +
        'heard of last. One that fell silent while it held something is marked; what it held goes to another.',
    )
    .action(act(async () => (await import('../commands/runners.ts')).runners));
  withExamples(reads(runners, 'one runner a line as JSON'), [
    ['simcity runners --server https://simcity.example.org', 'those of that server'],
  ]);
}

function addShow(program: Command, act: Act): void {
  const show = program
    .command('show')
    .summary('show a run: settings, state, metrics, verdict')
    .description('Shows one run: all its settings, how it stands, its metrics, and its verdict.')
    .argument('[run]', 'the run', 'latest')
    .action(act(async () => (await import('../commands/show.ts')).show));
  withExamples(reads(show, 'the run as JSON'), [
    ['simcity show', 'the newest run'],
    ['simcity show 0198c2 --json', 'all of its metadata'],
  ]);
}

function addHistory(program: Command, act: Act): void {
  const events = program
    .command('events')
    .summary('print the stored events of a run')
    .description('Prints the history of a run as far as it is stored, in order, a line an event.')
    .argument('[run]', 'the run', 'latest')
    .addOption(index('--from <N>', 'index of the first (default: 0)'))
    .addOption(count('--limit <N>', 'at most so many (default: all)', Number.MAX_SAFE_INTEGER))
    .action(act(async () => (await import('../commands/events.ts')).events));
  withExamples(reads(events, 'one event a line as JSON'), [
    ['simcity events latest --from 900 --limit 50', 'what happened around event 925'],
    ['simcity events --json | jq \'select(.type=="fault")\'', 'the faults alone'],
  ]);
  const snapshots = program
    .command('snapshots')
    .summary('print the stored metrics of a run over time')
    .description('Prints the metrics of a run as they were after every tenth event or so, a line a snapshot.')
    .argument('[run]', 'the run', 'latest')
    .addOption(index('--from <N>', 'index of the first (default: 0)'))
    .addOption(count('--limit <N>', 'at most so many (default: all)', Number.MAX_SAFE_INTEGER))
    .addOption(count('--every <N>', 'only every so many', 1_000_000))
    .action(act(async () => (await import('../commands/snapshots.ts')).snapshots));
  withExamples(reads(snapshots, 'one snapshot a line as JSON'), [
    ['simcity snapshots latest --every 100 --json', 'thinned, for a chart of your own'],
  ]);
}

function addForensic(program: Command, act: Act): void {
  const forensic = program
    .command('forensic')
    .summary('all that is known of the first failure of a run')
    .description(
      'Prints the forensic bundle of a failed run: what broke, expected and actual, the history of the slot, ' +
        'the faults then active, and the command that reproduces it.',
    )
    .argument('[run]', 'the run', 'latest')
    .action(act(async () => (await import('../commands/forensic.ts')).forensic));
  withExamples(reads(forensic, 'the bundle as JSON'), [
    ['simcity forensic', 'of the newest run'],
    ['simcity forensic 0198c2 --json > bundle.json', 'the whole bundle'],
  ]);
}

function addReport(program: Command, act: Act): void {
  const report = program
    .command('report')
    .summary('write a report of a run: HTML, JUnit, JSON or GitHub')
    .description(
      'Writes a report of a run that has ended: a single HTML file that opens anywhere, JUnit XML, JSON with a ' +
        'version field, or the annotations and the job summary of GitHub Actions. Without a file: to stdout.',
    )
    .argument('[run]', 'the run', 'latest')
    .optionsGroup(GROUPS.output)
    .addOption(processOption('reporters', { help: 'which report (default: html); repeatable' }))
    .addOption(new Option('--output <FILE>', 'file of the reporter that names none'))
    .optionsGroup('Options:')
    .addOption(serverOption())
    .addOption(dataDirOption())
    .action(act(async () => (await import('../commands/report.ts')).report));
  withExitCodes(report, PLAIN_CODES);
  withExamples(report, [
    ['simcity report --output report.html', 'the newest run, as a page'],
    ['simcity report 0198c2 --reporter junit=junit.xml --reporter html=report.html', 'two at once'],
    ['simcity report latest --reporter json | jq .verdict', 'for programs'],
  ]);
}
