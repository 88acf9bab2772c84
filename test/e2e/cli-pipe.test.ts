/** In a pipe and in CI: the first line, silence, reports, and what GitHub Actions reads. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forensicSchema } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { endFrame, heartbeat, historyFrames, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
let env: Record<string, string>;
let folder: string;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
  env = { SIMCITY_URL: server.url };
  folder = mkdtempSync(join(tmpdir(), 'simcity-pipe-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the server has stored once the run is over. */
function store(status: 'PASS' | 'FAIL'): void {
  const end = endFrame(40, status).data;
  const { failure } = end;
  const failForensic =
    failure === null
      ? null
      : forensicSchema.parse({
          ...failure,
          version: 1,
          virtualMs: 300,
          operation: null,
          actual: 21,
          expected: 20,
          object: 'slot-003',
          history: [],
          lastEvents: [],
          city: null,
          difference: [],
          faultsActive: [],
          seed: 42,
          config: {},
          versions: {},
        });
  server.run = recordedRun({
    status,
    pass: status === 'PASS',
    durationSecondsActual: 12.408,
    failForensic,
    live: { ...recordedRun().live, status, eventIndex: 40 },
  });
}

function finish(status: 'PASS' | 'FAIL'): void {
  store(status);
  server.push(heartbeat(0), ...historyFrames(0, 40), endFrame(40, status));
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Prints the processor time that a process has taken when it writes to stdout for the first time, in ms. */
const METER = `const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (...args) => {
  const { user, system } = process.cpuUsage();
  process.stdout.write = write;
  process.stderr.write('METER ' + (user + system) / 1000 + '\\n');
  return write(...args);
};`;

describe('the first line', () => {
  test('comes before the server is asked, and takes little more than a bare Node takes to print one', async () => {
    finish('PASS');
    writeFileSync(join(folder, 'meter.mjs'), METER);
    // On a machine that is busy with other tests even the time of the processor grows, for both alike.
    const times = { bare: [] as number[], ours: [] as number[] };
    for (let i = 0; i < 6; i++) {
      times.bare.push(await firstLineCpuMs(['-e', "console.log('x')"]));
      times.ours.push(await firstLineCpuMs(['cli/simcity.js', 'run']));
    }
    expect(Math.min(...times.ours) / Math.min(...times.bare)).toBeLessThan(5);
  });

  function firstLineCpuMs(args: string[]): Promise<number> {
    const child = spawn(process.execPath, ['--import', join(folder, 'meter.mjs'), ...args], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    return new Promise((resolve) => {
      child.on('close', () => resolve(Number(/METER ([\d.]+)/.exec(stderr)?.[1])));
    });
  }
});

describe('silence', () => {
  test('is broken every few seconds, also while nothing comes at all', async () => {
    server.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      return true;
    };
    const { stdout } = await simcity(['watch'], {
      env,
      onStdout: (text, kill) => {
        if (text.split(' idle ').length > 2) kill('SIGINT');
      },
    });
    const times = stdout
      .split('\n')
      .filter((line) => line.includes(' idle '))
      .map((line) => Date.parse(line.split(' ')[0] ?? ''));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThan(6_000);
    expect(stdout).toMatch(/idle waiting for the server; nothing new for [45] s/);
  });

  test.each([
    ['PASS', 0],
    ['FAIL', 1],
  ] as const)('--quiet prints the verdict alone: %s', async (status, exitCode) => {
    finish(status);
    const result = await simcity(['run', '--quiet', '--reporter', 'json=r.json'], { env, cwd: folder });
    expect(result).toMatchObject({ exitCode, stderr: '' });
    expect(result.stdout).toMatch(new RegExp(`^${status}  bookings@postgres  seed 42  41 events[^\\n]*\\n$`));
    expect(JSON.parse(read('r.json'))).toMatchObject({ version: 2, verdict: { status } });
  });

  test('--json --quiet prints the end alone', async () => {
    finish('PASS');
    const { stdout, stderr } = await simcity(['watch', '--json', '--quiet'], { env });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ ...endFrame(40, 'PASS'), version: 2 });
  });
});

describe('reports', () => {
  test('are written at the end, several at once', async () => {
    finish('FAIL');
    const reporters = ['junit=out/r.xml', 'html=out/r.html', 'json'].flatMap((each) => ['--reporter', each]);
    const result = await simcity(['run', ...reporters, '--output', 'r.json'], { env, cwd: folder });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('the junit report is in out/r.xml');
    expect(read('out/r.xml')).toContain('failures="1"');
    expect(read('out/r.html')).toContain('What broke');
    expect(JSON.parse(read('r.json'))).toMatchObject({ verdict: { exitCode: 1 } });
  });

  test('on stdout stand alone there: the log goes to stderr', async () => {
    finish('PASS');
    const { stdout, stderr } = await simcity(['run', '--reporter', 'json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: { status: 'PASS' } });
    expect(stderr).toContain('PASS  bookings@postgres');
  });

  test('of a run that has ended are written again by report', async () => {
    store('FAIL');
    server.push(...historyFrames(0, 40));
    const { stdout, exitCode } = await simcity(['report', 'latest', '--reporter', 'junit'], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^<\?xml/);
    await simcity(['report', '--output', 'r.html'], { env, cwd: folder });
    expect(read('r.html')).toMatch(/^<!doctype html>/);
    server.run = recordedRun();
    const early = await simcity(['report'], { env });
    expect(early).toMatchObject({ exitCode: 2, stdout: '' });
    expect(early.stderr).toContain('has not ended');
  });

  test('of a run whose server was lost say so', async () => {
    server.script = ({ response }) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 'not_found', message: 'there is no such run' } }));
      return true;
    };
    const { exitCode } = await simcity(['run', '--reporter', 'junit=r.xml'], { env, cwd: folder });
    expect(exitCode).not.toBe(0);
    expect(read('r.xml')).toContain('<error message="there is no such run"');
  });

  test.each([
    [['--output', 'x'], '--output is for one --reporter'],
    [['--reporter', 'json', '--reporter', 'junit'], 'only one report can go to stdout'],
    [['--json', '--reporter', 'junit'], 'cannot both go to stdout'],
    [['--reporter', 'pdf'], 'It takes junit, json, html, github'],
    [['--quiet', '--log'], 'cannot be used with'],
  ])('run %j is refused', async (flags, said) => {
    const { exitCode, stderr, stdout } = await simcity(['run', ...flags], { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(said);
  });
});

describe('on GitHub Actions', () => {
  test('the log is a group, the failure an annotation, and the job has a summary', async () => {
    finish('FAIL');
    const actions = {
      ...env,
      GITHUB_ACTIONS: 'true',
      CI: 'true',
      GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    };
    const { stdout, exitCode } = await simcity(['run'], { env: actions });
    expect(exitCode).toBe(1);
    const lines = stdout.split('\n');
    const begin = lines.findIndex((line) => line.startsWith('::group::SimCity run #12 (0198c2d4'));
    const end = lines.indexOf('::endgroup::');
    expect(begin).toBeGreaterThan(0);
    expect(end).toBeGreaterThan(begin);
    expect(lines.findIndex((line) => line.startsWith('FAIL '))).toBeGreaterThan(end);
    expect(stdout).toMatch(
      /^::error title=SimCity FAIL%3A no-overbooking .*::Slot slot-003 holds 21 .*%0AReproduce: /m,
    );
    expect(read('summary.md')).toContain('SimCity FAIL: bookings on postgres, seed 42');
    // A second run of the job adds its own.
    await simcity(['watch', '--json'], { env: actions });
    expect(read('summary.md').split('SimCity FAIL').length).toBe(3);
  });
});

test('a reader that is slower than the command gets everything, to the last line', async () => {
  server.push(heartbeat(0), ...historyFrames(0, 1_000), endFrame(1_000, 'PASS'));
  // Reads so little at a time that much still waits when the command has come to its end.
  const shell = spawn(
    'sh',
    [
      '-c',
      `"$1" "$2" watch --json | dd bs=1 2>/dev/null`,
      'sh',
      process.execPath,
      `${process.cwd()}/cli/simcity.js`,
    ],
    {
      env: { ...process.env, ...env, SIMCITY_DATA_DIR: folder },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let text = '';
  shell.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  await new Promise((resolve) => shell.once('close', resolve));
  const frames = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(frames.filter(({ frame }) => frame === 'event')).toHaveLength(1_001);
  expect(frames.at(-1)).toMatchObject({ frame: 'end' });
});
