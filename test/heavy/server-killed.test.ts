/** kill -9 of the server and of the runner in the middle of a run, under the eyes of a watcher. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Run, runSchema } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, type TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';

const SIMCITY = `${process.cwd()}/cli/simcity.js`;

let folder: TestFolder;
let up: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = await folderWithCluster('data');
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  up = spawn(process.execPath, [SIMCITY, 'up', '--port', `${port}`, '--data-dir', `${folder.path}/data`], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SIMCITY_LEASE_SECONDS: '3' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [up.stdout, up.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  while (!(await answers())) {
    if (up.exitCode !== null) throw new Error(`simcity up ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

afterAll(async () => {
  const ended = once(up, 'close');
  up.kill('SIGTERM');
  await ended;
  await folder.remove();
});

async function answers(): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

/** The processes of `simcity up`, or those below `ancestor`, that run `dist/<part>.js`. */
async function pidsOf(part: string, ancestor = up.pid): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const text = async (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    if (!(await text('cmdline')).includes(`/dist/${part}.js`)) continue;
    if (await descendsFrom(Number(pid), ancestor ?? 0)) found.push(Number(pid));
  }
  return found;
}

async function descendsFrom(pid: number, ancestor: number): Promise<boolean> {
  for (let current = pid; current > 1; ) {
    if (current === ancestor) return true;
    const stat = await readFile(`/proc/${current}/stat`, 'utf8').catch(() => '');
    current = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  }
  return false;
}

/** Watches a run as `simcity watch --json` does; calls `at` once this many events have come. */
function watch(
  runId: string,
  events: number,
  at: () => void,
): Promise<{ indexes: number[]; exitCode: number }> {
  const child = spawn(process.execPath, [SIMCITY, 'watch', runId, '--json'], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SIMCITY_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const indexes: number[] = [];
  child.stderr.resume();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { frame, data } = JSON.parse(line);
    if (frame !== 'event') return;
    indexes.push(data.index);
    if (indexes.length === events) at();
  });
  return once(child, 'close').then(([exitCode]) => ({ indexes, exitCode }));
}

async function launched(...args: string[]): Promise<string> {
  const result = await simcity(['run', '--detach', ...args], world());
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

it.runIf(process.platform === 'linux')(
  'a run outlives its server, and the watcher misses nothing',
  async () => {
    const runId = await launched(
      '--target',
      'memory',
      '--seed',
      '5',
      '--rate',
      '800',
      '--operations',
      '2500',
    );
    const { indexes, exitCode } = await watch(runId, 500, async () => {
      for (const pid of await pidsOf('server')) process.kill(pid, 'SIGKILL');
    });
    expect(indexes).toEqual(upTo(indexes.length));
    expect(indexes.length).toBeGreaterThan(2_500);
    expect(exitCode).toBe(0);
  },
);

it.runIf(process.platform === 'linux')(
  'a run whose runner vanishes is executed again, the watcher sees each event once, and no process is left',
  async () => {
    const args = ['--target', 'memory', '--seed', '5', '--rate', '50', '--operations', '300'];
    const runId = await launched(...args);
    let harness: number[] = [];
    const { indexes, exitCode } = await watch(runId, 20, async () => {
      harness = await pidsOf('harness');
      for (const pid of await pidsOf('runner')) process.kill(pid, 'SIGKILL');
    });
    expect(harness).toHaveLength(1);
    expect(indexes).toEqual(upTo(indexes.length));
    expect(exitCode).toBe(0);
    const shown = await show(runId);
    expect(shown).toMatchObject({ status: 'PASS', lostAttempts: [{ attempt: 1 }] });
    expect(shown.lostAttempts[0]?.eventIndex).toBeGreaterThanOrEqual(19);
    expect(await pidsOf('harness')).toEqual([]);
  },
);

it.runIf(process.platform === 'linux')(
  'so is a run of a file of the user: the runner that was given it comes back under its name',
  async () => {
    await writeFile(`${folder.path}/service.mjs`, SERVICE);
    const args = ['--target', './service.mjs', '--faults', 'none', '--rate', '50', '--operations', '300'];
    const child = spawn(
      process.execPath,
      [SIMCITY, 'run', '--json', '--data-dir', `${folder.path}/data`, ...args],
      {
        cwd: folder.path,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SIMCITY_LEASE_SECONDS: '3' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    child.stderr.resume();
    const indexes: number[] = [];
    createInterface({ input: child.stdout }).on('line', async (line) => {
      const { frame, data } = JSON.parse(line);
      if (frame !== 'event') return;
      indexes.push(data.index);
      if (indexes.length !== 20) return;
      for (const pid of await pidsOf('runner', child.pid)) process.kill(pid, 'SIGKILL');
    });
    const [exitCode] = await once(child, 'close');
    expect(indexes).toEqual(upTo(indexes.length));
    expect(exitCode).toBe(1);
    const shown = await show('latest');
    // It shows nothing at rest: the run fails for what the service does, not for what became of its runner.
    expect(shown).toMatchObject({ status: 'FAIL', failForensic: { kind: 'audit' } });
    expect(shown.lostAttempts).toMatchObject([{ attempt: 1, runner: shown.runner }]);
  },
);

/** Right in all its answers, but that it shows an empty city at rest. */
const SERVICE = `import { MemoryBookingService } from ${JSON.stringify(resolve('runner/scenarios/bookings/services/memory.ts'))};
const right = new MemoryBookingService();
export default {
  prepare: (world) => right.prepare(world),
  handle: (call, clock) => right.handle(call, clock),
  inspect: () => [],
};`;

const world = () => ({ cwd: folder.path, env: { SIMCITY_URL: url } });

async function show(runId: string): Promise<Run> {
  const { stdout } = await simcity(['show', runId, '--json'], world());
  return runSchema.parse(JSON.parse(stdout));
}
