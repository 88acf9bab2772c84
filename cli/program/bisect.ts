/** The definition of `bisect`. */
import { type Command, Option } from 'commander';
import { type Act, withExamples, withExitCodes } from './act.ts';
import { addOwnCodeOptions, count, dataDirOption, GROUPS, jsonOption, serverOption } from './options.ts';

export function addBisect(program: Command, act: Act): void {
  const bisect = withExitCodes(
    program.command('bisect'),
    '0 found, 1 not found, 2 wrong usage, 4 server or database lost, 130 interrupted.',
  )
    .summary('find the first commit of a service that fails as a run did')
    .description(
      'Searches the history of a git repository for the first commit that fails the same way as a run, by executing ' +
        'its smallest reproduction (its seed, where there is none) at revisions between a good one and a bad one. It ' +
        'works in a worktree in a temporary folder, which is removed at the end; yours is not touched. Commands are ' +
        'executed there, and files are taken from there: what a run was launched with from this directory is known, ' +
        'else it is given again. The result is stored with the run.',
    )
    .argument('[run]', 'the run', 'latest')
    .requiredOption('--good <REV>', 'a commit, branch or tag that passes')
    .requiredOption('--bad <REV>', 'one that fails, and comes after it')
    .addOption(
      new Option('--repo <DIR>', 'the repository, or a folder in it (default: the working directory)'),
    )
    .addOption(
      new Option(
        '--setup <COMMAND>',
        "makes each revision ready, in a shell: 'npm ci'; one that fails is skipped",
      ),
    )
    .addOption(
      count(
        '--times <N>',
        'executions before a revision is taken to pass (default: as many as are worth it)',
        1_000,
      ),
    );
  addOwnCodeOptions(bisect)
    .optionsGroup(GROUPS.city)
    .addOption(
      new Option(
        '--target <FILE>',
        'the service, where it is a file that is not known here: ./my-service.ts',
      ),
    )
    .addOption(new Option('--scenario <FILE>', 'the scenario, where it is a file that is not known here'))
    .optionsGroup(GROUPS.where)
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('the result as JSON'))
    .action(act(async () => (await import('../commands/bisect.ts')).bisect));
  withExamples(bisect, [
    ['simcity bisect --good v1.4.0 --bad main', 'the newest run, whose command is known here'],
    ["simcity bisect 12 --good v1.4.0 --bad HEAD --setup 'npm ci'", 'with what each revision depends on'],
  ]);
}
