/** How the text of a flag becomes its value; a bad one is quoted, with what would be right. */
import { InvalidArgumentError } from 'commander';

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

/** Collects `NAME=RATE` pairs; the names are checked where they are known. */
export function faultRate(text: string, previous: Record<string, number> = {}): Record<string, number> {
  const match = /^([a-z][a-z-]*)=(\d*\.?\d+)$/.exec(text);
  const rate = match ? Number(match[2]) : Number.NaN;
  if (!match?.[1] || !(rate >= 0 && rate <= 1)) {
    throw new InvalidArgumentError('It takes NAME=RATE with a rate from 0 to 1, such as drop-response=0.02.');
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

/** `postgres`, `memory` or the URL of a service. */
export function target(text: string): string {
  if (text === 'postgres' || text === 'memory') return text;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgumentError('It takes postgres, memory, or the http(s) URL of a service.');
  }
  return text;
}
