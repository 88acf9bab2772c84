/** Takes the default export of an `--adapter` file for the adapter that it is. */
import {
  CONTRACT_RULES,
  contradictionIn,
  type DeclaredRules,
  declaredRulesSchema,
  nearestName,
} from '../../server/contract/index.ts';
import type { HttpAdapter } from '../targets/http/adapter.ts';
import { asObject, lacking, refuse, type Shape } from './shape.ts';

const ADAPTER: Shape = { name: 'string', reset: 'function' };
const SHORT_FORM: Shape = { request: 'function', reply: 'function' };
const OPTIONAL: Shape = { setup: 'function', inspect: 'function', operations: 'array' };

/**
 * `operations`: those that there are, of the scenario or, where it is not known yet, of all.
 * @throws ModuleError that says what is missing, or wrong.
 */
export function checkAdapter(path: string, exported: unknown, operations: readonly string[]): HttpAdapter {
  const value = asObject(
    'adapter',
    path,
    'an adapter with name, reset, and perform (or request and reply)',
    exported,
  );
  const problems = problemsOf(value, operations);
  if (problems.length > 0) refuse('adapter', path, 'adapter', problems);
  return value as HttpAdapter;
}

/** What is missing, or wrong, in an adapter; empty when nothing is. */
export function problemsOf(value: Partial<HttpAdapter>, operations: readonly string[]): string[] {
  const given = Object.keys(OPTIONAL).filter(
    (name) => name in value && Reflect.get(value, name) !== undefined,
  );
  return [
    ...lacking(value, ADAPTER),
    ...lacking(value, Object.fromEntries(given.map((name) => [name, OPTIONAL[name] ?? 'function']))),
    ...performing(value),
    ...(Array.isArray(value.operations) ? unknownOperations(value.operations, operations) : []),
    ...(value.rules === undefined ? [] : wrongRules(value.rules)),
  ];
}

/** It takes the one form or the other. */
function performing(value: Partial<HttpAdapter>): string[] {
  if (value.perform !== undefined) return lacking(value, { perform: 'function' });
  if (value.request === undefined && value.reply === undefined)
    return ['perform (function) is missing, or request and reply'];
  return lacking(value, SHORT_FORM);
}

function unknownOperations(named: readonly unknown[], operations: readonly string[]): string[] {
  if (named.length === 0) return ['operations is empty'];
  return named
    .filter((name) => !operations.includes(String(name)))
    .map(
      (name) =>
        `operations has ${JSON.stringify(name)}, which is none of ${operations.join(', ')}${meant(String(name), operations)}`,
    );
}

const RULES = Object.keys(CONTRACT_RULES);

function wrongRules(rules: DeclaredRules): string[] {
  const { error } = declaredRulesSchema.safeParse(rules);
  if (!error) {
    const wrong = contradictionIn(rules);
    return wrong === null ? [] : [`rules: ${wrong.replace(/\.$/, '')}`];
  }
  return error.issues.map((issue) => {
    if (issue.code !== 'unrecognized_keys') return `rules.${issue.path.join('.')}: ${issue.message}`;
    const within = ['rules', ...issue.path].join('.');
    return issue.keys
      .map((key) => `${within} has ${key}, which is none of ${RULES.join(', ')}${meant(key, RULES)}`)
      .join(', ');
  });
}

function meant(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}
