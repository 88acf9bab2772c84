/** The definitions of the commands that look after a server's database: tokens and retention. */
import { type Command, Option } from 'commander';
import { type Act, withExamples, withExitCodes } from './act.ts';
import { days, keptAge, scopes, statuses } from './flags.ts';
import { count, dataDirOption, jsonOption } from './options.ts';

const CODES = '0 done, 2 wrong usage, 4 the database could not be reached.';

export function addUpkeep(program: Command, act: Act): void {
  addToken(program, act);
  addPrune(program, act);
}

function addPrune(program: Command, act: Act): void {
  const prune = withExitCodes(program.command('prune'), CODES)
    .summary('remove old runs with their histories')
    .description(
      'Removes runs that have ended from the database of a server: DATABASE_URL, or the data directory. With ' +
        'both --keep and --keep-runs, only runs that neither keeps. It asks first on a terminal. Whoever reads a ' +
        'removed run is told so.',
    )
    .addOption(
      new Option(
        '--keep <AGE>',
        'keep runs launched within this time: 30d, 2w, 12h; days are whole',
      ).argParser(keptAge),
    )
    .addOption(count('--keep-runs <N>', 'keep the newest N runs that have ended', 100_000_000))
    .addOption(
      new Option(
        '--status <STATUSES>',
        'only runs that ended so: PASS, FAIL, STOPPED, with commas',
      ).argParser(statuses),
    )
    .addOption(new Option('--dry-run', 'only say what would go'))
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(dataDirOption())
    .addOption(jsonOption('what was removed as JSON'))
    .action(act(async () => (await import('../commands/prune.ts')).prune));
  withExamples(prune, [
    ['simcity prune --keep 30d --dry-run', 'what would go?'],
    ['simcity prune --keep 30d --keep-runs 1000 --yes', 'every night'],
    ['simcity prune --keep 7d --status PASS', 'failures stay'],
  ]);
}

function addToken(program: Command, act: Act): void {
  const token = program
    .command('token')
    .summary('make, list and revoke the tokens of a server')
    .description(
      'Works on the database of a server: DATABASE_URL, or the data directory. Once there is a token, the ' +
        'server asks everybody for one, except for /healthz and /readyz.',
    );
  withExitCodes(token, CODES);
  withExamples(token, [
    ['simcity token create --name ci --scope read,control', 'one for a pipeline'],
    ['simcity token list', 'who has one'],
    ['simcity token revoke ci', 'no more'],
  ]);
  const create = withExitCodes(token.command('create'), CODES)
    .summary('make a token and print it, this once')
    .requiredOption('--name <NAME>', 'what it is called in lists and logs')
    .addOption(
      new Option(
        '--scope <SCOPES>',
        'read: look at runs; control: launch and stop them too; with commas between',
      )
        .argParser(scopes)
        .default(['read'], 'read'),
    )
    .addOption(
      new Option('--days <N>', 'valid for so many days (default: until it is revoked)').argParser(days),
    )
    .addOption(dataDirOption())
    .addOption(jsonOption('the token as JSON'))
    .action(act(async () => (await import('../commands/token.ts')).createToken));
  withExamples(create, [
    ['simcity token create --name wall', 'may look'],
    ['simcity token create --name ci --scope read,control --days 90', 'may launch and stop, too'],
  ]);
  withExitCodes(token.command('list'), CODES)
    .summary('list the tokens, never their secrets')
    .addOption(dataDirOption())
    .addOption(jsonOption('the tokens as JSON'))
    .action(act(async () => (await import('../commands/token.ts')).listTokens));
  withExitCodes(token.command('revoke'), CODES)
    .summary('end a token; its streams are cut within 2 s')
    .argument('<token>', 'its name or id')
    .addOption(dataDirOption())
    .addOption(jsonOption('what was revoked as JSON'))
    .action(act(async () => (await import('../commands/token.ts')).revokeToken));
  withExitCodes(token.command('forget'), CODES)
    .summary('remove revoked and expired tokens; with none left, a server on loopback is open again')
    .addOption(dataDirOption())
    .addOption(jsonOption('what was removed as JSON'))
    .action(act(async () => (await import('../commands/token.ts')).forgetTokens));
}
