/** Finds and reads `simcity.config.ts` or `simcity.config.json` in the working directory. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, usageError } from '../process/errors.ts';
import { strangerAt } from '../process/ownership.ts';
import { safeText } from '../run/sanitize.ts';
import type { ConfigFile } from './schema.ts';

const NAMES = ['simcity.config.ts', 'simcity.config.json'] as const;

/** What a file says, checked. */
export interface LoadedConfig {
  /** Its name, for messages. */
  name: string;
  values: ConfigFile;
}

/** The file of this directory; null without one. @throws CliError that names the file and the field. */
export async function loadConfigFile(cwd: string): Promise<LoadedConfig | null> {
  const found = NAMES.filter((name) => existsSync(join(cwd, name)));
  const [name] = found;
  if (name === undefined) return null;
  if (found.length > 1) {
    throw usageError(`there are both ${found.join(' and ')} in ${safeText(cwd)}.`, 'Keep one of them.');
  }
  const path = join(cwd, name);
  refuseStranger(path, name);
  const content = name.endsWith('.json') ? readJson(path, name) : await importModule(path, name);
  const { configFileSchema } = await import('./schema.ts');
  const parsed = configFileSchema.safeParse(content);
  if (parsed.success) return { name, values: parsed.data as ConfigFile };
  const issues = parsed.error.issues.map(({ path: field, message }) => {
    const where = field.length === 0 ? 'the whole' : field.join('.');
    return `${where}: ${message}`;
  });
  throw usageError(
    `${name}: ${issues.map(safeText).join('; ')}.`,
    `\`simcity --help\` lists the settings; the file is ${safeText(path)}.`,
  );
}

/** A configuration is code that is executed, or names such code: in a folder like /tmp anybody can have put it. */
function refuseStranger(path: string, name: string): void {
  const stranger = strangerAt(path);
  if (stranger === null) return;
  const what = stranger.path === path ? 'it' : `${safeText(stranger.path)}, to which it leads,`;
  throw usageError(
    `${name} is not used: ${what} belongs to another user, uid ${stranger.uid}.`,
    `Change to another directory; or, if you trust ${safeText(path)}, run SimCity as its owner, or make it yours (chown).`,
  );
}

function readJson(path: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw usageError(
      `${name} cannot be read: ${safeText(messageOf(error))}.`,
      `The file is ${safeText(path)}.`,
    );
  }
}

async function importModule(path: string, name: string): Promise<unknown> {
  const restore = muteLoaderWarnings();
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    return (module as { default?: unknown }).default;
  } catch (error) {
    const old = error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
    throw usageError(
      old
        ? `${name} needs Node 22.18 or newer, and this is ${process.versions.node}.`
        : `${name} cannot be loaded: ${safeText(messageOf(error))}.`,
      old ? 'Use a newer Node, or simcity.config.json.' : `The file is ${safeText(path)}.`,
    );
  } finally {
    restore();
  }
}

/** Node warns of TypeScript and of packages without a `type`; neither is of the user's concern here. */
function muteLoaderWarnings(): () => void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  return () => {
    process.emitWarning = emitWarning;
  };
}
