/** An explanation without the values of its run (`--redact-values`): not in SQL, answers, sentences, marks, nor headings. */
import type { Why } from '../../server/contract/index.ts';
import { literalsIn, withoutLiterals } from '../service/without-literals.ts';
import type { Recording } from './findings.ts';

/** What stands for a value. */
const LEFT_OUT = '…';
/** Shorter ones are no one's: they would be found within everything. */
const LEAST_CHARACTERS = 3;
/** Nested deeper than this no value is looked for. */
const MOST_DEPTH = 4;

type Told = Pick<Recording, 'requests' | 'statements' | 'commits' | 'forensic'>;

/** `why` with each value of the recording's calls, replies, statements and rows left out; the failed object stays. */
export function withoutValues(why: Why, recording: Told): Why {
  const words = wordsOfSql(recording);
  const values = [...valuesOf(recording)]
    .filter((value) => value.length >= LEAST_CHARACTERS && !words.has(value.toLowerCase()))
    .filter((value) => value !== recording.forensic.object)
    // A value may be the beginning of another.
    .sort((a, b) => b.length - a.length);
  const clean = cleanerOf(values);
  return {
    ...why,
    sentence: clean(why.sentence),
    conclusion: why.conclusion.map(clean),
    lanes: why.lanes.map((lane) => ({ ...lane, actor: clean(lane.actor), words: clean(lane.words) })),
    steps: why.steps.map((step) => ({
      ...step,
      text: clean(step.kind === 'statement' ? withoutLiterals(step.text) : step.text),
      values: '',
      answer: clean(step.answer),
      mark: clean(step.mark),
    })),
    cures: why.cures.map((cure) => ({ ...cure, what: clean(cure.what) })),
  };
}

function cleanerOf(values: readonly string[]): (text: string) => string {
  if (values.length === 0) return (text) => text;
  const pattern = new RegExp(
    values.map((value) => value.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'),
    'g',
  );
  return (text) => text.replace(pattern, LEFT_OUT);
}

function valuesOf({ requests, statements, commits }: Told): Set<string> {
  const found = new Set<string>();
  for (const { actor, call, reply } of requests) {
    const { operation: _, ...arguments_ } = call;
    found.add(actor);
    collect(arguments_, found);
    collect(reply?.outcome === 'ok' ? reply.value : null, found);
  }
  for (const { text, values, rows } of statements) {
    for (const literal of literalsIn(text)) found.add(literal);
    collect(values, found);
    collect(rows, found);
  }
  for (const { changes } of commits) {
    for (const { key, before, after } of changes ?? []) collect([JSON.parse(key), before, after], found);
  }
  return found;
}

function collect(value: unknown, found: Set<string>, depth = 0): void {
  if (typeof value === 'string') found.add(value);
  else if (typeof value === 'object' && value !== null && depth < MOST_DEPTH)
    for (const each of Object.values(value)) collect(each, found, depth + 1);
}

/** Names and keywords: a value that reads like one of them cannot be told from it. */
function wordsOfSql({ requests, statements }: Told): Set<string> {
  const texts = statements.map(({ text }) => withoutLiterals(text));
  const words = texts.flatMap((text) => text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []);
  return new Set([...words, ...requests.map(({ call }) => call.operation), 'true', 'false', 'null']);
}
