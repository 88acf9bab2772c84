/** How the text of a flag becomes its value; a bad one is quoted, with what would be right. */
import { InvalidArgumentError } from 'commander';
import { type Named, SCOPES } from '../../server/contract/names.ts';
import { PROCESS_SETTINGS } from '../../server/contract/process-settings.ts';
import { TERMINAL_STATUSES } from '../../server/contract/run-values.ts';
import type { Kind, Report, ValueOf } from '../../server/contract/setting.ts';
import { oneOf, readSetting, reportIn, SettingError } from '../../server/contract/setting-text.ts';
import { messageOf } from '../process/errors.ts';

export type { Report as ReporterFlag } from '../../server/contract/setting.ts';

/** A parser for values of a kind. What can be given several times is collected. */
export function parserOf<Row extends Kind>(
  setting: Row,
): (text: string, previous?: ValueOf<Row>) => ValueOf<Row> {
  return (text, previous) => {
    const value = orInvalid(() => readSetting(setting, text));
    if (previous === undefined || typeof value !== 'object') return value;
    return (
      Array.isArray(value) ? [...(previous as unknown[]), ...value] : { ...Object(previous), ...value }
    ) as ValueOf<Row>;
  };
}

/** What `read` returns. @throws InvalidArgumentError, in front of which commander names the flag and the text. */
function orInvalid<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof SettingError ? new InvalidArgumentError(messageOf(error)) : error;
  }
}

/** Lets an option or an argument take one of these names alone; another one is answered with the nearest. */
export function choose<Taker extends Chooser>(
  taker: Taker,
  choices: readonly Named[] | readonly string[],
): Taker {
  const named = choices.map((choice) => (typeof choice === 'string' ? { name: choice } : choice));
  taker.argParser((text: string) => orInvalid(() => oneOf(named, text)));
  taker.argChoices = named.map(({ name }) => name);
  return taker;
}

/** What options and arguments of commander have in common. */
interface Chooser {
  argChoices?: string[] | undefined;
  argParser(parse: (text: string) => string): unknown;
}

/** A parser for whole numbers in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return parserOf({ kind: 'whole', least, most });
}

/** A parser for durations, in seconds: `30s`, `500ms`, `2m`, `1h`. */
export const duration = parserOf({ kind: 'seconds', most: 604_800 });

/** A name in kebab-case. */
export const kebabName = parserOf({
  kind: 'text',
  pattern: /^[a-z0-9][a-z0-9-]{0,63}$/,
  form: 'a name in lower case with dashes, such as nightly-2',
});

/** What tells runners apart. */
export const label = parserOf({
  kind: 'text',
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  form: 'a word of letters, digits, dots and dashes, such as pg18',
});

/** The URL of a template database. What is none was meant for something else: an argument stands before the option. */
export function templateUrl(text: string): string {
  const url = /^postgres(ql)?:\/\//.test(text) ? URL.parse(text) : null;
  if (url !== null && url.pathname.length > 1) return text;
  throw new InvalidArgumentError(
    'It takes the URL of a database, such as postgres://localhost/shop, or nothing: ' +
      'then a scenario stands before it, as in `simcity run transfers --gate`.',
  );
}

const SECONDS_OF_AGE = { h: 3_600, d: 86_400, w: 604_800 } as const;

/** `12h`, `30d`, `2w`, as seconds. */
export function keptAge(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(h|d|w)$/.exec(text);
  const seconds = match ? Number(match[1]) * SECONDS_OF_AGE[match[2] as 'h' | 'd' | 'w'] : Number.NaN;
  if (!(seconds >= 1 && seconds <= 36_500 * SECONDS_OF_AGE.d)) {
    throw new InvalidArgumentError('It takes an age such as 12h, 30d or 2w.');
  }
  return seconds;
}

/** `PASS,STOPPED` as a list. */
export function statuses(text: string): string[] {
  return listOf(TERMINAL_STATUSES, text.toUpperCase());
}

/** A number of days. */
export function days(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 36_500))
    throw new InvalidArgumentError('It takes a number of days, such as 90.');
  return value;
}

/** `read,control` as a list. */
export function scopes(text: string): string[] {
  return listOf(SCOPES, text);
}

function listOf(names: readonly string[], text: string): string[] {
  const named = names.map((name) => ({ name }));
  return text.split(',').map((part) => orInvalid(() => oneOf(named, part.trim())));
}

/** Seeds as `1..1000` (both included), `7`, or several of these: `1..100,500`. */
export function seeds(text: string): [from: number, to: number][] {
  return text.split(',').map((part) => {
    const match = /^\s*(\d{1,16})(?:\s*(?:\.\.|-)\s*(\d{1,16}))?\s*$/.exec(part);
    const from = Number(match?.[1] ?? Number.NaN);
    const to = Number(match?.[2] ?? from);
    if (!(from <= to && to <= Number.MAX_SAFE_INTEGER)) {
      throw new InvalidArgumentError('It takes seeds such as 1..1000, or a list: 1..100,500,700..710.');
    }
    return [from, to];
  });
}

/** Which shard of how many: `3/20` from 1, or `auto/20`, which the environment tells. */
export interface ShardFlag {
  number: number | 'auto';
  count: number;
}

export function shard(text: string): ShardFlag {
  const match = /^(auto|\d{1,6})\/(\d{1,6})$/.exec(text);
  const count = Number(match?.[2] ?? 0);
  const number = match?.[1] === 'auto' ? 'auto' : Number(match?.[1] ?? 0);
  if (match === null || count < 1 || (number !== 'auto' && (number < 1 || number > count))) {
    throw new InvalidArgumentError(
      'It takes a shard such as 3/20, from 1/20 to 20/20; or auto/20, where JOB_COMPLETION_INDEX tells which.',
    );
  }
  return { number, count };
}

/** Collects `NAME` and `NAME=FILE`; a name of a file may have commas in it. */
export function reporter(text: string, previous: Report[] = []): Report[] {
  return [...previous, orInvalid(() => reportIn(PROCESS_SETTINGS.reporters, text))];
}
