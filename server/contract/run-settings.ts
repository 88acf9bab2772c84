/**
 * The one table of the settings of a run. From a row follow its option and the help, its variable, its field in
 * the configuration file, in the API and in both forms, its place in what is printed of a run and in the command that reproduces
 * a run, and its completion: one row added here is a setting added.
 */
import {
  BUGS,
  CLOCKS,
  FAULTS,
  GATE_WAYS,
  ISOLATION,
  PROFILES,
  RECORDS,
  RULES,
  SCENARIOS,
  SETTLINGS,
  STRATEGIES,
  TARGETS,
} from './names.ts';
import {
  fieldOf,
  kebabCase,
  named,
  part,
  type ResolvedOf,
  type RunSetting,
  type ValueOf,
  whole,
} from './setting.ts';

const city = (label: string, help: string) => ({ group: 'city', label, help }) as const;
const faults = (label: string, help: string) => ({ group: 'faults', label, help }) as const;
const rare = { isRare: true } as const;
/** Of runs with a gate, which only a command line can begin. */
const gated = {
  ...part({ commands: ['run', 'campaign'], isOfServices: true, except: ['variable', 'file', 'form'] }),
  ...part({ isOfGate: true }),
  ...rare,
} as const;

const launch = {
  scenario: {
    ...named('scenario', SCENARIOS, 'bookings'),
    ...city('Scenario', 'what citizens do, or a file of yours such as ./my-scenario.ts'),
    // It is the argument of the commands, which an option of the environment would override.
    except: ['variable', 'file'],
  },
  target: {
    ...named('target', TARGETS, 'postgres'),
    ...city('Target', 'the system under test: postgres, memory, a URL or a file'),
    suggestions: ['http://'],
  },
  seed: {
    ...whole(0, Number.MAX_SAFE_INTEGER, null),
    ...city('Seed', 'decides everything'),
    unset: 'a fresh one',
    commands: ['run'],
  },
} as const satisfies Record<string, RunSetting>;

const config = {
  operations: {
    ...whole(1, 100_000_000, 2_000),
    ...city('Operations', 'operations to begin before the run settles'),
    serviceDefault: 20_000,
  },
  durationSeconds: {
    ...part({ kind: 'seconds', most: 604_800, default: null, serviceDefault: 20, unset: 'no limit' }),
    ...part({ flag: 'duration', value: 'TIME', suggestions: ['10s', '30s', '1m', '5m', '1h'] }),
    ...city('Duration', 'wall time after which no operation begins, such as 30s'),
    ...rare,
  },
  citizens: { ...whole(1, 100_000, 40), ...city('Citizens', 'citizens of the city'), ...rare },
  slots: { ...whole(1, 10_000, 12), ...city('Slots', 'slots to book, or accounts'), ...rare },
  concurrency: { ...whole(1, 1_000, 8), ...city('Concurrency', 'operations under way at once'), ...rare },
  faults: { ...named('choice', PROFILES, 'rough'), ...faults('Faults', 'how much goes wrong') },
  faultRates: {
    ...part({ kind: 'rates', choices: FAULTS, default: {}, unset: 'by the profile' }),
    ...part({ flag: 'fault', value: 'NAME=RATE' }),
    ...faults('Fault rates', 'rates of single faults, such as drop-response=0.02'),
    ...rare,
  },
  bug: {
    ...named('bug', BUGS, null),
    ...faults('Known bug', 'a known bug to plant in the reference service'),
    unset: 'none',
  },
  isolation: {
    ...named('choice', ISOLATION, 'read-committed'),
    ...city('Isolation', 'isolation of the transactions'),
    ...rare,
  },
  strategy: { ...named('name', STRATEGIES, 'ambush'), ...city('Strategy', 'which step goes next'), ...rare },
  rate: {
    ...part({ kind: 'number', most: 1_000_000, default: null, unset: 'as fast as it goes', value: 'N' }),
    ...city('Rate', 'operations begun a second at most, for watching'),
    ...rare,
    // It slows a run down, and changes nothing in its history.
    except: ['reproduce'],
  },
  snapshotEvery: {
    ...whole(5, 1_000_000, 10),
    ...faults('Snapshots', 'events between snapshots of the metrics'),
    ...rare,
  },
  record: {
    ...named('choice', RECORDS, 'none'),
    ...faults('Record', 'what the history keeps beside the operations'),
    ...part({ isToldWhenSet: true, commands: ['run', 'campaign'] }),
    ...rare,
  },
  thresholds: {
    ...part({ kind: 'comparisons', most: 50, default: [], unset: 'none', flag: 'threshold', value: 'EXPR' }),
    ...faults('Thresholds', 'comparisons that must hold, such as p95_latency_ms<50'),
    ...rare,
  },
  rules: {
    ...part({ kind: 'rules', choices: RULES, default: {}, unset: "the adapter's, or learned" }),
    ...part({
      commands: ['run', 'campaign'],
      flag: 'rule',
      field: 'rules',
      value: 'NAME=VALUE',
      isOfServices: true,
    }),
    ...city('Rules', 'what a service at a URL promises, such as keys=no'),
    ...rare,
  },
  targets: {
    ...part({ kind: 'urls', default: [], unset: 'the target alone', flag: null, isOfServices: true }),
    ...city('All URLs', 'all URLs of a service that has several, spoken to in turn'),
    ...rare,
    // Of a command line they are the target, given several times.
    except: ['variable', 'file'],
  },
  instances: {
    ...whole(1, 16, 1),
    ...city('Instances', 'processes of --exec, spoken to in turn'),
    ...part({ commands: ['run'], isOfServices: true }),
    ...rare,
    // They are started by a command, which is given beside them or not at all.
    except: ['form'],
  },
  setupTimeoutSeconds: {
    ...part({ kind: 'seconds', most: 3_600, default: 60, flag: 'setup-timeout', value: 'TIME' }),
    ...city('Setup timeout', 'how long the setup of a service at a URL may take, and a reset of it'),
    ...part({ commands: ['run', 'campaign'], isOfServices: true, suggestions: ['30s', '1m', '5m'] }),
    ...rare,
  },
  gate: {
    ...named('choice', GATE_WAYS, null),
    ...part({ flag: 'gate-service', value: 'HOW', unset: 'found out before the run' }),
    ...city('Gate', 'how a service behind --gate begins each execution afresh'),
    ...gated,
  },
  settle: {
    ...named('choice', SETTLINGS, null),
    ...part({ value: 'HOW', unset: 'found out before the run' }),
    ...city('Settling', 'how it is known that a service behind --gate has settled'),
    ...gated,
  },
  pool: {
    ...whole(1, 1_000, null),
    ...part({ flag: 'gate-pool', unset: 'found out before the run' }),
    ...city('Pool', 'connections of the pool of a service behind --gate'),
    ...gated,
  },
  clock: {
    ...named('choice', CLOCKS, 'real'),
    ...city('Clock', 'whose time a service behind --gate is told'),
    ...gated,
  },
  prove: {
    ...whole(0, 100, null),
    ...part({ unset: '5 after a failure, in 30 s at most' }),
    ...city('Prove', 'how often a run with --gate is executed again at its end, also after a PASS'),
    ...gated,
  },
  redactValues: {
    ...part({ kind: 'flag', default: false }),
    ...city('Redact values', 'leaves the values of statements out of all that is kept of a run with --gate'),
    ...gated,
  },
  reduction: {
    ...part({ kind: 'reduction', default: null, unset: 'the whole run', value: 'PART', commands: ['run'] }),
    ...city('Part', 'only a part of the run, as shrink prints it'),
    except: ['variable', 'file', 'form', 'print'],
  },
} as const satisfies Record<string, RunSetting>;

export const RUN_SETTINGS = { ...launch, ...config };
export const CONFIG_SETTINGS = config;

export type RunSettingName = keyof typeof RUN_SETTINGS;
export type ConfigName = keyof typeof CONFIG_SETTINGS;

/** All that decides a run beside scenario, target and seed, with every default filled in. */
export type RunConfig = { [Name in ConfigName]: ResolvedOf<(typeof CONFIG_SETTINGS)[Name]> };

/**
 * A configuration as histories and bundles tell it: without what only a service at a URL heeds, and what else is told
 * only then, where that is as usual. So a history that knows nothing of it stays as it was.
 */
export function toldConfig(config: RunConfig): Partial<RunConfig> {
  const unsaid = CONFIG_ROWS.filter(
    ([name, { isOfServices, isToldWhenSet, default: usual }]) =>
      (isOfServices === true || isToldWhenSet === true) &&
      JSON.stringify(config[name]) === JSON.stringify(usual),
  ).map(([name]): string => name);
  return Object.fromEntries(Object.entries(config).filter(([name]) => !unsaid.includes(name)));
}

/** Some of the settings of a run, by their names. */
export type RunValues = { [Name in RunSettingName]?: ValueOf<(typeof RUN_SETTINGS)[Name]> | undefined };

/** The rows in their order. */
export const RUN_ROWS = Object.entries(RUN_SETTINGS) as [RunSettingName, RunSetting][];
export const CONFIG_ROWS = Object.entries(CONFIG_SETTINGS) as [ConfigName, RunSetting][];

/** `SIMCITY_` and the name in the configuration file, in capitals. */
export function runVariableOf(name: string, setting: RunSetting): string {
  return `SIMCITY_${kebabCase(fieldOf(name, setting)).toUpperCase().replaceAll('-', '_')}`;
}
