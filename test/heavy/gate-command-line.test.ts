/** A service of the user's own behind the gate, from the line that a person types to the smallest reproduction. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, type TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { surveyed } from '../helpers/surveyed-service.ts';

let folder: TestFolder;
let url: string;
beforeAll(async () => {
  folder = await folderWithCluster('data');
  url = `http://127.0.0.1:${await freePort()}`;
});
afterAll(async () => {
  await folder.remove();
});

const SERVICE = `${process.execPath} ${process.cwd()}/test/fixtures/gate-services/tickets.ts`;
const BUGGY = `${SERVICE} --bug check-then-insert`;

const here = (args: string[]) =>
  simcity([...args, '--data-dir', `${folder.path}/data`], { cwd: folder.path });
const gated = (exec: string, ...more: string[]) => ['--target', url, '--exec', exec, '--gate', ...more];

describe('a service with a race', () => {
  let told = '';

  it('is surveyed, fails, and is proved to fail so each time', async () => {
    const run = await here(['run', '--log', '--seed', '7', ...gated(BUGGY)]);
    expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 1 });
    expect(run.stderr).toContain('simcity: surveying the service behind the gate');
    expect(run.stderr).toMatch(/each execution: the service .*; (\d) of \1 trials were identical/);
    expect(run.stderr).toMatch(/settled: .*its pool has 6 connections/);
    expect(run.stdout).toMatch(/ gate event=2 service=(keep|restart); settle=\w+; pool=6; /);
    expect(run.stdout).toMatch(/^ {2}replayed 5 of 5 times, identical \(trace [0-9a-f]{8}…/m);
    told = /reproduce: (.*)/.exec(run.stdout)?.[1] ?? '';
    expect(told).toMatch(/--gate-service (keep|restart) .*--gate-pool 6 --exec '.*' --gate$/);
  });

  it('is the same when it is executed again, by its run and by its command', async () => {
    const verified = await here(['replay', 'latest', '--verify']);
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 });
    expect(verified.stdout).toMatch(/^identical, \d+ events \(seed 7/);
    const first = JSON.parse((await here(['show', 'latest', '--json'])).stdout) as { id: string };
    const typed = told.replace('npx simcity', `${process.execPath} ${process.cwd()}/cli/simcity.js`);
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      SIMCITY_DATA_DIR: `${folder.path}/data`,
    };
    const again = spawnSync('sh', ['-c', typed], { cwd: folder.path, env, encoding: 'utf8' });
    expect(again, again.stdout + again.stderr).toMatchObject({ status: 1 });
    // All that a survey finds out was typed.
    expect(again.stderr).not.toContain('surveying');
    const diff = await here(['diff', first.id, 'latest']);
    expect(diff, diff.stdout + diff.stderr).toMatchObject({ exitCode: 0 });
  });

  it('is made small, to a few requests that fail so each time', async () => {
    const shrunk = await here(['shrink', 'latest', '--max-time', '3m', '--json']);
    expect(shrunk, shrunk.stdout + shrunk.stderr).toMatchObject({ exitCode: 0 });
    const smallest = JSON.parse(shrunk.stdout) as {
      operations: number;
      reproduce: string;
      reproduced: { times: number; of: number };
    };
    expect(smallest.operations).toBeLessThanOrEqual(4);
    expect(smallest.reproduced.times).toBe(smallest.reproduced.of);
    expect(smallest.reproduce).toMatch(/--reduction .*--exec '.*' --gate$/);
  });
});

it('a right service passes, and what was not tested is told', async () => {
  const settings = surveyed('restart');
  const run = await here([
    'run',
    '--log',
    '--operations',
    '150',
    ...settings,
    ...gated(SERVICE, '--prove', '1'),
  ]);
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 0 });
  expect(run.stdout).toContain('not tested: clock-skew');
  expect(run.stdout).toMatch(/replayed 1 of 1 times, identical/);
});

it('a campaign finds it, tells the share, and keeps what starts the service here', async () => {
  const settings = [...surveyed('keep'), '--operations', '200'];
  const hunt = [
    'campaign',
    '--name',
    'tickets',
    '--seeds',
    '1..3',
    '--parallel',
    '1',
    '--no-record',
    ...settings,
  ];
  const found = await here([...hunt, ...gated(BUGGY)]);
  expect(found, found.stdout + found.stderr).toMatchObject({ exitCode: 1 });
  expect(found.stdout).toMatch(/(\d) of \1 failing seeds? executed twice, identical/);
  const resumed = await here(['campaign', '--resume', 'tickets', '--no-record', '--seeds', '4']);
  expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({ exitCode: 1 });
  // A copy of its checkpoint executes nothing.
  const campaigns = join(folder.path, 'data', 'campaigns');
  expect(readdirSync(campaigns)).toEqual(['tickets.json']);
  const text = readFileSync(join(campaigns, 'tickets.json'), 'utf8');
  writeFileSync(join(campaigns, 'copied.json'), text, { mode: 0o600 });
  const copied = await here(['campaign', '--resume', 'copied']);
  expect(copied).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('was not written here') });
});

it('a service that does not speak to the gate is told what to set, and nothing is launched', async () => {
  const before = (await here(['runs', '--json'])).stdout;
  const exec = `env DATABASE_URL=postgres://nobody@127.0.0.1:1/none ${SERVICE}`;
  const run = await here(['run', '--log', ...gated(exec)]);
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 2 });
  expect(run.stderr).toContain('Nothing was launched.');
  expect((await here(['runs', '--json'])).stdout).toBe(before);
});
