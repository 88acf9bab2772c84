/** What of a launch no run can be, before anything starts: names that nobody knows, and bugs where there are none. */
import { didYouMean } from './did-you-mean.ts';
import { isModuleFile, isModuleLabel } from './module.ts';
import { BUGS, GATE_FAULTS, type Named, type NamedBug } from './names.ts';
import { maskCredentials, splitCredentials } from './redact.ts';
import { contradictionIn } from './rule-values.ts';
import { RUN_ROWS, RUN_SETTINGS, type RunSettingName, type RunValues } from './run-settings.ts';
import { flagOf, type RunSetting, type Setting } from './setting.ts';
import { oneOf, readSetting, SettingError } from './setting-text.ts';
import { isServiceTarget } from './target-limits.ts';

/** Why a launch is refused. The sentences begin in lower case, to stand behind a name. */
export interface Refusal {
  setting: RunSettingName;
  /** What is wrong. */
  why: string;
  /** What would be right. */
  advice: string;
}

/** The names among which a setting is chosen, where the others are as given; of bugs those that can be planted there. */
export function choicesOf(setting: Setting, { scenario, target }: RunValues): readonly Named[] {
  if (!('choices' in setting)) return [];
  if (setting.kind !== 'bug') return setting.choices;
  const of = scenario ?? RUN_SETTINGS.scenario.default;
  const on = target ?? RUN_SETTINGS.target.default;
  return BUGS.filter((bug: NamedBug) => bug.scenario === of && bug.targets.includes(on));
}

/**
 * The first thing that is wrong with the values; null: nothing that can be known here. The bugs of a user's
 * scenario are its own, and are looked at when it is loaded. `isGated`: whether the run will have a gate, where how
 * the service begins afresh behind it is yet to be found out.
 */
export function refusalOf(values: RunValues, isGated = (values.gate ?? null) !== null): Refusal | null {
  for (const [name, setting] of RUN_ROWS) {
    const value = values[name];
    if (value === undefined || value === null) continue;
    const refused =
      setting.kind === 'bug'
        ? refusedBug(String(value), values)
        : (refusedOfService(name, setting, value, values) ??
          refusedByGate(name, setting, values, isGated) ??
          refusedRecord(name, values, isGated) ??
          refusedValue(name, setting, value));
    if (refused !== null) return { setting: name, ...refused };
  }
  return null;
}

type Refused = Omit<Refusal, 'setting'>;

function refusedValue(name: string, setting: RunSetting, value: unknown): Refused | null {
  if (setting.kind !== 'name' && setting.kind !== 'scenario' && setting.kind !== 'comparisons') return null;
  try {
    if (setting.kind === 'comparisons') for (const text of [value].flat()) readSetting(setting, String(text));
    else if (!isModule(String(value))) oneOf(setting.choices, String(value));
    return null;
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const shown = `${flagOf(name, setting) ?? name} ${JSON.stringify(value)}`;
    const why = setting.kind === 'comparisons' ? `the ${shown} is no comparison.` : `there is no ${shown}.`;
    return { why, advice: error.message };
  }
}

/** What only a service at a URL can heed, and what of it cannot be. */
function refusedOfService(
  name: RunSettingName,
  setting: RunSetting,
  value: unknown,
  { target = RUN_SETTINGS.target.default, rules = {}, targets = [] }: RunValues,
): Refused | null {
  const isSaid = JSON.stringify(value) !== JSON.stringify(setting.default);
  // A limit of time that nothing needs is no mistake.
  if (setting.isOfServices !== true || setting.kind === 'seconds' || !isSaid) return null;
  if (!isServiceTarget(target)) {
    return {
      why: `${OF_SERVICES[name] ?? name} a service at a URL, and the target is ${JSON.stringify(maskCredentials(target))}.`,
      advice: 'Leave it out, or name the service: --target http://127.0.0.1:3000.',
    };
  }
  if (name === 'targets' && !targets.every(isServiceTarget)) {
    return { why: 'one of the targets is no URL.', advice: 'Several of them are the URLs of one service.' };
  }
  if (name === 'targets' && bare(targets[0] ?? '') !== bare(target)) {
    return { why: 'the first of the targets is not the target.', advice: 'Name it there too.' };
  }
  const contradiction = name === 'rules' ? contradictionIn(rules) : null;
  if (contradiction === null) return null;
  return {
    why: contradiction,
    advice: 'Say also capacity=1 or onePerCitizen=yes, or leave cancelsBy=citizen out.',
  };
}

/** Statements are seen on the way to a database that the engine stands in front of, requests where it stands not. */
function refusedRecord(name: RunSettingName, values: RunValues, isGated: boolean): Refused | null {
  const { target = RUN_SETTINGS.target.default, record } = values;
  if (name !== 'record' || record === undefined || record === 'none') return null;
  const isOnTheWire = isServiceTarget(target) && !isGated;
  if (record === 'requests') {
    if (isOnTheWire) return null;
    return {
      why: `requests on the wire are those to a service at a URL without --gate, and ${isGated ? 'this run has one' : `the target is ${JSON.stringify(maskCredentials(target))}`}.`,
      advice: target === 'memory' ? 'Leave --record out.' : 'Here --record statements shows more.',
    };
  }
  if (target === 'memory') {
    return {
      why: 'the target memory has no statements that could be recorded.',
      advice: 'Leave --record out, or use the target postgres.',
    };
  }
  if (!isOnTheWire) return null;
  return {
    why: 'statements of a service at a URL are seen only with --gate, and this run has none.',
    advice:
      "Record its requests with --record requests, or begin it as: simcity run --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
  };
}

/** What needs a gate, and what cannot be behind one. */
function refusedByGate(
  name: RunSettingName,
  setting: RunSetting,
  values: RunValues,
  isGated: boolean,
): Refused | null {
  if (name === 'faultRates') return refusedFault(values, isGated);
  if (isGated && name === 'instances' && (values.instances ?? 1) > 1) {
    return {
      why: 'behind a gate there is one instance of the service: what is settled, and whose statement it is, is told by its processes.',
      advice: 'Leave --instances out, or leave --gate out.',
    };
  }
  if (isGated && name === 'targets' && (values.targets ?? []).length > 1) {
    return {
      why: 'behind a gate the service has one URL: it is started for it there.',
      advice: 'Name one --target, or leave --gate out.',
    };
  }
  if (isGated || setting.isOfGate !== true || values[name] === setting.default) return null;
  return {
    why: `--${flagOf(name, setting)} says something of runs with --gate, and this one has none.`,
    advice: "Such as: simcity run --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
  };
}

function refusedFault({ faultRates, clock = 'real' }: RunValues, isGated: boolean): Refused | null {
  const unheeded = clock === 'real' ? (['clock-skew'] as const) : [];
  for (const name of isGated ? unheeded : GATE_FAULTS) {
    if ((faultRates?.[name] ?? 0) === 0) continue;
    return isGated
      ? {
          why: `the fault ${name} cannot strike behind a gate: the clock of the service is its own.`,
          advice:
            'Leave it out: the run lists it as not tested. Or give the service a clock of ours: --clock virtual.',
        }
      : {
          why: `the fault ${name} strikes on the way to the database of a service behind --gate, and this run has no gate.`,
          advice:
            "Leave it out, or name the service: simcity run --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
        };
  }
  return null;
}

/** A URL to compare, without user and password. */
const bare = (url: string) => URL.parse(splitCredentials(url).target)?.href;

/** How a sentence about it begins. */
const OF_SERVICES: { readonly [Name in RunSettingName]?: string } = {
  rules: 'rules are what is promised by',
  targets: 'several targets are the URLs of',
  instances: 'instances are processes of',
  gate: 'a gate stands before the database of',
  settle: 'settling is waited for by',
  pool: 'the pool is one of',
  clock: 'the clock is one of',
  prove: 'proofs by execution are of runs against',
  redactValues: 'values of statements are kept of',
};

function isModule(name: string): boolean {
  return isModuleLabel(name) || isModuleFile(name);
}

function refusedBug(bug: string, values: RunValues): Refused | null {
  const { scenario = RUN_SETTINGS.scenario.default, target = RUN_SETTINGS.target.default } = values;
  const shown = JSON.stringify(bug);
  if (!RUN_SETTINGS.target.choices.some(({ name }) => name === target)) {
    return {
      why: `the bug ${shown} is one of the built-in services, and cannot be planted in ${maskCredentials(target)}.`,
      advice: 'Leave it out, or use the target postgres or memory.',
    };
  }
  if (isModule(scenario)) return null;
  const here = choicesOf(RUN_SETTINGS.bug, { scenario, target }).map(({ name }) => name);
  if (here.includes(bug)) return null;
  const known = BUGS.filter((each) => each.scenario === scenario).map(({ name }): string => name);
  if (known.includes(bug)) {
    return { why: `the bug ${shown} is one of databases.`, advice: 'It needs the target postgres.' };
  }
  return {
    why: `${scenario} has no bug ${shown}.`,
    advice: `${didYouMean(bug, known)} It has ${here.join(', ')}.`.trimStart(),
  };
}
