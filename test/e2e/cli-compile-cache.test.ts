/** Where the code that was compiled is kept: in a folder of the user's own, or nowhere, and never with a word. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { simcity } from '../helpers/cli-process.ts';

let folder: string;
let temporary: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-compile-cache-'));
  temporary = join(folder, 'tmp');
  mkdirSync(temporary);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Asks for the version, with nothing but these variables. */
async function version(env: Record<string, string | undefined>): Promise<string> {
  const variables = { HOME: undefined, TMPDIR: temporary, ...env };
  const { exitCode, stdout, stderr } = await simcity(['--version'], { env: variables });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n` });
  expect(readdirSync(temporary), 'left in TMPDIR').toEqual([]);
  return stderr;
}

const files = (cache: string) =>
  readdirSync(cache, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());

test.each([
  ['HOME', (home: string) => ({ HOME: home }), '.cache/simcity/compile-cache'],
  ['XDG_CACHE_HOME', (home: string) => ({ HOME: '/', XDG_CACHE_HOME: home }), 'simcity/compile-cache'],
])('by %s it is in a folder that nobody else may enter, and is used', async (_, env, name) => {
  const home = join(folder, 'home');
  mkdirSync(home);
  expect(await version(env(home))).toBe('');
  const cache = join(home, name);
  expect(files(cache).length).toBeGreaterThan(0);
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  const told = await version({ ...env(home), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
  expect(told).toMatch(/\/dist\/\S+\.js was accepted/);
});

test.each([
  ['there is no HOME', () => ({})],
  ['HOME is empty', () => ({ HOME: '' })],
  ['HOME is relative', () => ({ HOME: 'tmp' })],
  ['HOME is not there', () => ({ HOME: join(folder, 'none') })],
  ['HOME is a file', () => ({ HOME: join(folder, 'file') })],
  ['nothing can be made in HOME', () => ({ HOME: '/proc' })],
  ['others may write HOME', () => ({ HOME: join(folder, 'open') })],
  ['XDG_CACHE_HOME is not there', () => ({ HOME: folder, XDG_CACHE_HOME: join(folder, 'none') })],
  ['it is not wanted', () => ({ HOME: folder, NODE_DISABLE_COMPILE_CACHE: '1' })],
])('there is none where %s, and nothing is said', async (_, env) => {
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'open'));
  chmodSync(join(folder, 'open'), 0o777);
  expect(await version(env())).toBe('');
  expect(readdirSync(folder).sort()).toEqual(['file', 'open', 'tmp']);
  expect(readdirSync(join(folder, 'open'))).toEqual([]);
});

test('a cache that others could have filled is left alone', async () => {
  const cache = join(folder, '.cache/simcity/compile-cache');
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o755);
  expect(await version({ HOME: folder })).toBe('');
  expect(readdirSync(cache)).toEqual([]);
});
