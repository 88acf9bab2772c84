/** Checks of the environment: every variable against the one schema, and those that SimCity does not know. */
import { didYouMean } from '../../server/contract/did-you-mean.ts';
import { VARIABLES, wrongVariable } from '../../server/contract/index.ts';
import { safeText } from '../run/sanitize.ts';
import { type Check, fail, ok, warn } from './check.ts';

export function checkEnvironment(env: Readonly<Record<string, string | undefined>>): Check[] {
  const set = Object.keys(env).filter((name) => (env[name] ?? '') !== '');
  const wrong = set.flatMap((name) => wrongValue(env, name));
  const unknown = set
    .filter((name) => name.startsWith('SIMCITY_') && !VARIABLES.has(name))
    .map((name) => unknownName(name));
  if (wrong.length + unknown.length > 0) return [...wrong, ...unknown];
  const count = set.filter((name) => VARIABLES.has(name)).length;
  return [ok('environment', `${count} ${count === 1 ? 'variable' : 'variables'} set, all valid`)];
}

function wrongValue(env: Readonly<Record<string, string | undefined>>, name: string): Check[] {
  const wrong = wrongVariable(env, name);
  if (wrong === null) return [];
  const shown = wrong.given === null ? '' : ` is '${safeText(wrong.given)}' and`;
  return [fail('environment', `${name}${shown} must be ${wrong.must}`, `Correct ${name}, or unset it.`)];
}

function unknownName(name: string): Check {
  const advice = didYouMean(name, [...VARIABLES.keys()]).trim() || '`simcity --help` lists those there are.';
  return warn('environment', `${safeText(name)} is no variable of SimCity and changes nothing`, advice);
}
