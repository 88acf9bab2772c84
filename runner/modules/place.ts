/** Where in a file of the user's an error came from, as its stack tells. */
import { realpathSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Modules } from '../../server/contract/index.ts';

/** Which of the user's files it is. */
export type ModuleRole = keyof Modules;

/** A place in a file of the user's; the file as the user would write it. */
export interface Place {
  readonly role: ModuleRole;
  readonly file: string;
  /** Null: not known. */
  readonly line: number | null;
}

/** A file as the user would write it from here. */
export function asTyped(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : `./${short}`;
}

/** `./my-adapter.ts:17`. */
export function placeText({ file, line }: Place): string {
  return line === null ? file : `${file}:${line}`;
}

/** A frame of a stack, or the first line of a syntax error's: a path or URL of a file, and a line in it. */
const FRAME = /(file:\/\/\/[^\s()]+?|\/[^\s():]+):(\d+)/g;

/**
 * The innermost frame of `stack` that lies in one of the user's files, or in a file beside them that is his too;
 * null when none does: then no code of his had a part in it.
 */
export function placeIn(stack: string | undefined, modules: Modules): Place | null {
  const own = Object.entries(modules)
    .filter((entry): entry is [ModuleRole, string] => entry[1] !== null)
    .map(([role, file]) => ({ role, file: real(file) }));
  if (own.length === 0) return null;
  for (const [, where = '', line] of (stack ?? '').matchAll(FRAME)) {
    const file = where.startsWith('file:') ? fileURLToPath(where) : where;
    const found = own.find((each) => each.file === file) ?? own.find((each) => isBeside(file, each.file));
    if (found) return { role: found.role, file: asTyped(file), line: Number(line) };
  }
  return null;
}

/** The file itself, when nothing more is known. */
export function placeOfFile(role: ModuleRole, modules: Modules): Place | null {
  const file = modules[role];
  return file === null ? null : { role, file: asTyped(real(file)), line: null };
}

/** In the same folder or below it. What is installed there, and SimCity's own code, is nobody's own. */
function isBeside(file: string, module: string): boolean {
  return (
    file.startsWith(dirname(module) + sep) && !file.includes(`${sep}node_modules${sep}`) && !isOurs(file)
  );
}

/** This code: its bundle in one folder, or its sources in the folders of the project. */
const HERE = fileURLToPath(new URL('.', import.meta.url));
const IS_SOURCE = import.meta.url.endsWith('/runner/modules/place.ts');
const OURS = IS_SOURCE
  ? ['runner', 'server', 'cli'].map((part) => fileURLToPath(new URL(`../../${part}/`, import.meta.url)))
  : [HERE];

function isOurs(file: string): boolean {
  return OURS.some((folder) => file.startsWith(folder));
}

/** Stacks name the file behind a link. */
function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
