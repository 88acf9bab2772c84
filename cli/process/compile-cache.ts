/** What is compiled now is taken at the next start from a cache that only this user can have filled. */
import { enableCompileCache } from 'node:module';
import { posix, win32 } from 'node:path';
import { privateFolder } from './ownership.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where the cache belongs: XDG_CACHE_HOME, else the home directory, on Windows LOCALAPPDATA. Never a folder for
 * temporary files, which is Node's own choice: whoever makes it there first decides what code this user runs.
 */
export function cachePlace(env: Env, platform: NodeJS.Platform): { base: string; names: string[] } | null {
  const own = ['simcity', 'compile-cache'];
  const { XDG_CACHE_HOME: cache = '', HOME: home = '', LOCALAPPDATA: local = '' } = env;
  if (platform === 'win32') return win32.isAbsolute(local) ? { base: local, names: own } : null;
  if (cache !== '') return posix.isAbsolute(cache) ? { base: cache, names: own } : null;
  return posix.isAbsolute(home) ? { base: home, names: ['.cache', ...own] } : null;
}

/** Turns the cache on where there is such a folder. Without one, nothing is cached and nothing is said. */
export function cacheCompiledCode(env: Env = process.env): void {
  if (env['NODE_DISABLE_COMPILE_CACHE']) return;
  const place = cachePlace(env, process.platform);
  const folder = place === null ? null : privateFolder(place.base, place.names);
  if (folder !== null) enableCompileCache(folder);
}
