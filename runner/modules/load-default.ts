/** Imports a file of the user's, and says plainly why when that fails. */
import { spawnSync } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AdapterError } from './adapter-error.ts';
import { isModuleInCommonJs, loadModulesInCommonJs } from './commonjs-package.ts';
import { asTyped, type ModuleRole, type Place } from './place.ts';

const CHECK_LIMIT_MS = 5_000;
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

/** A file that cannot be used; the message names it, says why, and what would be right. */
export class ModuleError extends AdapterError {
  override readonly name = 'ModuleError';

  constructor(role: ModuleRole, message: string, options: ErrorOptions & { place?: Place | null } = {}) {
    super(message, { ...options, phase: 'load', role });
  }
}

/** The default export of the file. @throws ModuleError */
export async function loadDefault(role: ModuleRole, path: string): Promise<unknown> {
  const file = regularFile(role, path);
  if (/ts$/.test(file) && !process.features.typescript) {
    throw new ModuleError(
      role,
      `${path}: this Node (${process.versions.node}) cannot run TypeScript. Use Node 22.18 or newer, or compile the file to .mjs.`,
    );
  }
  loadModulesInCommonJs();
  let found: Record<string, unknown>;
  try {
    found = await import(pathToFileURL(file).href);
  } catch (error) {
    throw new ModuleError(role, `${path} cannot be loaded: ${reasonOf(error)}`, {
      cause: error,
      place: placeOfSyntaxError(role, file, error),
    });
  }
  if (!('default' in found)) {
    const names = Object.keys(found);
    const others = names.length > 0 ? ` (it exports ${names.slice(0, 8).join(', ')})` : '';
    throw new ModuleError(role, `${path} has no default export${others}. Write \`export default …\` in it.`);
  }
  return found['default'];
}

function regularFile(role: ModuleRole, path: string): string {
  let file: string;
  try {
    file = realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new ModuleError(
      role,
      `${path}: ${why}. Name a .ts, .js or .mjs file; \`simcity init\` writes one.`,
    );
  }
  if (!statSync(file).isFile()) throw new ModuleError(role, `${path} is not a regular file.`);
  if (!EXTENSIONS.includes(extname(file))) {
    throw new ModuleError(role, `${path} is not a ${EXTENSIONS.join(', ')} file.`);
  }
  return file;
}

/** A syntax error of JavaScript does not tell its line, but Node's own check of the file does; null: it is another. */
function placeOfSyntaxError(role: ModuleRole, file: string, error: unknown): Place | null {
  if (!(error instanceof SyntaxError) || error.stack?.includes(`${file}:`)) return null;
  const { stderr } = spawnSync(process.execPath, ['--check', file], {
    encoding: 'utf8',
    timeout: CHECK_LIMIT_MS,
  });
  const [first = ''] = (stderr ?? '').split('\n');
  const line = first.startsWith(`${file}:`) ? Number(first.slice(file.length + 1)) : Number.NaN;
  return Number.isInteger(line) ? { role, file: asTyped(file), line } : null;
}

const IN_COMMONJS =
  'it is written with import and export, but the package.json of its folder says "type": "commonjs". Rename it to .mts (or .mjs), or say "type": "module" there.';

/** A syntax error with its place, an error thrown by the file itself, or a package that is missing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isModuleInCommonJs(error)) return IN_COMMONJS;
  // Node puts the place of a syntax error, `file:line`, first in the stack.
  const [place] = (error.stack ?? '').split('\n');
  const at = error.name === 'SyntaxError' && place?.startsWith('file:') ? ` at ${place}` : '';
  return `${error.name}: ${error.message}${at}`;
}
