/** Composes the command that reproduces a run: what to type in a clone of the project. */
import { fileOfLabel, isModuleLabel } from './module.ts';
import { formatReduction } from './reduction.ts';
import { isServiceTarget, limitsFor, type RunConfig, runConfigSchema } from './run.ts';
import { RUN_DEFAULTS } from './run-values.ts';

export interface Reproducible {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
}

const DEFAULTS = runConfigSchema.parse({});

/**
 * Returns `npx simcity run --seed 7 …` with the flags that differ from the defaults, quoted for a POSIX
 * shell. `--rate` is left out: it slows a run down for watching, and changes nothing in its history.
 * Credentials in a target's URL are masked, because the command is stored and shown.
 */
export function reproduceCommand(run: Reproducible): string {
  const { config } = run;
  const words = ['npx', 'simcity', 'run'];
  if (isModuleLabel(run.scenario)) words.push('--scenario', fileOfLabel(run.scenario));
  else if (run.scenario !== RUN_DEFAULTS.scenario) words.push(run.scenario);
  if (isModuleLabel(run.target)) words.push('--target', fileOfLabel(run.target));
  else if (run.target !== RUN_DEFAULTS.target) words.push('--target', withoutCredentials(run.target));
  words.push('--seed', String(run.seed));
  const flag = (name: string, value: string | number | null, standard: string | number | null) => {
    if (value !== standard && value !== null) words.push(name, String(value));
  };
  words.push(...limits(run));
  flag('--citizens', config.citizens, DEFAULTS.citizens);
  flag('--slots', config.slots, DEFAULTS.slots);
  flag('--concurrency', config.concurrency, DEFAULTS.concurrency);
  flag('--faults', config.faults, DEFAULTS.faults);
  for (const [name, rate] of Object.entries(config.faultRates)) words.push('--fault', `${name}=${rate}`);
  flag('--bug', config.bug, DEFAULTS.bug);
  flag('--isolation', config.isolation, DEFAULTS.isolation);
  flag('--strategy', config.strategy, DEFAULTS.strategy);
  flag('--snapshot-every', config.snapshotEvery, DEFAULTS.snapshotEvery);
  for (const threshold of config.thresholds) words.push('--threshold', threshold);
  if (config.reduction) words.push('--reduction', formatReduction(config.reduction));
  return words.map(shellWord).join(' ');
}

/** How long it goes on, unless that is what the target has by default. */
function limits({ target, config }: Reproducible): string[] {
  const { operations, durationSeconds } = config;
  const standard: { operations?: number; durationSeconds?: number } = limitsFor(target, {});
  const { operations: usual = DEFAULTS.operations, durationSeconds: usualSeconds = null } = standard;
  if (operations === usual && durationSeconds === usualSeconds) return [];
  const asked = isServiceTarget(target) || operations !== usual;
  return [
    ...(asked ? ['--operations', String(operations)] : []),
    ...(durationSeconds === null ? [] : ['--duration', `${durationSeconds}s`]),
  ];
}

/** `word` as one word of a POSIX shell: as it is when nothing in it is special, else in single quotes. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function withoutCredentials(target: string): string {
  return target.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1***@');
}
