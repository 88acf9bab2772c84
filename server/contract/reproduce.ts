/** Composes the command that reproduces a run: what to type in a clone of the project. */
import { typedCommand } from './command-secrets.ts';
import type { GateOrder } from './gate.ts';
import { fileOfLabel, isModuleLabel } from './module.ts';
import { maskCredentials, splitCredentials } from './redact.ts';
import { formatReduction, type Reduction } from './reduction.ts';
import { writeRules } from './rule-text.ts';
import type { DeclaredRules } from './rule-values.ts';
import { CONFIG_ROWS, type ConfigName, RUN_SETTINGS, type RunConfig } from './run-settings.ts';
import { flagOf, isHeeded, type RunSetting } from './setting.ts';
import { writeSetting } from './setting-text.ts';
import { isLive } from './target-limits.ts';

export interface Reproducible {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
}

/** What is only ever given where the command is typed. */
export interface OwnWords {
  /** The file of the adapter, as it was typed. */
  adapter?: string | null;
  /** The command that starts the service. */
  exec?: string | null;
  /** The database of a gated run. */
  gate?: GateOrder | null;
  /** A user and a password of the target were given beside its URL. */
  hasCredentials?: boolean;
}

/**
 * Returns `npx simcity run --seed 7 …` with the flags that differ from the defaults, quoted for a POSIX shell.
 * Passwords and tokens are left out, or are variables, because the command is stored and shown; a comment behind it
 * says what to set.
 */
export function reproduceCommand(run: Reproducible, own: OwnWords = {}): string {
  const words = ['npx', 'simcity', 'run'];
  if (isModuleLabel(run.scenario)) words.push('--scenario', fileOfLabel(run.scenario));
  else if (run.scenario !== RUN_SETTINGS.scenario.default) words.push(run.scenario);
  if (isModuleLabel(run.target)) words.push('--target', fileOfLabel(run.target));
  else if (run.target !== RUN_SETTINGS.target.default)
    for (const url of urlsOf(run)) words.push('--target', shownUrl(url));
  words.push('--seed', String(run.seed), ...configWords(run));
  if (own.adapter) words.push('--adapter', own.adapter);
  const masked = maskedWords(ownWords(run, own));
  const hasCredentials = own.hasCredentials === true || urlsOf(run).some(isMasked);
  const all = [...words.map(shellWord), ...masked.words];
  return `${all.join(' ')}${toSet(masked.toSet, hasCredentials)}`;
}

/** The flags of the configuration that differ from the defaults. */
export function configWords(run: Pick<Reproducible, 'target' | 'config'>): string[] {
  return CONFIG_ROWS.flatMap(([name, setting]) => {
    const flag = flagOf(name, setting);
    if (flag === null || !isHeeded(setting, 'reproduce') || isUsual(name, setting, run)) return [];
    if (setting.kind === 'flag') return [`--${flag}`];
    return textsOf(setting, run.config[name]).flatMap((text) => [`--${flag}`, text]);
  });
}

/** What may hold passwords. The gate stands last: its URL may be left out, and what follows would be taken for it. */
function ownWords({ config }: Reproducible, { exec, gate }: OwnWords): string[] {
  const words = exec ? ['--exec', exec] : [];
  if (config.gate === null) return words;
  if (gate?.schema) words.push('--gate-schema', gate.schema);
  if (gate?.prepare) words.push('--gate-prepare', gate.prepare);
  if (gate?.large) words.push('--gate-large');
  return [...words, '--gate', ...(gate?.url ? [gate.url] : [])];
}

/** Stands between words. No word has such a character. */
const BETWEEN = '\n\u{F0002}\n';

/** Words of a shell, in which what is masked are variables that are to be set: one variable has one value in all of them. */
function maskedWords(words: readonly string[]): { words: string[]; toSet: string[] } {
  const { pieces, toSet } = typedCommand(words.join(BETWEEN));
  const split: string[][] = [[]];
  for (const [i, piece] of pieces.entries()) {
    const [first = '', ...rest] = i % 2 === 1 ? [piece] : piece.split(BETWEEN);
    split.at(-1)?.push(first);
    split.push(...rest.map((text) => [text]));
  }
  return { words: words.length === 0 ? [] : split.map(wordOf), toSet };
}

/** One word, of texts and variables in turn. */
function wordOf(pieces: readonly string[]): string {
  if (pieces.length === 1) return shellWord(pieces[0] ?? '');
  return pieces
    .map((piece, i) =>
      i % 2 === 1 ? `"$${piece}"` : piece === '' ? '' : `'${piece.replaceAll("'", "'\\''")}'`,
    )
    .join('');
}

function urlsOf({ target, config }: Reproducible): readonly string[] {
  return config.targets.length > 0 ? config.targets : [target];
}

/** Without user and password: SIMCITY_TARGET_CREDENTIALS gives them. */
function shownUrl(url: string): string {
  return maskCredentials(splitCredentials(url).target);
}

function isMasked(url: string): boolean {
  return splitCredentials(url).credentials !== undefined;
}

/** What is to be set before the command can be typed, as a comment behind it; empty when nothing is. */
function toSet(masked: readonly string[], hasCredentials: boolean): string {
  const notes = [
    ...(masked.length === 0
      ? []
      : [`${masked.join(', ')} ${masked.length === 1 ? 'is masked: set it' : 'are masked: set them'}`]),
    ...(hasCredentials ? ['user and password are left out: set SIMCITY_TARGET_CREDENTIALS'] : []),
  ];
  return notes.length === 0 ? '' : `  # ${notes.join('; ')}`;
}

/**
 * True for a value that a run has when its flag is left out. Limits are left out together or not at all: one
 * that is asked for takes away the defaults of the others.
 */
function isUsual(
  name: ConfigName,
  setting: RunSetting,
  { target, config }: Pick<Reproducible, 'target' | 'config'>,
): boolean {
  if (setting.serviceDefault === undefined) return isEqual(config[name], setting.default);
  return LIMITS.every(([limit, { serviceDefault, default: usual }]) =>
    isEqual(config[limit], isLive(target, config) ? serviceDefault : usual),
  );
}

const LIMITS = CONFIG_ROWS.filter(([, { serviceDefault }]) => serviceDefault !== undefined);

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A value as the texts of its flag, which may be given several times. */
function textsOf(setting: RunSetting, value: unknown): string[] {
  if (value === null) return [];
  if (setting.kind === 'reduction') return [formatReduction(value as Reduction)];
  if (setting.kind === 'comparisons') return value as string[];
  if (setting.kind === 'rules') return writeRules(value as DeclaredRules);
  if (setting.kind === 'rates')
    return Object.entries(value as object).map(([name, rate]) => `${name}=${rate}`);
  return [writeSetting(setting, value)];
}

/** `word` as one word of a POSIX shell: as it is when nothing in it is special, else in single quotes. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
