/** How the text of a flag becomes its value; a bad one is quoted, with what would be right. */
import { InvalidArgumentError } from 'commander';
import { isModuleFile } from '../server/contract/module.ts';
import { FAULT_NAMES } from '../server/contract/run-values.ts';

export { FAULT_NAMES };

/** A parser for whole numbers in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A parser for numbers above 0. */
export function positiveNumber(most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= most)) {
      throw new InvalidArgumentError(`It takes a number above 0, at most ${most}.`);
    }
    return value;
  };
}

const SECONDS_IN = { ms: 0.001, s: 1, m: 60, h: 3_600 } as const;

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
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  const wrong = names.find((name) => !['PASS', 'FAIL', 'STOPPED'].includes(name));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`'${wrong}' is no end of a run.\n  These are PASS, FAIL and STOPPED.`);
  }
  return names;
}

/** A number of days. */
export function days(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 36_500))
    throw new InvalidArgumentError('It takes a number of days, such as 90.');
  return value;
}

/** The contract's scopes, which are not imported because that loads zod; a test holds them together. */
export const SCOPE_NAMES: readonly string[] = ['read', 'control'];

/** `read,control` as a list. */
export function scopes(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !SCOPE_NAMES.includes(name));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`'${wrong}' is no scope.\n  The scopes are ${SCOPE_NAMES.join(' and ')}.`);
  }
  return names;
}

/** `30s`, `500ms`, `2m`, `1h` or plain seconds, as seconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unit = (match?.[2] ?? 's') as keyof typeof SECONDS_IN;
  const seconds = match ? Number(match[1]) * SECONDS_IN[unit] : Number.NaN;
  if (!(seconds > 0 && seconds <= 604_800)) {
    throw new InvalidArgumentError('It takes a duration such as 500ms, 30s, 5m or 1h, at most 168h.');
  }
  return seconds;
}

/** Collects `NAME=RATE` pairs. */
export function faultRate(text: string, previous: Record<string, number> = {}): Record<string, number> {
  const match = /^([a-z][a-z-]*)=(\d*\.?\d+)$/.exec(text);
  const rate = match ? Number(match[2]) : Number.NaN;
  if (!match?.[1] || !(rate >= 0 && rate <= 1)) {
    throw new InvalidArgumentError('It takes NAME=RATE with a rate from 0 to 1, such as drop-response=0.02.');
  }
  if (!FAULT_NAMES.some((name) => name === match[1])) {
    throw new InvalidArgumentError(`'${match[1]}' is no fault.\n  The faults are ${FAULT_NAMES.join(', ')}.`);
  }
  return { ...previous, [match[1]]: rate };
}

/** Collects thresholds. */
export function threshold(text: string, previous: string[] = []): string[] {
  if (!/^[a-z][a-z0-9_]*\s*(<=|>=|<|>|==|!=)\s*-?\d+(\.\d+)?$/.test(text)) {
    throw new InvalidArgumentError(
      "It takes a comparison of a metric with a number, such as 'p95_latency_ms<50'.",
    );
  }
  return [...previous, text];
}

/** A name in kebab-case, as bugs and strategies have. */
export function kebabName(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('It takes a name in lower case with dashes, such as check-then-insert.');
  }
  return text;
}

/** The name of a scenario, or a file of the user's. */
export function scenarioName(text: string): string {
  if (isModuleFile(text)) return text;
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError(
      'A scenario has a name in lower case, such as bookings, or is a file such as ./my-scenario.ts.',
    );
  }
  return text;
}

/** `postgres`, `memory`, the URL of a service, or a file of the user's. */
export function target(text: string): string {
  if (isModuleFile(text)) return text;
  if (text === 'postgres' || text === 'memory') return text;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgumentError(
      'It takes postgres, memory, the http(s) URL of a service, or a file such as ./my-service.ts.',
    );
  }
  return text;
}

/** The URL of a server. */
export function serverUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgumentError('It takes the URL of a server, such as http://127.0.0.1:4600.');
  }
  return text;
}

/** A part of a run, as `shrink` prints it. Only looked at here: reading it needs the contract, which loads zod. */
export function reductionText(text: string): string {
  if (!/^\s*[a-z]+=/.test(text)) {
    throw new InvalidArgumentError(
      'It takes what `simcity shrink` prints, such as ops=3,17-19;schedule=0,1.',
    );
  }
  return text;
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

/** A reporter: its name, and the file that it writes to; null: stdout, or what `--output` says. */
export interface ReporterFlag {
  name: 'junit' | 'json' | 'html' | 'github';
  file: string | null;
}

const REPORTER_NAMES: readonly string[] = ['junit', 'json', 'html', 'github'];

/** Collects `NAME` and `NAME=FILE`. */
export function reporter(text: string, previous: ReporterFlag[] = []): ReporterFlag[] {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const file = at < 0 ? null : text.slice(at + 1);
  if (!REPORTER_NAMES.includes(name) || file === '') {
    throw new InvalidArgumentError(
      'It takes junit, json, html or github, also with a file: junit=report.xml.',
    );
  }
  return [...previous, { name: name as ReporterFlag['name'], file }];
}
