/** Brings flags, environment, file and defaults together, in this order, for the command that is called. */
import type { Command, Option } from 'commander';
import { PROCESS_ROWS } from '../../server/contract/process-settings.ts';
import { camelCase } from '../../server/contract/setting.ts';
import type { Context, FileServer } from '../process/context.ts';
import { messageOf, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { type LoadedConfig, loadConfigFile } from './file.ts';
import { maskSetting, SETTINGS, type Setting } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What of a command's context depends on settings. */
export type Configured = Pick<Context, 'env' | 'fileServer'>;

/**
 * Gives the options of `command` that were not given the value of their variable or of the file, and
 * returns the environment with what the flags and the file say of the rest. @throws CliError for bad values.
 */
export async function configure(command: Command, env: Env, cwd: string): Promise<Configured> {
  const file = await loadConfigFile(cwd);
  for (const setting of SETTINGS) if (setting.option !== null) applyOption(command, setting, env, file);
  return configuredBy(command.opts(), env, file);
}

/**
 * The environment as it would be if the file, and the flags without options of their own, were variables; but for
 * the server that the file names, which never gets the user's token.
 */
export function configuredBy(
  flags: Record<string, unknown>,
  env: Env,
  file: LoadedConfig | null,
): Configured {
  return { env: environmentOf(flags, env, file), fileServer: serverIn(file) };
}

function serverIn(file: LoadedConfig | null): FileServer | undefined {
  const url = valueIn(file, 'server');
  const token = valueIn(file, 'token');
  if (file === null || typeof url !== 'string') return undefined;
  return { url, token: typeof token === 'string' ? token : undefined, file: file.name };
}

function environmentOf(flags: Record<string, unknown>, env: Env, file: LoadedConfig | null): Env {
  const merged: Record<string, string | undefined> = { ...env };
  for (const setting of SETTINGS) {
    if (setting.option !== null || setting.name === 'server') continue;
    const said = valueIn(file, setting.name);
    if (isSet(env[setting.variable]) || said === undefined) continue;
    merged[setting.variable] = typeof said === 'boolean' ? (said ? '1' : '0') : String(said);
  }
  for (const [name, { variable, flag, by }] of PROCESS_ROWS) {
    const given = flags[name];
    // Of the settings that have one: --exec of a run is none of a runner's.
    if (flag === null || by === 'command') continue;
    if (typeof given === 'string') merged[variable] = given;
    else if (given === true) merged[variable] = '1';
  }
  return merged;
}

function applyOption(command: Command, setting: Setting, env: Env, file: LoadedConfig | null): void {
  const option = command.options.find((each) => each.attributeName() === setting.option);
  if (option === undefined || setting.commands?.includes(command.name()) === false) return;
  const source = command.getOptionValueSource(option.attributeName());
  if (source !== undefined && source !== 'default') return;
  const text = env[setting.variable];
  const value = isSet(text) ? parseVariable(option, setting, text) : valueIn(file, setting.name);
  if (value === undefined) return;
  command.setOptionValueWithSource(option.attributeName(), value, isSet(text) ? 'env' : 'config');
}

/** An empty variable counts as not set. */
function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function parseVariable(option: Option, setting: Setting, text: string): unknown {
  if (option.isBoolean()) {
    if (/^(1|true|yes|on)$/i.test(text)) return true;
    // Where nothing is decided unless it is said, "no" says something.
    return setting.row.default === null && /^(0|false|no|off)$/i.test(text) ? false : undefined;
  }
  try {
    // Of the flag a file may have commas in its name.
    if (setting.row.kind !== 'reports') return option.parseArg?.(text, undefined as never) ?? text;
    let collected: unknown;
    for (const part of text.split(',')) collected = option.parseArg?.(part.trim(), collected as never);
    return collected;
  } catch (error) {
    throw usageError(`${setting.variable}: '${safeText(text)}' is invalid. ${safeText(messageOf(error))}`);
  }
}

/** What the file says of a setting; undefined when nothing. */
export function valueIn(file: LoadedConfig | null, name: string): unknown {
  let value: unknown = file?.values;
  for (const part of name.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

/** A setting, its value as it may be shown, and where it came from. */
export interface ResolvedSetting {
  setting: Setting;
  value: string;
  from: string;
}

/** All settings, for people: secrets masked. `flags` are those of the command, by attribute name. */
export function resolveSettings(
  env: Env,
  file: LoadedConfig | null,
  flags: Record<string, unknown>,
): ResolvedSetting[] {
  return SETTINGS.map((setting) => {
    const flag = setting.flag === null ? undefined : flags[camelCase(setting.flag.slice(2))];
    if (flag !== undefined) return shown(setting, flag, setting.flag ?? '');
    const variable = env[setting.variable];
    if (isSet(variable)) return shown(setting, variable, setting.variable);
    const said = valueIn(file, setting.name);
    if (said !== undefined) return shown(setting, said, file?.name ?? '');
    return { setting, value: setting.standard, from: 'default' };
  });
}

function shown(setting: Setting, value: unknown, from: string): ResolvedSetting {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return { setting, value: maskSetting(setting, text), from };
}
