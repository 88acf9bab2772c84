/** Makes the library that is loaded before a service, once for each compiler and version of its source. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findCompiler, NO_COMPILER } from '../../../../server/contract/c-compiler.ts';

const run = promisify(execFile);
const FLAGS = ['-O2', '-shared', '-fPIC'];
const LIMIT_MS = 60_000;

/**
 * The library's absolute path in `folder`, which is made when it is not there.
 * @throws Error that says what to do where there is no C compiler, or no Linux.
 */
export async function compiledPreload(
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  if (process.platform !== 'linux') throw new Error(`${NOT_HERE} It needs Linux: leave --clock out.`);
  const compiler = findCompiler(env);
  if (compiler === null) throw new Error(`${NOT_HERE} It needs a C compiler once. ${NO_COMPILER} ${WITHOUT}`);
  const source = sourceFile();
  const { stdout: version } = await run(compiler, ['--version'], { timeout: LIMIT_MS });
  const hash = createHash('sha256')
    .update(await readFile(source))
    .update(`\0${compiler}\0${version}`);
  const path = join(folder, `preload-${hash.digest('hex').slice(0, 16)}.so`);
  if (!existsSync(path)) await compile(compiler, source, path, folder);
  return path;
}

async function compile(compiler: string, source: string, path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Whoever else compiles it at this time puts the same in its place.
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await run(compiler, [...FLAGS, '-o', temporary, source, '-ldl'], { timeout: LIMIT_MS });
    await rename(temporary, path);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const why = (stderr || String(error)).trim().split('\n').slice(0, 5).join('\n');
    throw new Error(`${NOT_HERE} ${compiler} cannot compile its library: ${why}\n${WITHOUT}`, {
      cause: error,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

const NOT_HERE = 'There is no virtual clock on this machine.';
const WITHOUT = 'Until then leave --clock out.';

/** Beside the bundle, or beside this file where SimCity runs from its sources. */
function sourceFile(): string {
  const source = fileURLToPath(new URL('./preload.c', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('./clock-preload.c', import.meta.url));
}
