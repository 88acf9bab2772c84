/** Reads rules from the text of flags, variables and forms, and writes them: `keys=no, capacity=1-40`. */

import { RULES } from './names.ts';
import { type DeclaredRules, mergedRules, RULE_CHOICES, type RuleFlag } from './rule-values.ts';
import { oneOf, partsOf, SettingError } from './setting-error.ts';

/** What is right, as a noun. */
export const RULES_FORM = 'rules such as keys=no and capacity=1-40';

const LARGEST_CAPACITY = 10_000;
const MOST_KEYS = 10_000_000;
const MOST_SECONDS = 604_800;
const MOST_LAG_MS = 3_600_000;

const FORMS: Readonly<Record<RuleFlag, string>> = {
  keys: 'yes or no',
  keyTtl: 'a time such as 20s, a number of keys such as 5000keys, or none',
  holdTtl: 'a time such as 2s, or none',
  capacity: `a number from 1 to ${LARGEST_CAPACITY}, or a range such as 1-40`,
  buffer: 'yes or no',
  onePerCitizen: 'yes or no',
  secondCancel: 'ok or refused',
  closing: 'yes or no',
  cancelsBy: 'booking or citizen',
  ownCancelOnly: 'yes or no',
  read: 'a lag of 1h at most, such as 500ms or 2s, or strong',
  list: 'a lag of 1h at most, such as 500ms or 2s, or strong',
  errors: 'a share from 0 to 1, such as 0.05',
};

/** The rules of a text with commas. @throws SettingError */
export function readRules(text: string): DeclaredRules {
  const parts = partsOf(text);
  if (parts.length === 0) throw new SettingError(RULES_FORM);
  return parts.map(ruleIn).reduce(mergedRules);
}

function ruleIn(part: string): DeclaredRules {
  const match = /^([^=]*)=(.*)$/.exec(part);
  const name = oneOf(RULES, (match?.[1] ?? part).trim(), ' with a value, such as keys=no') as RuleFlag;
  const rule = ruleOf(name, match?.[2]?.trim() ?? '');
  if (rule === null) throw new SettingError(RULES_FORM, ` "${name}" takes ${FORMS[name]}.`);
  return rule;
}

/** Null where the text is no value of the rule. */
function ruleOf(name: RuleFlag, text: string): DeclaredRules | null {
  if (name === 'keyTtl') {
    const keyTtl = keyTtlIn(text);
    return keyTtl === undefined ? null : { keyTtl };
  }
  if (name === 'holdTtl') {
    const holdTtl = text === 'none' ? null : secondsIn(text);
    return holdTtl === undefined ? null : { holdTtl };
  }
  if (name === 'capacity') {
    const capacity = capacityIn(text);
    return capacity === null ? null : { capacity };
  }
  if (name === 'read' || name === 'list') {
    const staleMs = text === 'strong' ? 0 : milliseconds(text);
    const isLag = staleMs !== null && Number.isInteger(staleMs) && staleMs <= MOST_LAG_MS;
    return isLag ? { reads: { [name]: { staleMs } } } : null;
  }
  if (name === 'errors') {
    const errors = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    return errors >= 0 && errors <= 1 ? { errors } : null;
  }
  if (RULE_CHOICES[name]?.includes(text) !== true) return null;
  return { [name]: text === 'yes' ? true : text === 'no' ? false : text };
}

function keyTtlIn(text: string): DeclaredRules['keyTtl'] | undefined {
  if (text === 'none') return null;
  const keys = Number(/^(\d{1,8})keys$/.exec(text)?.[1] ?? Number.NaN);
  if (keys >= 1 && keys <= MOST_KEYS) return { keys };
  return secondsIn(text);
}

function secondsIn(text: string): { seconds: number } | undefined {
  const seconds = (milliseconds(text) ?? Number.NaN) / 1_000;
  return seconds > 0 && seconds <= MOST_SECONDS ? { seconds } : undefined;
}

function capacityIn(text: string): number | [number, number] | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const least = Number(match?.[1] ?? Number.NaN);
  const most = Number(match?.[2] ?? least);
  if (!(least >= 1 && least <= most && most <= LARGEST_CAPACITY)) return null;
  return least === most ? least : [least, most];
}

const MS_IN = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `2s`, `1m`: always with its unit. */
function milliseconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  // Of 1.001 s a double makes 1000.9999….
  return match ? Math.round(Number(match[1]) * MS_IN[match[2] as keyof typeof MS_IN] * 1e6) / 1e6 : null;
}

/** Each rule as the text of a flag: `keys=no`. */
export function writeRules({ reads, ...rules }: DeclaredRules): string[] {
  const flat = { ...rules, read: reads?.read, list: reads?.list };
  return RULES.flatMap(({ name }) => {
    const value = flat[name];
    return value === undefined ? [] : [`${name}=${textOf(value)}`];
  });
}

function textOf(value: string | number | boolean | object | null): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value[0] === value[1] ? String(value[0]) : value.join('-');
  if ('staleMs' in value) return value.staleMs === 0 ? 'strong' : `${value.staleMs}ms`;
  return 'keys' in value ? `${value.keys}keys` : `${'seconds' in value ? value.seconds : ''}s`;
}
