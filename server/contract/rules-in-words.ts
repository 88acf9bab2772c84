/** The rules of a run in words, for people: `keys: none (learned: a repeat was refused)`. */
import {
  CONTRACT_RULES,
  type RuleName,
  type RuleSource,
  type ServiceRules,
  type ToldRules,
} from './rule-values.ts';

/** Null: there is nothing to tell. */
type InWords = { readonly [Name in RuleName]: (rules: ServiceRules) => string | null };

const yesOrNo = (is: boolean) => (is ? 'yes' : 'no');

/** In the order in which they are told. */
const IN_WORDS: InWords = {
  keys: ({ keys }) => `keys: ${keys ? 'honoured' : 'none'}`,
  keyTtl: ({ keyTtl }) => `keys last: ${lastingText(keyTtl)}`,
  holdTtl: ({ holdTtl }) => (holdTtl === null ? null : `holds stand: ${holdTtl.seconds} s`),
  capacity: ({ capacity: { least, most } }) =>
    `capacity: ${least === most ? String(least) : `${least} to ${most}`}`,
  buffer: ({ buffer }) => (buffer ? null : 'minutes between bookings: none'),
  onePerCitizen: ({ onePerCitizen }) => `one booking per citizen and slot: ${yesOrNo(onePerCitizen)}`,
  secondCancel: ({ secondCancel }) => `second cancel: ${secondCancel}`,
  closing: ({ closing }) => `closing: ${closing ? 'yes' : 'none'}`,
  cancelsBy: ({ cancelsBy }) => `cancel by: ${cancelsBy === 'citizen' ? 'citizen and slot' : 'booking'}`,
  ownCancelOnly: ({ ownCancelOnly }) => `only the own booking can be cancelled: ${yesOrNo(ownCancelOnly)}`,
  reads: ({ reads: { read, list } }) => `reads: ${lagText('read', read)}, ${lagText('list', list)}`,
  errors: ({ errors }) => `5xx without a cause: at most ${Number((errors * 100).toPrecision(6))} %`,
};

const RULE_NAMES = Object.keys(IN_WORDS) as RuleName[];

function lastingText(keyTtl: ServiceRules['keyTtl']): string {
  if (keyTtl === null) return 'for good';
  return 'seconds' in keyTtl ? `${keyTtl.seconds} s` : `among the newest ${keyTtl.keys}`;
}

function lagText(name: string, { staleMs }: { staleMs: number }): string {
  return staleMs === 0 ? `${name} strong` : `${name} up to ${staleMs} ms late`;
}

/** A line for each rule, with where it comes from, and why it is so where it was learned. */
export function rulesText(
  rules: ServiceRules,
  sources: ToldRules['sources'],
  why: ToldRules['learned'],
  concerns: readonly RuleName[] = RULE_NAMES,
): string[] {
  const told = RULE_NAMES.filter((name) => concerns.includes(name));
  return told.flatMap((name) => lineOf(name, rules, sources[name] ?? 'contract', why[name]));
}

/** The same of the rules that are others than the booking contract's. */
export function rulesThatDiffer({ rules, sources, learned }: ToldRules): string[] {
  const differing = RULE_NAMES.filter((name) => IN_WORDS[name](rules) !== IN_WORDS[name](CONTRACT_RULES));
  return differing.flatMap((name) => lineOf(name, rules, sources[name] ?? 'contract', learned[name]));
}

function lineOf(name: RuleName, rules: ServiceRules, source: RuleSource, why: string | undefined): string[] {
  const words = IN_WORDS[name](rules);
  return words === null ? [] : [`${words} (${whenceText(source, why)})`];
}

/** What was not learned says so itself, and that it is the contract's would only be in the way. */
function whenceText(source: RuleSource, why: string | undefined): string {
  if (why === undefined) return source;
  return source === 'contract' ? why : `${source}: ${why}`;
}

const SOURCES: readonly unknown[] = ['flag', 'adapter', 'learned', 'contract'] satisfies RuleSource[];

/**
 * The rules that an event or a bundle tells, whoever wrote it; null when it tells none. What is not of its form is
 * as in the contract.
 */
export function toldRules(data: Readonly<Record<string, unknown>> | null | undefined): ToldRules | null {
  if (!isObject(data) || !isObject(data['rules'])) return null;
  const sources = entriesOf(data['sources'], (value) => SOURCES.includes(value));
  const learned = entriesOf(data['learned'], (value) => typeof value === 'string');
  const { concerns } = data;
  const told = { rules: rulesIn(data['rules']), sources, learned };
  return Array.isArray(concerns)
    ? { ...told, concerns: RULE_NAMES.filter((name) => concerns.includes(name)) }
    : told;
}

function rulesIn(told: Readonly<Record<string, unknown>>): ServiceRules {
  const rules: Record<string, unknown> = { ...CONTRACT_RULES };
  for (const [name, standard] of Object.entries(CONTRACT_RULES)) {
    const value = told[name];
    if (TTL_UNITS[name] ? isTtl(value, TTL_UNITS[name]) : isLike(value, standard)) rules[name] = value;
  }
  return rules as unknown as ServiceRules;
}

/** True for what has the form of `standard`, in its fields too. */
function isLike(value: unknown, standard: unknown): boolean {
  if (!isObject(standard)) return typeof value === typeof standard;
  return isObject(value) && Object.entries(standard).every(([name, each]) => isLike(value[name], each));
}

/** The rules that may be null, and what they are counted in otherwise. */
const TTL_UNITS: Readonly<Record<string, readonly string[]>> = {
  keyTtl: ['seconds', 'keys'],
  holdTtl: ['seconds'],
};

function isTtl(value: unknown, units: readonly string[]): boolean {
  return value === null || (isObject(value) && units.some((unit) => typeof value[unit] === 'number'));
}

function entriesOf(value: unknown, isRight: (value: unknown) => boolean): Record<string, never> {
  if (!isObject(value)) return {};
  const right = Object.entries(value).filter(
    ([name, each]) => RULE_NAMES.some((rule) => rule === name) && isRight(each),
  );
  return Object.fromEntries(right) as Record<string, never>;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
