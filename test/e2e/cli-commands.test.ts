import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { type FakeServer, startFakeServer, startStream, writeFrame } from '../helpers/fake-server.ts';
import {
  adapterDiagnosis,
  diagnosedEnd,
  diagnosedRun,
  lostAttempt,
  recordedDiagnosis,
  recordedForensic,
} from '../helpers/recorded-failure.ts';
import { endFrame, heartbeat, historyFrames, RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
let env: Record<string, string>;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
  env = { SIMCITY_URL: server.url };
});
afterEach(() => server.close());

const history = [heartbeat(0), ...historyFrames(0, 40)];

describe('run without a terminal', () => {
  test('prints dated lines, the verdict and its exit code', async () => {
    server.push(...history, endFrame(40, 'PASS'));
    const { exitCode, stdout } = await simcity(['run', '--seed', '42'], { env });
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^20\S+Z simcity \S+ bookings on postgres, seed 42$/);
    expect(lines[1]).toMatch(/^2025-11-22T\S+Z run #12 \(0198c2d4/);
    expect(lines[2]).toContain('seed=42');
    expect(stdout).toContain('PASS  bookings@postgres  seed 42  41 events in 12.4 s');
    expect(stdout).not.toContain('\u001b');
  });

  test.each([
    ['FAIL', 1],
    ['STOPPED', 3],
  ] as const)('%s is exit code %i', async (status, code) => {
    server.push(...history, endFrame(40, status));
    expect((await simcity(['run'], { env })).exitCode).toBe(code);
  });

  test('sends what the flags say, and chooses a seed when none is given', async () => {
    server.push(...history, endFrame(40, 'PASS'));
    const flags = [
      '--operations',
      '50',
      '--fault',
      'delay=0.5',
      '--bug',
      'close-race',
      '--threshold',
      'ok>1',
    ];
    await simcity(['run', '--target', 'memory', ...flags], { env });
    expect(server.bodies[0]).toEqual({
      scenario: 'bookings',
      target: 'memory',
      seed: expect.any(Number),
      config: { operations: 50, faultRates: { delay: 0.5 }, bug: 'close-race', thresholds: ['ok>1'] },
    });
  });

  test('--json prints each frame on a line, with the end last, and nothing else on stdout', async () => {
    server.push(...history, endFrame(40, 'PASS'));
    const { stdout, stderr } = await simcity(['run', '--json'], { env });
    const frames = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames[0]).toEqual({ ...history[0], version: 2 });
    expect(frames.slice(1)).toEqual([...history.slice(1), endFrame(40, 'PASS')]);
    expect(stderr).toContain('seed 42');
  });

  test('a reader that goes away is no error', async () => {
    server.push(...historyFrames(0, 20_000), endFrame(20_000, 'PASS'));
    const { spawn } = await import('node:child_process');
    const command = `"${process.execPath}" cli/simcity.js run --json | head -n 3`;
    const child = spawn('bash', ['-c', `set -o pipefail; ${command}`], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });

  test('the first Ctrl-C stops the run and goes on to its end', async () => {
    server.push(...history);
    void server.next(/\/stop$/).then(() => server.push(endFrame(40, 'STOPPED')));
    let killed = false;
    const { exitCode, stderr, stdout } = await simcity(['run'], {
      env,
      onStdout: (text, kill) => {
        if (killed || !text.includes('fault')) return;
        killed = true;
        kill('SIGINT');
      },
    });
    expect(stderr).toContain('Ctrl-C again leaves at once');
    expect(stdout).toContain('STOPPED');
    expect(exitCode).toBe(3);
  });

  test('the second Ctrl-C leaves at once, with 130', async () => {
    server.push(...history);
    let signals = 0;
    const { exitCode } = await simcity(['run'], {
      env,
      onStdout: (text, kill) => {
        if (signals > 0 || !text.includes('fault')) return;
        signals = 1;
        kill('SIGINT');
        void server.next(/\/stop$/).then(() => kill('SIGINT'));
      },
    });
    expect(exitCode).toBe(130);
  });

  test('--detach prints the id and leaves', async () => {
    expect(await simcity(['run', '--detach'], { env })).toMatchObject({ exitCode: 0, stdout: `${RUN_ID}\n` });
  });
});

describe('a run that says nothing about the service', () => {
  const live = { ...recordedRun().live, status: 'STOPPED', eventIndex: 40 } as const;
  const lostAttempts = [lostAttempt(1, 20), lostAttempt(2, 40)];
  const lost = diagnosedRun(recordedDiagnosis(), { live, lostAttempts });
  const adapter = diagnosedRun(adapterDiagnosis(), { live });
  const ends = [
    ['LOST', 4, lost],
    ['ADAPTER ERROR', 2, adapter],
  ] as const;

  test.each(ends)('%s is exit code %i, in every way of showing it', async (outcome, code, run) => {
    server.push(...history, diagnosedEnd(run));
    server.run = run;
    const { exitCode, stdout } = await simcity(['run'], { env });
    expect(exitCode).toBe(code);
    expect(stdout).toContain(`\n${outcome}  bookings@postgres  seed 42  `);
    expect(stdout).toContain('This says nothing about the service under test.');
    expect(stdout).not.toContain('FAIL');
    expect(await simcity(['watch', '--quiet'], { env })).toMatchObject({
      exitCode: code,
      stdout: expect.stringMatching(new RegExp(`^${outcome}  [^\\n]*  ${run.stopReason}\\n$`)),
    });
    const json = await simcity(['watch', '--json', '--quiet'], { env });
    expect(json.exitCode).toBe(code);
    expect(JSON.parse(json.stdout)).toEqual({ ...diagnosedEnd(run), version: 2 });
    expect(JSON.parse(json.stdout).data).toMatchObject({ status: 'STOPPED', pass: null });
    const plain = await simcity(['watch', '--plain'], { env });
    expect(plain).toMatchObject({ exitCode: code, stdout: expect.stringContaining('What went wrong: ') });
  });

  test.each(ends)('%s is told by runs, show and forensic', async (outcome, _, run) => {
    server.run = run;
    const { kind, message } = run.failForensic ?? recordedDiagnosis();
    expect((await simcity(['runs'], { env })).stdout).toMatch(
      new RegExp(`  ${outcome} .*  ${kind}  +${RUN_ID}\n`),
    );
    const show = (await simcity(['show'], { env })).stdout;
    expect(show).toMatch(new RegExp(`^  status +${outcome}$`, 'm'));
    expect(show).toContain(message);
    const forensic = (await simcity(['forensic'], { env })).stdout;
    expect(forensic).toContain(`${outcome}  ${kind}\n${message}\n`);
    expect(forensic).not.toMatch(/Expected|Actual|FAIL|Reproduce/);
    expect(JSON.parse((await simcity(['forensic', '--json'], { env })).stdout)).toEqual(run.failForensic);
  });

  test.each([
    [['replay', 'latest', '--verify'], 'verify'],
    [['shrink', 'latest'], 'shrink'],
    [['explain', 'latest'], 'explain'],
  ])('%j is refused with a sentence', async (args, what) => {
    for (const [outcome, , run] of ends) {
      server.run = run;
      const { exitCode, stderr, stdout } = await simcity(args, { env });
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toBe(
        `simcity: run #12 ended as ${outcome} (${run.stopReason}): there is nothing to ${what}.\n` +
          `  \`simcity forensic 12\` says what is known.\n`,
      );
    }
  });

  test('what ended its own harness has failed, and has nothing to shrink', async () => {
    const failForensic = recordedForensic({ kind: 'harness-crash', eventIndex: null });
    server.run = recordedRun({ status: 'FAIL', pass: false, failForensic });
    const { exitCode, stderr } = await simcity(['shrink', 'latest'], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'broke off (harness-crash) before anything was found: there is nothing to shrink.',
    );
    expect((await simcity(['runs'], { env })).stdout).toContain('  FAIL ');
  });

  test('colours warn, and are red for a FAIL alone', async () => {
    const colored = { ...env, FORCE_COLOR: '1' };
    server.run = lost;
    for (const args of [['runs'], ['show'], ['forensic']]) {
      const { stdout } = await simcity(args, { env: colored });
      expect(stdout).toMatch(/\u001b\[33mLOST\u001b\[39m/);
      expect(stdout).not.toContain('\u001b[31m');
    }
  });
});

describe('a run that was executed again', () => {
  const attempts = { lostAttempts: [lostAttempt(1, 40)] };

  test('is waited for in words, and told quietly at its end', async () => {
    server.push(...history, heartbeat(40));
    server.run = recordedRun({ status: 'QUEUED', ...attempts });
    let isAgain = false;
    const { exitCode, stdout } = await simcity(['watch'], {
      env,
      onStdout: (text) => {
        if (!isAgain && text.includes('progress')) {
          isAgain = true;
          server.push(heartbeat(40, 'QUEUED'), heartbeat(40, 'QUEUED'));
        } else if (text.includes('again') && server.run.status === 'QUEUED') {
          server.run = recordedRun({ status: 'PASS', pass: true, ...attempts });
          server.push(heartbeat(40), ...historyFrames(41, 60), endFrame(60, 'PASS'));
        }
      },
    });
    expect(exitCode).toBe(0);
    const waits = stdout.split('\n').filter((line) => line.includes('queued'));
    expect(waits).toEqual([
      expect.stringMatching(/Z queued waiting to be executed again \(attempt 2 of 3\)$/),
    ]);
    expect(stdout).toContain('\n  attempt 2 (the first was lost at event 40: harness-lost)\n');
  });

  test('says so in show, also while it waits', async () => {
    const live = { ...recordedRun().live, status: 'QUEUED', eventIndex: 40 } as const;
    server.run = recordedRun({ status: 'QUEUED', live, ...attempts });
    const { stdout } = await simcity(['show'], { env });
    expect(stdout).toMatch(/^ {2}status +QUEUED, waiting to be executed again \(attempt 2 of 3\)$/m);
    expect(stdout).toMatch(/^ {2}attempts +attempt 2 \(the first was lost at event 40: harness-lost\)$/m);
  });

  test('is told at its end although the server no longer answers', async () => {
    server.script = ({ response }) => {
      startStream(response);
      for (const frame of [...history, endFrame(40, 'PASS')]) writeFrame(response, frame);
      response.end();
      void server.listenAt(0);
      return true;
    };
    const { exitCode, stdout } = await simcity(['watch'], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('PASS  bookings@postgres');
  });
});

describe('watch', () => {
  test('Ctrl-C only leaves', async () => {
    server.push(...history);
    const { exitCode } = await simcity(['watch'], {
      env,
      onStdout: (text, kill) => {
        if (text.includes('fault')) kill('SIGINT');
      },
    });
    expect(exitCode).toBe(130);
    expect(server.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  test('goes on through a cut, without a gap', async () => {
    server.push(...history);
    let cut = false;
    const { stdout, stderr } = await simcity(['watch', '--json'], {
      env,
      onStdout: (text) => {
        if (cut || !text.includes('"index":40')) return;
        cut = true;
        server.cut();
        server.push(...historyFrames(41, 60), endFrame(60, 'PASS'));
      },
    });
    const indexes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ frame }) => frame === 'event')
      .map(({ data }) => data.index);
    expect(indexes).toEqual(Array.from({ length: 61 }, (_, i) => i));
    expect(stderr).toContain('reconnecting');
  });
});

describe('reading', () => {
  test('runs lists them, also as JSON', async () => {
    const { stdout } = await simcity(['runs'], { env });
    expect(stdout).toMatch(/^RUN +STATUS +SCENARIO/);
    expect(stdout).toContain(RUN_ID);
    const json = await simcity(['runs', '--json'], { env });
    expect(JSON.parse(json.stdout)).toEqual(recordedRun());
  });

  test('show tells the settings', async () => {
    const { stdout } = await simcity(['show'], { env });
    expect(stdout).toContain('snapshot-every  10');
  });

  test('events come in order, over several pages, from where they are asked', async () => {
    server.push(...historyFrames(0, 2_500));
    const { stdout } = await simcity(['events', '--from', '5', '--json'], { env });
    const indexes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).index);
    expect(indexes).toEqual(Array.from({ length: 2_496 }, (_, i) => i + 5));
    const limited = await simcity(['events', '--limit', '3'], { env });
    expect(limited.stdout.split('\n').slice(0, 2)).toEqual([
      '      0  00:00.000  start             city                      seed=42',
      '      1  00:00.008  cancel.invoke     citizen-017    slot-005',
    ]);
  });

  test('forensic of a run without a failure is wrong usage', async () => {
    const { exitCode, stderr } = await simcity(['forensic'], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('has no failure');
  });

  test('stop asks the server', async () => {
    const { exitCode } = await simcity(['stop', 'latest', '--reason', 'enough'], { env });
    expect(exitCode).toBe(0);
    expect(server.bodies).toEqual([{ reason: 'enough' }]);
    expect(server.requests).toEqual(['POST /runs/latest/stop']);
  });
});
