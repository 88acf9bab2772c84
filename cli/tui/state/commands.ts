/** The commands of the palette, and which of them a typed line means. Pure. */
import type { Run } from '../../../server/contract/index.ts';
import { runOutcome } from '../../run/outcome.ts';
import { safeText } from '../../run/sanitize.ts';
import type { Binding } from '../input/binding.ts';
import type { Intent } from '../input/intents.ts';
import { VIEW_BINDINGS } from '../input/view-keys.ts';
import { distanceOf } from './word-distance.ts';

export interface Command {
  /** What is typed for it, and completed to; safe to print. */
  text: string;
  /** A word more about it; safe to print. */
  about: string;
  /** The key that does the same; '' for none. */
  key: string;
  act: Act;
}

export type Act =
  | { do: 'binding'; binding: Binding }
  | { do: 'event'; index: number }
  /** `ref` is whatever names a run; the server knows. */
  | { do: 'run'; ref: string }
  /** Only goes on with the line. */
  | { do: 'fill'; text: string };

/** What commands are made of. */
export interface Offer {
  bindings: readonly Binding[];
  runs: readonly Run[];
  /** The newest event of the history that is looked at; null: none is. */
  newest: number | null;
}

/** What only moves about, or is about the palette itself, is no command. */
const NO_COMMANDS: readonly Intent[] = [
  ...(['up', 'down', 'left', 'right', 'next-pane', 'previous-pane'] as const),
  ...(['dismiss', 'interrupt', 'open-palette'] as const),
];

/** The commands that a line means, the best first; all for an empty one. */
export function commandsFor(offer: Offer, line: string): readonly Command[] {
  const words = line.toLowerCase().split(/\s+/).filter(Boolean).map(plainNumber);
  const all = [
    ...bindingCommands(offer, true),
    ...beginnings(offer),
    ...bindingCommands(offer, false),
    ...numberCommands(offer, words),
    ...runCommands(offer, words),
  ];
  if (words.length === 0) return all;
  return all
    .map((command) => ({
      command,
      score: distanceOf(words, command.text, `${command.about} ${command.key}`),
    }))
    .filter(({ score }) => score < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.score - b.score)
    .map(({ command }) => command);
}

/** `#12` and `1,200` as they stand in commands. */
function plainNumber(word: string): string {
  return /^#?\d[\d,]*$/.test(word) ? word.replaceAll(/[#,]/g, '') : word;
}

/** Those that go to a view, or the others. */
function bindingCommands({ bindings }: Offer, toView: boolean): Command[] {
  return bindings
    .filter(({ intent }) => !NO_COMMANDS.includes(intent) && isView(intent) === toView)
    .map((binding): Command => {
      const { label, short, help, command } = binding;
      const act: Act = { do: 'binding', binding };
      if (toView) return { text: `go to ${short}`, about: help, key: label, act };
      const name = command ?? short;
      return { text: name ?? help, about: name === undefined ? '' : help, key: label, act };
    });
}

function isView(intent: Intent): boolean {
  return VIEW_BINDINGS.some((binding) => binding.intent === intent);
}

/** Lines that have yet to get their number. */
function beginnings({ newest }: Offer): Command[] {
  const begun = [
    { text: 'open run', about: 'by its number, or a part of its id' },
    ...(newest === null ? [] : [{ text: 'go to event', about: 'by its number' }]),
  ];
  return begun.map((each): Command => ({ ...each, key: '', act: { do: 'fill', text: `${each.text} ` } }));
}

/** Of commands that take a number, the one with the number that is typed. */
function numberCommands({ newest, runs }: Offer, words: readonly string[]): Command[] {
  const last = words.at(-1) ?? '';
  const number = /^\d{1,15}$/.test(last) ? Number(last) : null;
  const commands: Command[] = [];
  if (newest !== null && number !== null && number <= newest) {
    const act: Act = { do: 'event', index: number };
    commands.push({ text: `go to event ${number}`, about: `of 0 to ${newest}`, key: '', act });
  }
  const isKnown = runs.some((run) => String(run.number) === last);
  const named = /^(?:open )?run ([\w-]{1,40})$/.exec(words.join(' '))?.[1];
  if (named !== undefined && !isKnown)
    commands.push({
      text: `open run ${named}`,
      about: 'asks the server',
      key: '',
      act: { do: 'run', ref: named },
    });
  return commands;
}

/** Runs are many, so that they come only once they are asked for. */
const RUNS_AT_MOST = 50;

function runCommands({ runs }: Offer, words: readonly string[]): Command[] {
  const isAsked = words.some((word) => /^\d+$/.test(word) || 'open run'.includes(word));
  if (!isAsked) return [];
  const numbers = words.filter((word) => /^\d+$/.test(word));
  const asked = runs.filter((run) => numbers.every((each) => String(run.number).startsWith(each)));
  return asked.slice(0, RUNS_AT_MOST).map(
    (run): Command => ({
      text: `open run ${run.number}`,
      about: safeText(`${run.scenario}@${run.target}  seed ${run.seed}  ${runOutcome(run)}`),
      key: '',
      act: { do: 'run', ref: run.id },
    }),
  );
}
