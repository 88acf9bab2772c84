/**
 * The one table of the settings of a run. From a row follow its option and the help, its variable, its field in
 * the configuration file, in the API and in both forms, its place in the plan and in the command that reproduces
 * a run, and its completion: one row added here is a setting added.
 */
import { BUGS, FAULTS, ISOLATION, PROFILES, SCENARIOS, STRATEGIES, TARGETS } from './names.ts';
import { flagOf, type ResolvedOf, type RunSetting, type ValueOf } from './setting.ts';

const launch = {
  scenario: {
    kind: 'scenario',
    choices: SCENARIOS,
    default: 'bookings',
    value: 'NAME',
    label: 'Scenario',
    group: 'city',
    help: 'what citizens do, or a file of yours such as ./my-scenario.ts',
    // It is the argument of the commands, which an option of the environment would override.
    except: ['variable', 'file'],
  },
  target: {
    kind: 'target',
    choices: TARGETS,
    default: 'postgres',
    value: 'TARGET',
    label: 'Target',
    group: 'city',
    help: 'the system under test: postgres, memory, a URL or a file',
    suggestions: ['http://'],
  },
  seed: {
    kind: 'whole',
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    default: null,
    unset: 'a fresh one',
    value: 'N',
    label: 'Seed',
    group: 'city',
    commands: ['run'],
    help: 'decides everything',
  },
} as const satisfies Record<string, RunSetting>;

const config = {
  operations: {
    kind: 'whole',
    least: 1,
    most: 100_000_000,
    default: 2_000,
    serviceDefault: 20_000,
    value: 'N',
    label: 'Operations',
    group: 'city',
    help: 'operations to begin before the run settles',
  },
  durationSeconds: {
    kind: 'seconds',
    most: 604_800,
    default: null,
    serviceDefault: 20,
    unset: 'no limit',
    flag: 'duration',
    value: 'TIME',
    label: 'Duration',
    group: 'city',
    isRare: true,
    help: 'wall time after which no operation begins, such as 30s',
    suggestions: ['10s', '30s', '1m', '5m', '1h'],
  },
  citizens: {
    kind: 'whole',
    least: 1,
    most: 100_000,
    default: 40,
    value: 'N',
    label: 'Citizens',
    group: 'city',
    isRare: true,
    help: 'citizens of the city',
  },
  slots: {
    kind: 'whole',
    least: 1,
    most: 10_000,
    default: 12,
    value: 'N',
    label: 'Slots',
    group: 'city',
    isRare: true,
    help: 'slots to book, or accounts',
  },
  concurrency: {
    kind: 'whole',
    least: 1,
    most: 1_000,
    default: 8,
    value: 'N',
    label: 'Concurrency',
    group: 'city',
    isRare: true,
    help: 'operations under way at once, at most',
  },
  faults: {
    kind: 'choice',
    choices: PROFILES,
    default: 'rough',
    value: 'PROFILE',
    label: 'Faults',
    group: 'faults',
    help: 'how much goes wrong',
  },
  faultRates: {
    kind: 'rates',
    choices: FAULTS,
    default: {},
    unset: 'by the profile',
    flag: 'fault',
    value: 'NAME=RATE',
    label: 'Fault rates',
    group: 'faults',
    isRare: true,
    help: 'rates of single faults, from 0 to 1; repeatable',
  },
  bug: {
    kind: 'bug',
    choices: BUGS,
    default: null,
    unset: 'none',
    value: 'NAME',
    label: 'Known bug',
    group: 'faults',
    help: 'a known bug to plant in the reference service',
  },
  isolation: {
    kind: 'choice',
    choices: ISOLATION,
    default: 'read-committed',
    value: 'LEVEL',
    label: 'Isolation',
    group: 'city',
    isRare: true,
    help: 'isolation of the transactions',
  },
  strategy: {
    kind: 'name',
    choices: STRATEGIES,
    default: 'ambush',
    value: 'NAME',
    label: 'Strategy',
    group: 'city',
    isRare: true,
    help: 'which step goes next',
  },
  rate: {
    kind: 'number',
    most: 1_000_000,
    default: null,
    unset: 'as fast as it goes',
    value: 'N',
    label: 'Rate',
    group: 'city',
    isRare: true,
    help: 'operations begun a second at most, for watching',
    // It slows a run down, and changes nothing in its history.
    except: ['reproduce'],
  },
  snapshotEvery: {
    kind: 'whole',
    least: 5,
    most: 1_000_000,
    default: 10,
    value: 'N',
    label: 'Snapshots',
    group: 'faults',
    isRare: true,
    help: 'events between snapshots of the metrics',
  },
  thresholds: {
    kind: 'comparisons',
    most: 50,
    default: [],
    unset: 'none',
    flag: 'threshold',
    value: 'EXPR',
    label: 'Thresholds',
    group: 'faults',
    isRare: true,
    help: "comparisons that must hold, such as 'p95_latency_ms<50'; repeatable",
  },
  reduction: {
    kind: 'reduction',
    default: null,
    unset: 'the whole run',
    value: 'PART',
    label: 'Part',
    group: 'city',
    commands: ['run'],
    help: 'only a part of the run, as shrink prints it',
    except: ['variable', 'file', 'form', 'plan'],
  },
} as const satisfies Record<string, RunSetting>;

export const RUN_SETTINGS = { ...launch, ...config };
export const CONFIG_SETTINGS = config;

export type RunSettingName = keyof typeof RUN_SETTINGS;
export type ConfigName = keyof typeof CONFIG_SETTINGS;

/** All that decides a run beside scenario, target and seed, with every default filled in. */
export type RunConfig = { [Name in ConfigName]: ResolvedOf<(typeof CONFIG_SETTINGS)[Name]> };

/** Some of the settings of a run, by their names. */
export type RunValues = { [Name in RunSettingName]?: ValueOf<(typeof RUN_SETTINGS)[Name]> | undefined };

/** The rows in their order. */
export const RUN_ROWS: readonly (readonly [name: RunSettingName, setting: RunSetting])[] =
  rowsOf(RUN_SETTINGS);
export const CONFIG_ROWS: readonly (readonly [name: ConfigName, setting: RunSetting])[] =
  rowsOf(CONFIG_SETTINGS);

function rowsOf<Name extends string>(
  table: Record<Name, RunSetting>,
): readonly (readonly [Name, RunSetting])[] {
  return Object.entries(table) as [Name, RunSetting][];
}

/** `SIMCITY_` and the flag, in capitals. */
export function runVariableOf(name: string, setting: RunSetting): string {
  return `SIMCITY_${(flagOf(name, setting) ?? name).toUpperCase().replaceAll('-', '_')}`;
}
