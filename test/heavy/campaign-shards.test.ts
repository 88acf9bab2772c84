/**
 * A campaign cut into shards, as the example of a workflow, the example of a Job and the launcher do it: each is executed
 * by its own words, and merged it finds what one process does.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApi } from '../../cli/client/api.ts';
import type { Finding } from '../../server/contract/index.ts';
import { tallyOfFinding } from '../helpers/campaign-findings.ts';
import { simcity } from '../helpers/cli-process.ts';
import { IndexedJobStandIn } from '../helpers/indexed-job-api.ts';
import { startUp } from '../helpers/up.ts';

const SEEDS = '1..50,100..119';
/** What the examples leave to the environment. */
const SETTINGS = { SIMCITY_BUG: 'check-then-insert', SIMCITY_OPERATIONS: '60' };
const folder = mkdtempSync(join(tmpdir(), 'simcity-shards-'));
const environment = { PATH: process.env['PATH'], HOME: folder, CI: '', ...SETTINGS };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is found, without how long it took, how it was cut, and what comes of recording it. */
function foundIn(json: string): unknown {
  const { failures, reached, operations, seedsThrough, seedsTotal, seedsFailing, proved } = JSON.parse(json);
  const found = (failures as Finding[]).map(tallyOfFinding);
  return { found, reached, operations, seedsThrough, seedsTotal, seedsFailing, proved };
}

let one: unknown;
beforeAll(async () => {
  const whole = ['campaign', '--seeds', SEEDS, '--no-record', '--json'];
  const { stdout, exitCode } = await simcity(whole, { cwd: folder, env: SETTINGS });
  expect(exitCode).toBe(1);
  one = foundIn(stdout);
  expect(one).toMatchObject({ seedsThrough: 70, seedsTotal: 70 });
  expect((one as { found: unknown[] }).found.length).toBeGreaterThan(2);
});

interface Ended {
  exitCode: number;
  stdout: string;
}

function execute(
  file: string,
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  stdin = '',
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd, env, maxBuffer: 1e8 }, (error, stdout) =>
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout }),
    );
    child.stdin?.end(stdin);
  });
}

interface Workflow {
  jobs: Record<string, { strategy?: { matrix: { shard: number[] } }; steps: { run?: string }[] }>;
}

it('the matrix of the workflow', async () => {
  const cwd = join(folder, 'repository');
  mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true });
  const bin = join(cwd, 'node_modules/.bin/simcity');
  writeFileSync(bin, `#!/bin/sh\nexec '${process.execPath}' '${process.cwd()}/cli/simcity.js' "$@"\n`);
  chmodSync(bin, 0o755);
  const { jobs } = parse(readFileSync('.deploy/github/campaign.yml', 'utf8')) as Workflow;
  const commandsOf = (name: string) =>
    jobs[name]?.steps.flatMap(({ run }) => (run === undefined || run === 'npm ci' ? [] : [run])) ?? [];
  const numbers = jobs['shard']?.strategy?.matrix.shard ?? [];
  expect(numbers).toEqual([1, 2, 3, 4]);
  const bash = (script: string) =>
    execute('bash', ['-eo', 'pipefail', '-c', script], cwd, { ...environment, SEEDS });
  for (const number of numbers) {
    for (const command of commandsOf('shard')) {
      const script = command
        .replaceAll(/\$\{\{ matrix\.shard \}\}/g, String(number))
        .replaceAll(/\$\{\{ strategy\.job-total \}\}/g, String(numbers.length));
      expect(await bash(script), script).toEqual({ exitCode: 0, stdout: '' });
    }
  }
  const [merge = ''] = commandsOf('merge');
  const told = await bash(merge);
  expect(told).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('70 seeds (1..50,100..119)'),
  });
  expect(foundIn((await bash(`${merge} --json`)).stdout)).toEqual(one);
  const known = await bash(`${merge} --name all >all.txt || npx simcity campaign baseline all >known.json`);
  expect(known.exitCode).toBe(0);
  expect((await bash(`${merge} --baseline known.json`)).exitCode, 'all of it is known').toBe(0);
  rmSync(join(cwd, 'shard-2.json'));
  const kept = await bash(`${merge} --name night`);
  expect(kept).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('shard 2 of 4 is missing') });
  const goesOn = await bash('npx simcity campaign --resume night --no-record --json');
  expect(foundIn(goesOn.stdout), 'what was missing is executed').toEqual(one);
});

it('the Indexed Job of the manifest', async () => {
  const { spec } = parse(readFileSync('.deploy/kubernetes/campaign.example.yaml', 'utf8'));
  const [, ...words] = spec.template.spec.containers[0].args as string[];
  words[words.indexOf('--seeds') + 1] = SEEDS;
  const executed = async (index: number) => {
    const env = { ...SETTINGS, JOB_COMPLETION_INDEX: String(index) };
    const { exitCode, stdout, stderr } = await simcity(words, { cwd: folder, env });
    expect(exitCode, stderr).toBe(0);
    return `${stderr}${stdout}`;
  };
  let logs = '';
  for (let index = 0; index < spec.completions; index += 2)
    logs += (await Promise.all([executed(index), executed(index + 1)])).join('');
  const merge = [`${process.cwd()}/cli/simcity.js`, 'campaign', 'merge', '-', '--json'];
  const { stdout, exitCode } = await execute(process.execPath, merge, folder, environment, logs);
  expect(exitCode).toBe(1);
  expect(foundIn(stdout)).toEqual(one);
});

it('the launcher', async () => {
  const api = await new IndexedJobStandIn().listen(0);
  try {
    writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig);
    const words = [
      'campaign',
      '--seeds',
      SEEDS,
      '--launcher',
      'kubernetes',
      '--shards',
      '5',
      '--parallel',
      '2',
    ];
    const env = { ...SETTINGS, KUBECONFIG: join(folder, 'kubeconfig') };
    const { stdout, stderr, exitCode } = await simcity([...words, '--json'], { cwd: folder, env });
    expect(exitCode, stderr).toBe(1);
    expect(foundIn(stdout)).toEqual(one);
  } finally {
    await api.close();
  }
});

it('the pods of a campaign of a server, which are its claimants', async () => {
  const api = await new IndexedJobStandIn().listen(0);
  const up = await startUp();
  try {
    writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig);
    api.secrets = { farm: { SIMCITY_URL: up.url } };
    // What the host of the server does not have: the launcher and its pods work for it alone.
    const words = ['campaign', '--seeds', '1..400', '--label', 'farm', '--no-record', '--json'];
    const alone = await simcity(words.toSpliced(3, 2), { cwd: folder, env: SETTINGS });
    const env = { ...SETTINGS, KUBECONFIG: join(folder, 'kubeconfig'), SIMCITY_URL: up.url };
    const launch = [...words, '--name', 'night', '--launcher', 'kubernetes', '--parallel', '3'];
    const refused = await simcity(launch, { cwd: folder, env });
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('pods cannot reach the server'),
    });
    const { stdout, stderr, exitCode } = await simcity(launch, {
      cwd: folder,
      env: { ...env, SIMCITY_POD_SECRET: 'farm' },
    });
    expect(exitCode, stderr).toBe(1);
    expect(foundIn(stdout)).toEqual(foundIn(alone.stdout));
    const server = createApi({ url: up.url, token: undefined });
    const { shards } = await server.shards('night', {});
    const byPods = shards.filter(({ runner }) =>
      api.pods.some(({ process: { pid } }) => runner.includes(`-${pid}-`)),
    );
    expect(byPods.length, JSON.stringify(shards)).toBeGreaterThan(0);
    expect(api.job, 'it goes with the campaign').toBe(null);

    const endless = ['campaign', '--for', '8h', '--launcher', 'kubernetes', '--log', '--name'];
    let isTold = false;
    const onStderr = (text: string, kill: (signal: NodeJS.Signals) => void) => {
      if (isTold || !text.includes('campaign left:')) return;
      isTold = true;
      kill('SIGINT');
    };
    const state = async (name: string) => (await server.campaign(name))?.state;
    const withSecret = { cwd: folder, env: { ...env, SIMCITY_POD_SECRET: 'farm' } };
    expect((await simcity([...endless, 'left'], { ...withSecret, onStderr })).exitCode).toBe(130);
    await expect.poll(() => state('left'), { timeout: 60_000 }).toBe('stopped');
    expect(api.job, 'and with whoever started it').toBe(null);
    api.refusal = [403, 'jobs.batch is forbidden'];
    expect((await simcity([...endless, 'refused'], withSecret)).exitCode).toBe(4);
    await expect
      .poll(() => state('refused'), { message: 'nobody was to execute it', timeout: 60_000 })
      .toBe('stopped');
  } finally {
    await up.down();
    await api.close();
  }
});
