/** Options that several commands take, worded once; those of settings are made from their rows. */
import { Argument, type Command, Option } from 'commander';
import { PROCESS_SETTINGS, type ProcessSettingName } from '../../server/contract/process-settings.ts';
import { RUN_ROWS, RUN_SETTINGS } from '../../server/contract/run-settings.ts';
import { flagOf, isRepeatable, type RunSetting, type Setting } from '../../server/contract/setting.ts';
import { standardOf } from '../../server/contract/setting-text.ts';
import { choose, label, parserOf, reporter, templateUrl, wholeNumber } from './flags.ts';

export const GROUPS = {
  city: 'The city:',
  faults: 'Faults and checks:',
  gate: 'A gate before the database of a service:',
  where: 'Where it runs:',
  output: 'Output:',
} as const;

/** Other words for an option of one command. */
interface Words {
  help?: string;
  standard?: string;
}

/** The option of a setting. */
function optionOf(name: string, setting: Setting, words: Words = {}): Option {
  const standard = setting.kind === 'flag' ? '' : ` (default: ${words.standard ?? standardOf(setting)})`;
  const flags = [
    `--${flagOf(name, setting)}`,
    ...(setting.value === undefined ? [] : [`<${setting.value}>`]),
  ];
  const option = new Option(
    flags.join(' '),
    words.help ?? `${setting.help}${isRepeatable(setting) ? '; repeatable' : ''}${standard}`,
  );
  if (setting.kind === 'flag') return option;
  if (setting.kind === 'choice') return choose(option, setting.choices);
  if (setting.kind === 'reports') option.argParser(reporter);
  else option.argParser(parserOf(setting));
  // For help alone: scenarios and targets may be others than these, and which bugs there are depends on both.
  if ('choices' in setting && setting.kind !== 'scenario' && setting.kind !== 'target')
    option.argChoices = [...new Set(setting.choices.map((choice) => choice.name))];
  return option;
}

/** The option of a setting of a process. */
export function processOption(name: ProcessSettingName, words?: Words): Option {
  return optionOf(name, PROCESS_SETTINGS[name], words);
}

/** The option of one setting of a run, for commands that take only some. */
export function runOption(name: keyof typeof RUN_SETTINGS): Option {
  return optionOf(name, RUN_SETTINGS[name]);
}

/** The options that decide what is executed. `standardTarget`: the target when none is named. */
export function addRunSettings(command: Command, standardTarget: string): Command {
  for (const [name, setting] of RUN_ROWS)
    if (!setting.isOfGate) addRunSetting(command, name, setting, standardTarget);
  return collectTargets(command);
}

function addRunSetting(command: Command, name: string, setting: RunSetting, standardTarget: string): void {
  if (setting.commands?.includes(command.name()) === false || flagOf(name, setting) === null) return;
  const option = optionOf(name, setting, name === 'target' ? { standard: standardTarget } : {});
  command.addOption(option.helpGroup(setting.isOfGate ? GROUPS.gate : GROUPS[setting.group]));
}

/** `--target` can be given several times, for a service at several URLs: the first is the target, all are `targets`. */
function collectTargets(command: Command): Command {
  const given: string[] = [];
  const read = parserOf(RUN_SETTINGS.target);
  const option = command.options.find(({ long }) => long === '--target');
  option?.argParser((text: string, first?: string) => {
    const target = read(text);
    return first ?? target;
  });
  return command.on('option:target', (text: string) => {
    given.push(text);
    if (given.length > 1) command.setOptionValue('targets', [...given]);
  });
}

/** The options for a service of the user's that is started here, and for the gate before its database. */
export function addServiceOptions(command: Command): Command {
  addOwnCodeOptions(command);
  for (const [name, setting] of RUN_ROWS) if (setting.isOfGate) addRunSetting(command, name, setting, '');
  return command;
}

/** What starts a service of the user's, maps its calls, and makes the database behind its gate. */
export function addOwnCodeOptions(command: Command): Command {
  const exec = new Option(
    '--exec <COMMAND>',
    'starts the service of --target URL; also killed and started again',
  );
  const adapter = new Option(
    '--adapter <FILE>',
    'maps the calls to another API of --target URL: ./my-adapter.ts',
  );
  const gate = new Option(
    '--gate [URL]',
    'a gate before the database of --exec: the seed decides which statement goes next; of a template of yours, never written to, or of an empty one',
  ).argParser(templateUrl);
  return command
    .addOption(exec.helpGroup(GROUPS.faults))
    .addOption(adapter.helpGroup(GROUPS.city))
    .optionsGroup(GROUPS.gate)
    .addOption(gate)
    .addOption(new Option('--gate-schema <FILE>', 'SQL that is run once against the empty template'))
    .addOption(
      new Option(
        '--gate-prepare <COMMAND>',
        "run once against it, such as 'npm run migrate'; has DATABASE_URL",
      ),
    )
    .addOption(new Option('--gate-large', 'a template above 1 GiB is meant'));
}

/** A file of the user's may stand there, too. */
export function scenarioArgument(): Argument {
  const { scenario } = RUN_SETTINGS;
  const argument = new Argument('[scenario]', 'what citizens do').default(scenario.default);
  argument.argParser(parserOf(scenario));
  argument.argChoices = scenario.choices.map(({ name }) => name);
  return argument;
}

const where = (name: ProcessSettingName) => () => processOption(name).helpGroup(GROUPS.where);
export const serverOption = where('server');
export const dataDirOption = where('dataDir');
export const targetUrlOption = where('targetUrl');
export const sinkOption = where('sink');
export const launcherOption = where('launcher');
export const startTimeoutOption = where('startTimeoutSeconds');
export const portOption = where('port');
/** Of what hosts only for itself. */
export const ownPortOption = () =>
  processOption('port', { help: 'port when hosting here (default: 4600 if free)' }).helpGroup(GROUPS.where);
export const jsonOption = (what: string) => new Option('--json', what).helpGroup(GROUPS.output);

export const readOnlyOption = () =>
  new Option('--read-only', 'mission control looks, but stops, launches and executes nothing').helpGroup(
    GROUPS.output,
  );

export const mouseOption = () => processOption('mouse').helpGroup(GROUPS.output);

export const thinOption = () =>
  new Option('--thin', 'for slow links: the screen gets the newest events, and their number, not all')
    .conflicts(['log', 'plain', 'json', 'quiet'])
    .helpGroup(GROUPS.output);

/** An option that takes a whole number from 1. */
export function count(flags: string, description: string, most: number): Option {
  return new Option(flags, description).argParser(wholeNumber(1, most));
}

/** An option that takes what tells runners apart. */
export function labelOption(description: string): Option {
  return new Option('--label <LABEL>', description).argParser(label);
}

/** The same, of which several may be given. */
export function labelsOption(description: string): Option {
  return new Option('--label <LABEL>', description).argParser((text: string, before: string[] = []) => [
    ...before,
    label(text),
  ]);
}

/** An option that takes an index, from 0. */
export function index(flags: string, description: string): Option {
  return new Option(flags, description).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER));
}

/** Whether a failure is explained by itself; nothing said: on a terminal. */
export function addExplainOptions(command: Command): Command {
  return command
    .addOption(
      processOption('explain', {
        help: 'after a FAIL, find out why it failed; the default on a terminal, for what can be executed again alike',
      }).helpGroup(GROUPS.output),
    )
    .addOption(new Option('--no-explain', 'leave that to `simcity explain`').helpGroup(GROUPS.output));
}

/** The ways to show a run, for the commands that follow one. */
export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup(GROUPS.output)
    .addOption(new Option('--log', 'dated log lines instead of mission control'))
    .addOption(processOption('plain'))
    .addOption(new Option('--json', 'every stream frame as a line of JSON, the end last'))
    .addOption(new Option('--quiet', 'only the verdict').conflicts(['log', 'plain']))
    .addOption(processOption('reporters'))
    .addOption(new Option('--output <FILE>', 'file of the reporter that names none'))
    .addOption(new Option('--exit-on-end', 'leave mission control at the verdict'))
    .addOption(processOption('theme'))
    .addOption(mouseOption())
    .addOption(processOption('charts'));
}
