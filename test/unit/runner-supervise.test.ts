/** The supervisor's judgements, without processes: progress, outcomes, settings, and the tail of an output. */
import { expect, test } from 'vitest';
import { RunnerConfigError, readRunnerConfig } from '../../runner/config.ts';
import type { ChildExit } from '../../runner/launch/harness-child.ts';
import { OutputTail } from '../../runner/launch/output-tail.ts';
import { endingOf, type Interventions } from '../../runner/supervise/outcome.ts';
import { Progress } from '../../runner/supervise/progress.ts';
import {
  createRedactor,
  ENGINE_GENERATION,
  forensicSchema,
  runConfigSchema,
} from '../../server/contract/index.ts';

const run = {
  id: '0198c2a0-0000-7000-8000-000000000000',
  scenario: 'bookings',
  target: 'memory',
  seed: 7,
  config: runConfigSchema.parse({}),
  fence: '1',
  generation: ENGINE_GENERATION,
};

function ending(exit: Partial<ChildExit>, interventions: Partial<Interventions> = {}) {
  return endingOf({
    run,
    exit: { code: null, signal: null, spawnError: null, stdout: [], stderr: [], droppedBytes: 0, ...exit },
    interventions: {
      stopRequested: false,
      stopReason: null,
      terminated: false,
      killed: false,
      timeout: null,
      ...interventions,
    },
    lastEvents: [],
    redactor: createRedactor(['the-token']),
  });
}

test('a harness that stops by force after a request ends STOPPED', () => {
  const stopped = { stopRequested: true, stopReason: 'enough', killed: true };
  expect(ending({ signal: 'SIGKILL' }, stopped)).toEqual({
    status: 'STOPPED',
    reason: 'enough',
    forensic: null,
  });
});

test('a harness that crashes after a stop was requested has crashed', () => {
  expect(ending({ code: 1 }, { stopRequested: true })).toMatchObject({ forensic: { kind: 'harness-crash' } });
});

test('a harness that was given up fails as timeout, with the reason', () => {
  const { status, forensic } = ending({ signal: 'SIGKILL' }, { killed: true, timeout: 'It hung.' });
  expect({ status, forensic }).toMatchObject({
    status: 'FAIL',
    forensic: { kind: 'timeout', message: 'It hung.' },
  });
});

test('a harness that could not be started, or left without a verdict, is a crash', () => {
  expect(ending({ spawnError: 'spawn ENOENT' }).reason).toBe(
    'The harness could not be started: spawn ENOENT.',
  );
  expect(ending({ code: 0 }).reason).toBe('The harness exited with code 0 before it reported a verdict.');
});

test('of a dump of Node itself the line of the error is told', () => {
  const stderr = [
    'node:internal/modules:272',
    '    throw new X',
    'Error [X]: no module',
    '    at y',
    '}',
    'Node.js v24',
  ];
  expect(ending({ code: 1, stderr }).reason).toMatch(/off: Error \[X\]: no module$/);
});

test('the bundle has the shape of the contract, without tokens, credentials or unstorable text', () => {
  const stderr = ['the-token', 'https://u:p@h/', '\u0000\ud800', JSON.stringify({ message: 'broke' })];
  const { forensic } = ending({ code: 1, stderr });
  expect(forensicSchema.parse(forensic)).toEqual(forensic);
  expect(forensic?.versions).toMatchObject({ generation: String(ENGINE_GENERATION) });
  expect(forensic?.message).toBe('The run broke off: broke');
  expect(forensic?.process).toMatchObject({
    stderr: ['***', 'https://***@h/', '␀\ufffd', '{"message":"broke"}'],
  });
});

test('a harness is given up after a minute without a sign of life', () => {
  const progress = new Progress({ durationSeconds: null, rate: null });
  expect(progress.tick(59)).toBeNull();
  progress.heard({ taken: 0, waiting: false });
  expect(progress.tick(59)).toBeNull();
  expect(progress.tick(1)).toContain('no sign of life for 60 s');
});

test('a run that lives without progress is given up, unless it waits for the server or is slow on purpose', () => {
  const stalledAfter = (rate: number | null, waiting: boolean) => {
    const progress = new Progress({ durationSeconds: null, rate });
    for (let seconds = 1; seconds <= 20_000; seconds += 1) {
      progress.heard({ taken: 5, waiting });
      if (progress.tick(1)) return seconds;
    }
    return null;
  };
  expect(stalledAfter(null, false)).toBe(300);
  expect(stalledAfter(0.001, false)).toBe(10_000);
  expect(stalledAfter(null, true)).toBeNull();
});

test('a run that does not end after its duration is given up', () => {
  const progress = new Progress({ durationSeconds: 10, rate: null });
  let why: string | null = null;
  let seconds = 0;
  while (why === null) {
    seconds += 1;
    progress.heard({ taken: seconds, waiting: false });
    why = progress.tick(1);
  }
  expect(seconds).toBe(130);
  expect(why).toContain('after its duration of 10 s');
});

test('the tail keeps the last bytes and counts the others', () => {
  const tail = new OutputTail(10);
  for (const text of ['first line\n', 'abc\n', 'def\n', 'gh']) tail.add(Buffer.from(text));
  expect(tail.lastLines(9)).toEqual(['abc', 'def', 'gh']);
  expect(tail.lastLines(1)).toEqual(['gh']);
  expect(tail.droppedBytes).toBe(11);
  tail.add(Buffer.from('0123456789abcdef'));
  expect(tail.lastLines(1)).toEqual(['6789abcdef']);
  expect(new OutputTail().lastLines(3)).toEqual([]);
});

test('the settings have defaults, and those that are wrong are named without their values', () => {
  const env = { DATABASE_URL: 'postgres://u:p@h/d', SIMCITY_URL: 'http://127.0.0.1:1', SIMCITY_ONLY_RUN: '' };
  expect(readRunnerConfig(env, 'file:///app/dist/runner.js')).toMatchObject({
    targetUrl: 'postgres://u:p@h/d',
    onlyRun: null,
    parallel: 1,
    leaseSeconds: 30,
    harnessScript: '/app/dist/harness.js',
  });
  const wrong = () =>
    readRunnerConfig({ ...env, DATABASE_URL: 'mysql://secret', SIMCITY_PARALLEL: 'x' }, 'file:///x.js');
  expect(wrong).toThrow(RunnerConfigError);
  expect(wrong).toThrow(
    /DATABASE_URL must be a URL such as postgres:.*SIMCITY_PARALLEL must be a whole number from 1 to 64/,
  );
  expect(wrong).not.toThrow(/secret/);
});
