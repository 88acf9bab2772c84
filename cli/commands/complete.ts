/** What a completion script asks for: the words that could stand at a place, a line each, silent when unsure. */
import type { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { FAULT_NAMES } from '../flags.ts';
import { runOutcome } from '../outcome.ts';
import { safeText } from '../sanitize.ts';

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
  if (place.waiting !== null) return startingWith(current, valuesOf(place.waiting, ''));
  const equals = /^(--[a-z-]+)=(.*)$/.exec(current);
  if (equals) {
    const option = place.command.options.find(({ long }) => long === equals[1]);
    return option ? startingWith(current, valuesOf(option, `${equals[1]}=`)) : [];
  }
  if (current.startsWith('-')) return startingWith(current, optionsOf(place.command, before));
  return startingWith(current, await argumentsOf(context, program, place));
}

interface Place {
  command: Command;
  /** Arguments of the command that stand already. */
  given: string[];
  /** The option whose value is asked for; null when it is not a value. */
  waiting: Option | null;
}

function placeOf(program: Command, before: readonly string[]): Place {
  const place: Place = { command: program, given: [], waiting: null };
  for (const word of before) {
    if (place.waiting !== null) {
      place.waiting = null;
    } else if (word.startsWith('-')) {
      const option = place.command.options.find(({ long, short }) => long === word || short === word);
      place.waiting = option?.required ? option : null;
    } else {
      const child =
        place.command === program ? program.commands.find((each) => each.name() === word) : undefined;
      if (child) place.command = child;
      else place.given.push(word);
    }
  }
  return place;
}

function startingWith(current: string, words: readonly Word[]): Word[] {
  return words.filter(([word]) => word.startsWith(current) || word.startsWith(':'));
}

function optionsOf(command: Command, before: readonly string[]): Word[] {
  const repeatable = new Set(['--fault', '--threshold', '--reporter']);
  const listed = command.createHelp().visibleOptions(command);
  return listed.flatMap(({ long, description }): Word[] =>
    !long || (before.includes(long) && !repeatable.has(long)) ? [] : [[long, firstSentence(description)]],
  );
}

const FILES: Word[] = [[':files', '']];
const DIRECTORIES: Word[] = [[':directories', '']];

/** `prefix` stands before the value in the same word. */
function valuesOf(option: Option, prefix: string): Word[] {
  const words = (values: readonly string[]): Word[] => values.map((value) => [`${prefix}${value}`, '']);
  switch (option.long) {
    case '--data-dir':
      return DIRECTORIES;
    case '--output':
    case '--scenario':
      return FILES;
    case '--target':
      return [...words(['postgres', 'memory', 'http://']), ...FILES];
    case '--fault':
      return words(FAULT_NAMES.map((name) => `${name}=`));
    case '--duration':
    case '--max-time':
      return words(['10s', '30s', '1m', '5m', '1h']);
    case '--reporter':
      return words((option.argChoices ?? []).flatMap((name) => [name, `${name}=`]));
    case '--server':
      return words(['http://127.0.0.1:4600']);
    default:
      return words(option.argChoices ?? []);
  }
}

async function argumentsOf(context: Context, program: Command, { command, given }: Place): Promise<Word[]> {
  if (command === program) return commandWords(program);
  if (command.name() === 'help') return given.length === 0 ? commandWords(program) : [];
  const argument = command.registeredArguments[given.length];
  if (argument === undefined) return [];
  if (argument.argChoices) return argument.argChoices.map((choice) => [choice, '']);
  if (argument.name() === 'scenario') return [['bookings', 'citizens book and cancel slots']];
  if (argument.name() === 'run' || argument.name() === 'other') return runWords(context, command.name());
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
async function runWords(context: Context, command: string): Promise<Word[]> {
  const { quickRuns } = await import('../client/quick-runs.ts');
  const words = (await quickRuns(context)).map(
    (run): Word => [run.id, `${runOutcome(run)} ${run.scenario} seed ${run.seed}`],
  );
  return words.length === 0 || command === 'stop' ? words : [['latest', 'the newest run'], ...words];
}
