/** The form that launches a run: its fields, what was typed, and the launch that comes of it. */
import {
  FAULT_PROFILES,
  ISOLATION_LEVELS,
  type Launch,
  type Run,
  type RunConfig,
} from '../../../server/contract/index.ts';
import { launchOf, type RunFlags } from '../../commands/launch.ts';
import { messageOf } from '../../errors.ts';
import { duration, kebabName, positiveNumber, target, threshold, wholeNumber } from '../../flags.ts';

export interface Field {
  name: string;
  label: string;
  /** What an empty one means. */
  empty: string;
  /** Left and right go through these; any other text is refused. */
  choices?: readonly string[];
  /** @throws with what would be right. */
  parse: (text: string) => unknown;
}

const count = (most: number) => wholeNumber(1, most);
const oneOf = (choices: readonly string[]) => (text: string) => {
  if (choices.includes(text)) return text;
  throw new Error(`It takes one of ${choices.join(', ')}.`);
};

export const FIELDS: readonly Field[] = [
  { name: 'scenario', label: 'Scenario', empty: 'bookings', parse: kebabName },
  { name: 'target', label: 'Target', empty: 'postgres', parse: target },
  { name: 'seed', label: 'Seed', empty: 'a fresh one', parse: wholeNumber(0, Number.MAX_SAFE_INTEGER) },
  { name: 'operations', label: 'Operations', empty: '2000', parse: count(100_000_000) },
  { name: 'duration', label: 'Duration', empty: 'no limit', parse: duration },
  { name: 'citizens', label: 'Citizens', empty: '40', parse: count(100_000) },
  { name: 'slots', label: 'Slots', empty: '12', parse: count(10_000) },
  { name: 'concurrency', label: 'Concurrency', empty: '8', parse: count(1_000) },
  { name: 'faults', label: 'Faults', empty: 'rough', choices: FAULT_PROFILES, parse: oneOf(FAULT_PROFILES) },
  { name: 'bug', label: 'Known bug', empty: 'none', parse: kebabName },
  {
    name: 'isolation',
    label: 'Isolation',
    empty: 'read-committed',
    choices: ISOLATION_LEVELS,
    parse: oneOf(ISOLATION_LEVELS),
  },
  { name: 'strategy', label: 'Strategy', empty: 'ambush', parse: kebabName },
  { name: 'rate', label: 'Rate', empty: 'as fast as it goes', parse: positiveNumber(1_000_000) },
  { name: 'threshold', label: 'Threshold', empty: 'none', parse: (text) => threshold(text) },
];

export interface Form {
  values: Readonly<Record<string, string>>;
  /** Position in FIELDS. */
  at: number;
  error: { field: string | null; text: string } | null;
  /** What of an earlier run has no field here. */
  base: Partial<RunConfig>;
  /** True while the launch is on its way. */
  isSent: boolean;
}

export const EMPTY_FORM: Form = { values: {}, at: 0, error: null, base: {}, isSent: false };

/** A form with the settings of `run` and a fresh seed. */
export function formOf({ scenario, target: wanted, config }: Run): Form {
  const { faultRates, snapshotEvery, thresholds } = config;
  const values: Record<string, string> = {
    scenario,
    target: wanted,
    seed: '',
    operations: String(config.operations),
    duration: config.durationSeconds === null ? '' : `${config.durationSeconds}s`,
    citizens: String(config.citizens),
    slots: String(config.slots),
    concurrency: String(config.concurrency),
    faults: config.faults,
    bug: config.bug ?? '',
    isolation: config.isolation,
    strategy: config.strategy,
    rate: config.rate === null ? '' : String(config.rate),
    threshold: thresholds[0] ?? '',
  };
  const at = FIELDS.findIndex(({ name }) => name === 'seed');
  return { ...EMPTY_FORM, values, at, base: { faultRates, snapshotEvery, thresholds: thresholds.slice(1) } };
}

/** What a key does to the form; null when it means nothing in it. */
export function typeInForm(form: Form, key: string, text: string): Form | null {
  const field = FIELDS[form.at];
  if (field === undefined) return null;
  const value = form.values[field.name] ?? '';
  const put = (next: string): Form => ({
    ...form,
    error: null,
    values: { ...form.values, [field.name]: next },
  });
  switch (key) {
    case 'up':
    case 'shift+tab':
      return { ...form, at: (form.at + FIELDS.length - 1) % FIELDS.length };
    case 'down':
    case 'tab':
      return { ...form, at: (form.at + 1) % FIELDS.length };
    case 'left':
    case 'right':
      return field.choices === undefined
        ? form
        : put(neighbour(field.choices, value || field.empty, key === 'left' ? -1 : 1));
    case 'backspace':
      return put([...value].slice(0, -1).join(''));
    case 'ctrl+u':
      return put('');
    default:
      return text === '' ? null : put((value + text.replace(/\p{Cc}+/gu, '')).slice(0, 300));
  }
}

function neighbour(choices: readonly string[], value: string, step: number): string {
  const at = choices.indexOf(value);
  return choices[(at + step + choices.length) % choices.length] ?? value;
}

/** The launch that the form asks for, or the form with what is wrong. */
export function launchOfForm(form: Form): { launch: Launch } | { form: Form } {
  const flags: Record<string, unknown> = {};
  for (const [at, { name, label, parse }] of FIELDS.entries()) {
    const text = (form.values[name] ?? '').trim();
    if (text === '') continue;
    try {
      flags[name] = parse(text);
    } catch (error) {
      return { form: { ...form, at, error: { field: name, text: `${label}: ${messageOf(error)}` } } };
    }
  }
  const { scenario = 'bookings', ...others } = flags;
  try {
    const launch = launchOf(String(scenario), others as RunFlags);
    const thresholds = [...(launch.config?.thresholds ?? []), ...(form.base.thresholds ?? [])];
    return { launch: { ...launch, config: { ...form.base, ...launch.config, thresholds } } };
  } catch (error) {
    return { form: { ...form, error: { field: null, text: messageOf(error) } } };
  }
}
