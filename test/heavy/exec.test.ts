/** A service of the user's own, started by the run, killed in the middle of its work, and started again. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, type TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';

let folder: TestFolder;
/** Of every service that was started here. */
const ports: number[] = [];

beforeAll(async () => {
  folder = await folderWithCluster('data');
});

afterAll(async () => {
  await folder.remove();
});

async function run(service: string, ...args: string[]) {
  return await runBy(process.execPath, [], service, ...args);
}

/** `node`: the words that start Node. */
async function runBy(node: string, flags: string[], service: string, ...args: string[]) {
  const port = await freePort();
  ports.push(port);
  const command = `${node} ${process.cwd()}/test/fixtures/booking-services/${service} --port ${port}`;
  const own = ['--data-dir', `${folder.path}/data`, '--operations', '900', '--seed', '3'];
  return await simcity(
    [
      'run',
      '--target',
      `http://127.0.0.1:${port}`,
      '--exec',
      `${command} ${args.join(' ')}`,
      ...own,
      ...flags,
    ],
    { cwd: folder.path },
  );
}

it('the right service passes although it is killed', async () => {
  const result = await run('right.ts', '--data', `${folder.path}/bookings.log`);
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  const own = ['--data-dir', `${folder.path}/data`];
  const { stdout } = await simcity(['events', 'latest', '--json', ...own], { cwd: folder.path });
  expect(stdout).toContain('"name":"crash"');
});

it('a wrong one fails, with how often it fails again, and a command that says how it was started', async () => {
  const result = await run('buggy.ts', '--bug', 'check-then-insert');
  expect(result, result.stderr).toMatchObject({ exitCode: 1 });
  expect(result.stdout).toMatch(/it failed the same way (once|\d times)/);
  expect(result.stdout).toMatch(/reproduce: .*--exec '/);
});

it('tells how to reproduce it with its rules and without its secrets, which are stored nowhere', async () => {
  const secret = 'canary-5b1e9d';
  const node = `env API_TOKEN=${secret} ${process.execPath}`;
  const flags = ['--rule', 'errors=0.5', '--rule', 'keyTtl=none', '--setup-timeout', '45s'];
  const result = await runBy(node, flags, 'buggy.ts', '--bug', 'check-then-insert');
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 1 });
  const told = /reproduce: (.*)/.exec(result.stdout)?.[1] ?? '';
  expect(told).toContain('--rule keyTtl=none --rule errors=0.5 --setup-timeout 45s');
  expect(told).toMatch(/--exec 'env API_TOKEN='"\$API_TOKEN"' .*' {2}# API_TOKEN is masked: set it$/);
  // It runs as it is, once that is set.
  const typed = told.replace('npx simcity', `${process.execPath} ${process.cwd()}/cli/simcity.js`);
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], API_TOKEN: secret };
  const again = spawnSync('sh', ['-c', typed], { cwd: folder.path, env, encoding: 'utf8' });
  expect(again, again.stdout + again.stderr).toMatchObject({ status: 1 });
  expect(again.stdout).toContain(`reproduce: ${told}`);
  const own = ['--data-dir', `${folder.path}/data`];
  const bundle = await simcity(['forensic', 'latest', '--json', ...own], { cwd: folder.path });
  const events = await simcity(['events', 'latest', '--json', ...own], { cwd: folder.path });
  const { process: stored } = JSON.parse(bundle.stdout) as { process: { service: { command: string } } };
  expect(stored.service.command).toMatch(/^env API_TOKEN=\*\*\* /);
  expect(result.stdout + result.stderr + bundle.stdout + events.stdout).not.toContain(secret);
  // What is as usual is no part of the history.
  expect(events.stdout).toContain('"setupTimeoutSeconds":45');
  expect(events.stdout).not.toContain('"instances"');
});

it.each([
  [['--target', 'memory', '--rule', 'keys=no'], 'rules are what is promised by a service at a URL'],
  [['--target', 'http://127.0.0.1:1', '--rule', 'keys=maybe'], '"keys" takes yes or no.'],
  [['--target', 'http://127.0.0.1:1', '--rule', 'onePerCitzen=no'], 'Did you mean onePerCitizen?'],
  [
    ['--target', 'http://127.0.0.1:1', '--rule', 'cancelsBy=citizen', '--rule', 'onePerCitizen=no'],
    'cancelsBy=citizen needs onePerCitizen=yes or capacity=1',
  ],
  [['--target', 'http://127.0.0.1:1', '--target', 'memory'], 'one of the targets is no URL.'],
  [
    ['--target', 'http://127.0.0.1:1', '--instances', '2'],
    '--instances says how many processes --exec starts',
  ],
])('%j is refused before anything starts', async (flags, said) => {
  const data = `${folder.path}/never`;
  const result = await simcity(['run', ...flags, '--data-dir', data], { cwd: folder.path });
  expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
  expect(existsSync(data)).toBe(false);
});

it('leaves no service behind, and refuses a command without a URL', async () => {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports)
    expect(processes).not.toMatch(new RegExp(`booking-services/.* --port ${port}\\b`));
  expect(await simcity(['run', '--exec', 'true'], { cwd: folder.path })).toMatchObject({ exitCode: 2 });
});
