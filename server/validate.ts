/** Checks what comes in against the contract's schemas; a refusal is a sentence that names the field. */
import type { z } from 'zod';
import { invalidRequest } from './errors.ts';

const SHOWN_CHARACTERS = 80;
const SHOWN_ISSUES = 3;

/** @throws ApiError `invalid_request` naming the field, its value, and what would be right. */
export function validate<S extends z.ZodType>(schema: S, input: unknown, what: string): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const { issues } = result.error;
  const sentences = issues.slice(0, SHOWN_ISSUES).map((issue) => sentence(issue, input, what));
  if (issues.length > SHOWN_ISSUES) sentences.push(`(${issues.length - SHOWN_ISSUES} more)`);
  throw invalidRequest(sentences.join(' '));
}

function sentence(issue: z.core.$ZodIssue, input: unknown, what: string): string {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  const name = path.replace(/^\./, '') || what;
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => quote(key)).join(', ');
    const where = path === '' ? what : name;
    return `${where} has no field ${keys}; see GET /openapi.json for those it has.`;
  }
  const value = valueAt(input, issue.path);
  const given = value === undefined ? 'is missing' : `is ${quote(value)}`;
  return `${name} ${given}, but must be ${expectation(issue)}.`;
}

function expectation(issue: z.core.$ZodIssue): string {
  // A schema that says in its own words what is right knows better.
  if (!/^(Invalid|Too |Unrecognized)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return NOUNS[issue.expected] ?? issue.expected;
    case 'too_small':
      return size(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return size(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_value':
      return `one of ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'invalid_format':
      return (
        FORMATS[issue.format] ?? `of the form ${'pattern' in issue ? String(issue.pattern) : issue.format}`
      );
    case 'invalid_key':
      return 'a known name';
    default:
      return issue.message.replace(/^Invalid input: expected /, '');
  }
}

const NOUNS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

const FORMATS: Record<string, string> = {
  uuid: 'the id of a run (a UUID)',
  datetime: 'a time such as 2026-01-31T12:00:00.000Z',
  safeint: 'a whole number below 2^53',
};

function size(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === 'string') return `${comparison} ${limit} characters long`;
  if (origin === 'array') return `a list of ${comparison} ${limit}`;
  return `${comparison} ${limit}`;
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** What is nested deeper is not shown, and neither written nor followed: it can be as deep as the body is long. */
const SHOWN_LEVELS = 3;
const SHOWN_ITEMS = 20;

function quote(value: unknown): string {
  const text = JSON.stringify(upper(value, SHOWN_LEVELS)) ?? String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** The uppermost levels of `value`. */
function upper(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return '…';
  if (Array.isArray(value)) return value.slice(0, SHOWN_ITEMS).map((item) => upper(item, levels - 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, SHOWN_ITEMS)
      .map(([key, item]) => [key, upper(item, levels - 1)]),
  );
}
