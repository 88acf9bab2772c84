import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { simcity } from '../helpers/cli-process.ts';
import { startFakeServer } from '../helpers/fake-server.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const HOOK = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.stderr.write('LOADED ' + url + '\\n'); return next(url, context); } });`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-startup-'));
  writeFileSync(join(folder, 'hook.mjs'), HOOK);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The packages whose code was loaded, by the source maps of the chunks that were. */
async function packagesLoadedBy(args: string[]): Promise<Set<string>> {
  const { stderr } = await simcity(args, { nodeArgs: ['--import', join(folder, 'hook.mjs')] });
  const chunks = [...stderr.matchAll(/^LOADED file:\/\/(.*\/dist\/.*\.js)$/gm)].map(
    (match) => match[1] ?? '',
  );
  expect(chunks.length).toBeGreaterThan(0);
  const packages = new Set<string>();
  for (const chunk of chunks) {
    const { sources } = JSON.parse(readFileSync(`${chunk}.map`, 'utf8')) as { sources: string[] };
    for (const source of sources) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1];
      if (name !== undefined) packages.add(name);
    }
  }
  return packages;
}

test('--version prints the version and loads no package at all', async () => {
  expect(await simcity(['--version'])).toMatchObject({ exitCode: 0, stdout: `${packageJson.version}\n` });
  expect([...(await packagesLoadedBy(['--version']))]).toEqual([]);
});

test('--help loads neither what draws nor what validates', async () => {
  const packages = await packagesLoadedBy(['--help']);
  for (const name of ['ink', 'react', 'zod', 'eventsource']) expect(packages).not.toContain(name);
});

test('commands that draw nothing load neither Ink nor React', async () => {
  const server = await startFakeServer(recordedRun());
  try {
    for (const command of [['runs'], ['show'], ['events'], ['stop', 'latest']]) {
      const packages = await packagesLoadedBy([...command, '--server', server.url]);
      for (const name of ['ink', 'react', 'yoga-layout']) expect(packages).not.toContain(name);
    }
  } finally {
    await server.close();
  }
});
