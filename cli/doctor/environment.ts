/** Checks of the environment: every variable against the one schema, and those that SimCity does not know. */
import { ENVIRONMENT, SECRET_VARIABLES, setVariables, type Variable } from '../../server/contract/index.ts';
import { SETTINGS } from '../config/settings.ts';
import { safeText } from '../safe-text.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** Variables of SimCity that no schema holds, because only the command line reads them. */
const ELSEWHERE = new Set(SETTINGS.map(({ variable }) => variable));

export function checkEnvironment(env: Readonly<Record<string, string | undefined>>): Check[] {
  const set = Object.entries(setVariables(env)).filter(([, value]) => value !== undefined) as [
    string,
    string,
  ][];
  const wrong = set.flatMap(([name, value]) => wrongValue(name, value));
  const unknown = set
    .filter(([name]) => name.startsWith('SIMCITY_') && !isKnown(name))
    .map(([name]) => unknownName(name));
  if (wrong.length + unknown.length > 0) return [...wrong, ...unknown];
  const count = set.filter(([name]) => isKnown(name)).length;
  return [ok('environment', `${count} ${count === 1 ? 'variable' : 'variables'} set, all valid`)];
}

function isKnown(name: string): boolean {
  return Object.hasOwn(ENVIRONMENT, name) || ELSEWHERE.has(name);
}

function wrongValue(name: string, value: string): Check[] {
  if (!Object.hasOwn(ENVIRONMENT, name)) return [];
  const parsed = ENVIRONMENT[name as Variable].safeParse(value);
  if (parsed.success) return [];
  const shown = SECRET_VARIABLES.has(name) ? '' : ` is '${safeText(value.slice(0, 80))}' and`;
  const what = parsed.error.issues[0]?.message ?? 'something else';
  return [fail('environment', `${name}${shown} must be ${safeText(what)}`, `Correct ${name}, or unset it.`)];
}

function unknownName(name: string): Check {
  const names = [...Object.keys(ENVIRONMENT), ...ELSEWHERE];
  const near = names.find((each) => distance(each, name) <= 2);
  const advice = near === undefined ? '`simcity --help` lists those there are.' : `Did you mean ${near}?`;
  return warn('environment', `${safeText(name)} is no variable of SimCity and changes nothing`, advice);
}

/** How many letters must be added, removed or replaced (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
