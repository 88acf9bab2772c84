/** The C compiler of this machine, which a virtual clock needs once. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['cc', 'gcc', 'clang'];

/** Its absolute path; null: there is none on PATH. */
export function findCompiler(env: Readonly<Record<string, string | undefined>>): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  const all = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return all.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const NO_COMPILER = `None of ${NAMES.join(', ')} is on PATH: install one (apt install gcc libc6-dev).`;
