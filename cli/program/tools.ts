/** The definitions of the commands about SimCity itself. */
import { Argument, type Command, Option } from 'commander';
import { LISTS } from '../../server/contract/names.ts';
import { ADAPTER_KINDS } from '../init/kinds.ts';
import { type Act, withExamples, withExitCodes } from './act.ts';
import { choose } from './flags.ts';
import { dataDirOption, jsonOption, runOption, serverOption } from './options.ts';

export function addTools(program: Command, act: Act): void {
  const list = withExitCodes(program.command('list'), '0 done, 2 wrong usage.')
    .summary('what can be chosen: bugs, strategies, scenarios, faults, …')
    .description(
      'Prints the names that there are to choose from, with a line each. Without WHAT: what can be listed.',
    )
    .addArgument(choose(new Argument('[what]', 'what to list'), Object.keys(LISTS)))
    .addOption(jsonOption('the names as JSON'))
    .action(act(async () => (await import('../commands/list.ts')).list));
  withExamples(list, [
    ['simcity list', 'what can be listed'],
    ['simcity list bugs', 'the bugs that --bug plants'],
    ["simcity list bugs --json | jq -r '.[].name'", 'for programs'],
  ]);
  const init = withExitCodes(program.command('init'), '0 done, 2 wrong usage.')
    .summary('write a service, an adapter and a scenario of your own to start from')
    .description(
      'Writes my-service.ts (a booking service over PostgreSQL with a race to find), my-adapter.ts (for an HTTP ' +
        'service; asks on a terminal what kind of API that has), my-scenario.ts (another domain: its operations, ' +
        'model, invariants, charts) and SIMCITY.md. Files that are there stay as they are.',
    )
    .argument('[dir]', 'where to', '.')
    .addOption(
      choose(new Option('--kind <KIND>', 'the kind of API that my-adapter.ts is for'), ADAPTER_KINDS),
    )
    .action(act(async () => (await import('../commands/init.ts')).init));
  withExamples(init, [
    ['simcity init', 'in this folder'],
    ['simcity init test/city', 'in a folder of its own'],
    ['simcity init --kind accounts', 'with an adapter for an API with accounts'],
  ]);
  addCheckAdapter(program, act);
  const doctor = withExitCodes(
    program.command('doctor'),
    '0 nothing is in the way, 1 something is, 2 wrong usage.',
  )
    .summary('check the installation, and show every setting with where it came from')
    .description(
      'Shows every setting with its value and where it came from (a flag, a variable, a file, the default), ' +
        'checks all that a run needs, and says what to do about what is wrong. Secrets are masked.',
    )
    .addOption(serverOption())
    .addOption(dataDirOption())
    .addOption(jsonOption('settings and checks as JSON'))
    .action(act(async () => (await import('../commands/doctor.ts')).doctor));
  withExamples(doctor, [
    ['simcity doctor', 'why does it not work here?'],
    ['SIMCITY_URL=http://ops:4600 simcity doctor', 'can that server be reached?'],
  ]);
  const completion = withExitCodes(program.command('completion'), '0 done, 2 wrong usage.')
    .summary('print the completion script of a shell')
    .description(
      'Prints a script that completes commands, options, their values, and the ids of runs (asked of the ' +
        'server, if one answers quickly).',
    )
    .addArgument(choose(new Argument('<shell>', 'the shell'), ['bash', 'zsh', 'fish']))
    .action(act(async () => (await import('../commands/completion.ts')).completion));
  withExamples(completion, [
    ['source <(simcity completion bash)', 'in ~/.bashrc'],
    ['source <(simcity completion zsh)', 'in ~/.zshrc, after compinit'],
    ['simcity completion fish > ~/.config/fish/completions/simcity.fish', 'once'],
  ]);
  program
    .command('__complete', { hidden: true })
    .argument('<position>')
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(act(async () => (await import('../commands/complete.ts')).complete(program)));
}

function addCheckAdapter(program: Command, act: Act): void {
  const check = withExitCodes(
    program.command('check-adapter'),
    '0 walked, 1 a call got no answer that says something, 2 wrong usage or ADAPTER ERROR, 4 out of reach.',
  )
    .summary('walk through every call of an adapter once')
    .description(
      'Sets the service up and resets it, makes every call once, in order, and shows the requests, the answers, ' +
        'and what the adapter makes of them; at the end what was learned of the rules. Secrets are masked.',
    )
    .addOption(new Option('--target <URL>', 'the service').makeOptionMandatory())
    .addOption(new Option('--adapter <FILE>', 'the adapter: ./my-adapter.ts').makeOptionMandatory())
    .addOption(new Option('--scenario <NAME>', 'the scenario that it is for (default: bookings)'))
    .addOption(new Option('--exec <COMMAND>', 'starts the service'))
    .addOption(runOption('rules'))
    .addOption(runOption('setupTimeoutSeconds'))
    .addOption(jsonOption('steps and end as lines of JSON'))
    .action(act(async () => (await import('../commands/check-adapter.ts')).checkAdapter));
  withExamples(check, [
    [
      'simcity check-adapter --target http://127.0.0.1:8080 --adapter ./my-adapter.ts',
      'before the first run',
    ],
  ]);
}
