/** What a completion script asks for: the words that could stand at a place, a line each, silent when unsure. */
import type { Command, Option } from 'commander';
import { choicesOf } from '../../server/contract/launch-check.ts';
import { LISTS, SCENARIOS } from '../../server/contract/names.ts';
import { PROCESS_ROWS } from '../../server/contract/process-settings.ts';
import { RULE_CHOICES, type RuleFlag } from '../../server/contract/rule-values.ts';
import { RUN_ROWS, type RunValues } from '../../server/contract/run-settings.ts';
import { flagOf, isRepeatable, type Setting } from '../../server/contract/setting.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { runOutcome } from '../run/outcome.ts';
import { isActive } from '../run/run-list.ts';
import { safeText } from '../run/sanitize.ts';

/** A word, and what it means. */
type Word = [word: string, what: string];

/** The command `__complete POSITION WORDS…` over `program`: the words are those after `simcity`. */
export function complete(program: Command) {
  return async (context: Context, position: string, words: string[]): Promise<number> => {
    const found = await candidates(
      context,
      program,
      words.slice(0, Number(position)),
      words[Number(position)] ?? '',
    );
    await context.out(found.map(([word, what]) => `${safeText(word)}\t${safeText(what)}\n`).join(''));
    return EXIT.pass;
  };
}

async function candidates(
  context: Context,
  program: Command,
  before: readonly string[],
  current: string,
): Promise<Word[]> {
  const place = placeOf(program, before);
  if (place.waiting !== null) return startingWith(current, valuesOf(place.waiting, '', place));
  const equals = /^(--[a-z-]+)=(.*)$/.exec(current);
  if (equals) {
    const option = place.command.options.find(({ long }) => long === equals[1]);
    return option ? startingWith(current, valuesOf(option, `${equals[1]}=`, place)) : [];
  }
  if (current.startsWith('-')) return startingWith(current, optionsOf(place.command, before));
  return startingWith(current, await argumentsOf(context, program, place, current));
}

interface Place {
  command: Command;
  /** Arguments of the command that stand already. */
  given: string[];
  /** What is said already of the run, by the words of it. */
  said: RunValues;
  /** The option whose value is asked for; null when it is not a value. */
  waiting: Option | null;
}

function placeOf(program: Command, before: readonly string[]): Place {
  const place: Place = { command: program, given: [], said: {}, waiting: null };
  for (const word of before) {
    if (place.waiting !== null) {
      Object.assign(place.said, { [place.waiting.attributeName()]: word });
      place.waiting = null;
    } else if (word.startsWith('-')) {
      const option = place.command.options.find(({ long, short }) => long === word || short === word);
      place.waiting = option?.required ? option : null;
    } else {
      const child =
        place.command === program ? program.commands.find((each) => each.name() === word) : undefined;
      if (child) place.command = child;
      else {
        place.given.push(word);
        if (place.command.registeredArguments[0]?.name() === 'scenario') place.said.scenario = word;
      }
    }
  }
  return place;
}

function startingWith(current: string, words: readonly Word[]): Word[] {
  return words.filter(([word]) => word.startsWith(current) || word.startsWith(':'));
}

function optionsOf(command: Command, before: readonly string[]): Word[] {
  const listed = command.createHelp().visibleOptions(command);
  return listed.flatMap(({ long, description }): Word[] =>
    !long || (before.includes(long) && long !== '--target' && !isRepeatable(SETTINGS.get(long) ?? NO_SETTING))
      ? []
      : [[long, firstSentence(description)]],
  );
}

const FILES: Word[] = [[':files', '']];
/** Options of no setting that take a file. */
const TAKE_FILES: ReadonlySet<string> = new Set([
  '--output',
  '--adapter',
  '--gate-schema',
  '--baseline',
  '--keep-seeds',
]);
const DIRECTORIES: Word[] = [[':directories', '']];

/** By the option. */
const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>(
  [...PROCESS_ROWS, ...RUN_ROWS].map(([name, setting]) => [`--${flagOf(name, setting)}`, setting]),
);
const NO_SETTING: Setting = { kind: 'text', help: '', default: null };

/** `prefix` stands before the value in the same word. */
function valuesOf({ long, argChoices = [] }: Option, prefix: string, { said }: Place): Word[] {
  const setting = SETTINGS.get(long ?? '');
  const words = (values: readonly string[]): Word[] => values.map((value) => [`${prefix}${value}`, '']);
  if (long !== undefined && TAKE_FILES.has(long)) return FILES;
  if (setting === undefined) return words(long === '--max-time' ? ['30s', '1m', '10m'] : argChoices);
  const names = choicesOf(setting, said).flatMap(({ name, what }): Word[] => {
    const pair: Word = [`${prefix}${name}=`, what];
    if (setting.kind === 'rates') return [pair];
    if (setting.kind === 'rules') {
      const few = RULE_CHOICES[name as RuleFlag];
      return few === undefined ? [pair] : few.map((value): Word => [`${prefix}${name}=${value}`, what]);
    }
    return [[`${prefix}${name}`, what], ...(setting.kind === 'reports' ? [pair] : [])];
  });
  const takesFiles = setting.kind === 'scenario' || setting.kind === 'target';
  const isPlace = setting.suggestions?.[0]?.startsWith(':') === true;
  const suggested = isPlace ? DIRECTORIES : words(setting.suggestions ?? []);
  return [...names, ...suggested, ...(takesFiles ? FILES : [])];
}

async function argumentsOf(
  context: Context,
  program: Command,
  { command, given }: Place,
  current: string,
): Promise<Word[]> {
  if (command === program) return commandWords(program);
  if (command.name() === 'help') return given.length === 0 ? commandWords(program) : [];
  const argument = command.registeredArguments[given.length];
  if (argument === undefined) return [];
  if (argument.name() === 'scenario')
    return [...SCENARIOS.map(({ name, what }): Word => [name, what]), ...FILES];
  if (argument.argChoices) return argument.argChoices.map((choice) => [choice, LISTS[choice]?.what ?? '']);
  if (argument.name() === 'run' || argument.name() === 'other')
    return runWords(context, command.name(), current);
  return [];
}

function commandWords(program: Command): Word[] {
  const visible = program.createHelp().visibleCommands(program);
  return visible.map((each) => [each.name(), firstSentence(each.summary() || each.description())]);
}

function firstSentence(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** The server is asked only if one is there, and only for a moment. */
async function runWords(context: Context, command: string, current: string): Promise<Word[]> {
  const { quickRuns } = await import('../client/quick-runs.ts');
  const runs = (await quickRuns(context)).filter((run) => command !== 'stop' || isActive(run));
  const words = runs.map((run): Word => {
    // A number says it all, unless an id was begun.
    const name = current === '' || /^[1-9][0-9]*$/.test(current) ? String(run.number) : run.id;
    return [name, `${runOutcome(run)} ${run.scenario} seed ${run.seed}`];
  });
  return words.length === 0 || command === 'stop' ? words : [['latest', 'the newest run'], ...words];
}
