/** The form that launches a run: whether it is open, and what its fields make of a launch. */
import type { Launch, Run, RunConfig } from '../../../server/contract/index.ts';
import { RUN_DEFAULTS } from '../../../server/contract/run-values.ts';
import { Store } from './store.ts';

/** Null: closed. `like`: a run whose settings the form begins with. */
export const launchStore = new Store<{ like: Run | null } | null>(null);

export interface Field {
  name: string;
  label: string;
  kind: 'text' | 'number' | 'choice';
  /** What an empty one means. */
  empty: string;
  /** Possible values of a choice, or suggestions for a text. */
  values?: readonly string[];
  min?: number;
  step?: string;
  /** Under "More settings". */
  isRare?: true;
}

/** Puts the settings of `run` into fields, with a fresh seed. */
export function valuesOfRun({ scenario, target, config }: Run): Record<string, string> {
  return {
    scenario,
    target,
    operations: String(config.operations),
    durationSeconds: config.durationSeconds === null ? '' : String(config.durationSeconds),
    citizens: String(config.citizens),
    slots: String(config.slots),
    concurrency: String(config.concurrency),
    faults: config.faults,
    bug: config.bug ?? '',
    isolation: config.isolation,
    strategy: config.strategy,
    rate: config.rate === null ? '' : String(config.rate),
    threshold: config.thresholds[0] ?? '',
  };
}

const NUMBERS = ['operations', 'durationSeconds', 'citizens', 'slots', 'concurrency', 'rate'] as const;
const WORDS = ['bug', 'strategy', 'faults', 'isolation'] as const;

/** The launch that the fields ask for. The server checks it, and says what would be right. */
export function launchOf(values: Readonly<Record<string, string>>, like: Run | null): Launch {
  const given = (name: string) => values[name]?.trim() ?? '';
  const config: Record<string, unknown> = { ...kept(like) };
  for (const name of NUMBERS) if (given(name) !== '') config[name] = Number(given(name));
  for (const name of WORDS) if (given(name) !== '') config[name] = given(name);
  if (given('threshold') !== '')
    config['thresholds'] = [given('threshold'), ...(like?.config.thresholds.slice(1) ?? [])];
  return {
    scenario: given('scenario') || RUN_DEFAULTS.scenario,
    target: given('target') || RUN_DEFAULTS.target,
    ...(given('seed') === '' ? {} : { seed: Number(given('seed')) }),
    config: config as Partial<RunConfig>,
  };
}

/** What of an earlier run has no field here. */
function kept(like: Run | null): Partial<RunConfig> {
  if (like === null) return {};
  const { faultRates, snapshotEvery } = like.config;
  return { faultRates, snapshotEvery };
}
