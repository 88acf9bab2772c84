/** What the operating system refuses a command: each ends with a sentence or does without, never with a stack. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { diagnosedRun, recordedDiagnosis } from '../helpers/recorded-failure.ts';
import { endFrame, historyFrames } from '../helpers/recorded-run.ts';

let server: FakeServer;
let folder: string;

beforeEach(async () => {
  server = await startFakeServer(diagnosedRun(recordedDiagnosis()));
  server.push(...historyFrames(0, 40), endFrame(40, 'STOPPED'));
  folder = mkdtempSync(join(tmpdir(), 'simcity-refusals-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  exitCode: number | null;
  stderr: string;
}

/** Has bash execute `script`, in which `"$@"` is the command; `url` null: the command hosts its own. */
function execute(script: string, command: string, url: string | null = server.url): Promise<Outcome> {
  const simcity = join(process.cwd(), 'cli/simcity.js');
  const args = ['-c', `set -o pipefail; ${script}`, 'bash', process.execPath, simcity, ...command.split(' ')];
  const place = url === null ? { SIMCITY_DATA_DIR: join(folder, 'data') } : { SIMCITY_URL: url };
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...place };
  const child = spawn('bash', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.resume();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, stderr })));
}

const COMMANDS = [
  'run',
  'watch latest',
  'runs',
  'show latest',
  'events latest',
  'forensic latest',
  'report latest --reporter html',
  'list bugs',
  'doctor',
  'init city',
  '--help',
  '--version',
];
/** Its verdict is one of the machine, which a limit of this test is part of. */
const JUDGES = new Set(['run', 'watch latest', 'doctor']);
/** What needs no working directory. */
const PLACELESS = new Set(['list bugs', '--help', '--version']);
/** Below, it tries for a minute to follow what it has launched. */
const LIMITS: Record<string, number[]> = { run: [40] };
const STACK = /^\s+at |node:internal|an error inside SimCity/m;

const FULL = /^simcity: there is no space left where the output goes\.\n {2}Make room/m;
const GONE = /^simcity: the working directory is gone\.\n {2}Change to one that exists/m;

test.each(COMMANDS)('%s', async (command) => {
  const whole = await execute('"$@"', command);
  expect(whole.stderr).not.toMatch(STACK);

  const full = await execute('"$@" >/dev/full', command);
  expect(full, 'a disk that is full').toMatchObject({ exitCode: 4, stderr: expect.stringMatching(FULL) });
  expect(full.stderr).not.toMatch(STACK);

  for (const pipe of ['"$@" | head -n 1', '"$@" | true', '"$@" >&-', '"$@" 2>&-', '"$@" 2>/dev/full']) {
    const { exitCode, stderr } = await execute(pipe, command);
    expect([whole.exitCode, 0], pipe).toContain(exitCode);
    expect(stderr, pipe).not.toMatch(/EPIPE/);
    expect(stderr, pipe).not.toMatch(STACK);
  }

  const gone = await execute('mkdir gone && cd gone && rmdir ../gone && "$@"', command);
  if (PLACELESS.has(command)) expect(gone).toEqual(whole);
  else expect(gone, 'no directory').toMatchObject({ exitCode: 4, stderr: expect.stringMatching(GONE) });

  for (const limit of LIMITS[command] ?? [22, 24, 40]) {
    const { exitCode, stderr } = await execute(`ulimit -n ${limit}; "$@"`, command);
    expect(stderr, `${limit} descriptors`).not.toMatch(STACK);
    if (exitCode !== whole.exitCode && !JUDGES.has(command)) {
      expect(stderr, `${limit} descriptors`).toMatch(/^simcity: there are too few file descriptors/m);
    }
  }
});

const HOSTS = [
  'run --target memory --operations 20',
  'campaign --target memory --seeds 1 --operations 20',
  'serve --port 0',
  'up --port 0',
];

test.each(HOSTS)('%s, which hosts what it needs', async (command) => {
  const full = await execute('"$@" >/dev/full', command, null);
  expect(full, 'a disk that is full').toMatchObject({ exitCode: 4, stderr: expect.stringMatching(FULL) });
  const gone = await execute('mkdir gone && cd gone && rmdir ../gone && "$@"', command, null);
  expect(gone, 'no directory').toMatchObject({ exitCode: 4, stderr: expect.stringMatching(GONE) });
  // Of a few more PostgreSQL alone has too few.
  for (const limit of command.startsWith('campaign') ? [22] : [22, 40]) {
    const few = await execute(`ulimit -n ${limit}; "$@"`, command, null);
    expect(few.exitCode, `${limit} descriptors`).toBe(4);
    expect(few.stderr, `${limit} descriptors`).toContain('there are too few file descriptors');
    expect(few.stderr, `${limit} descriptors`).not.toMatch(STACK);
  }
});

test('a run goes on when its working directory is removed', async () => {
  const script = `mkdir gone && cd gone && "$@" | { while read -r line; do rmdir ../gone 2>/dev/null || true; done; }`;
  const command = 'run --target postgres --operations 20 --rate 10';
  expect(await execute(script, command, null)).toMatchObject({ exitCode: 0 });
});
