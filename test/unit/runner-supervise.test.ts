/** The supervisor's judgements, without processes: progress, outcomes, settings, and the tail of an output. */
import { expect, test } from 'vitest';
import { RunnerConfigError, readRunnerConfig } from '../../runner/config.ts';
import { HARNESS_EXIT } from '../../runner/harness/exit-codes.ts';
import type { ChildExit } from '../../runner/launch/harness-child.ts';
import { endingOf, type Interventions } from '../../runner/supervise/outcome.ts';
import { type GivenUp, Progress } from '../../runner/supervise/progress.ts';
import type { Ending, Loss } from '../../runner/supervise/queue.ts';
import {
  createRedactor,
  ENGINE_GENERATION,
  forensicSchema,
  type Modules,
  runConfigSchema,
} from '../../server/contract/index.ts';

const run = {
  id: '0198c2a0-0000-7000-8000-000000000000',
  scenario: 'bookings',
  target: 'memory',
  seed: 7,
  config: runConfigSchema.parse({}),
  fence: '1',
  attempts: 1,
  generation: ENGINE_GENERATION,
  assigned_runner: null,
  repeat_below: 0,
  elapsed_seconds: null,
  healed_ms: null,
};
const NO_FILES: Modules = { target: null, scenario: null, adapter: null };
/** What a run executes of the user's, by name. */
const OWN = {
  nothing: { target: 'memory', modules: NO_FILES },
  service: { target: 'module:./s.ts', modules: { ...NO_FILES, target: '/w/s.ts' } },
  scenario: { target: 'memory', modules: { ...NO_FILES, scenario: '/w/c.ts' } },
  adapter: { target: 'http://127.0.0.1:1', modules: { ...NO_FILES, adapter: '/w/a.ts' } },
};

function ending(
  exit: Partial<ChildExit>,
  interventions: Partial<Interventions> = {},
  own: keyof typeof OWN = 'nothing',
  exec: string | null = null,
  isDelivered = false,
) {
  const { target, modules } = OWN[own];
  const nothing = { code: null, signal: null, spawnError: null, outOfMemory: false, droppedBytes: 0 };
  return endingOf({
    run: { ...run, target },
    modules,
    exec,
    exit: { ...nothing, stdout: [], stderr: [], ...exit },
    interventions: {
      stopRequested: false,
      stopReason: null,
      terminated: false,
      killed: false,
      givenUp: null,
      ...interventions,
    },
    isDelivered,
    lastEvents: [],
    redactor: createRedactor(['the-token']),
  });
}

/** How it ends, in short: `lost start-failed`, `FAIL harness-crash`, `STOPPED adapter-error`. */
function inShort(end: Ending | Loss): string {
  if ('lost' in end) return `lost ${end.lost.kind}`;
  if (end.status === 'STOPPED') expect(end.reason).toBe(end.forensic?.kind);
  return `${end.status} ${end.forensic?.kind}`;
}
const messageOf = (end: Ending | Loss) => ('lost' in end ? end.lost : end.forensic)?.message;

test('an end that was acknowledged, and is not stored, is no failure of the code under test', () => {
  expect(inShort(ending({ code: 0 }, {}, 'service'))).toBe('FAIL harness-crash');
  expect(inShort(ending({ code: 0 }, {}, 'service', null, true))).toBe('lost harness-lost');
});

test('a harness that stops by force after a request ends STOPPED', () => {
  const stopped = { stopRequested: true, stopReason: 'enough' };
  const asAsked = { status: 'STOPPED', reason: 'enough', forensic: null };
  expect(ending({ signal: 'SIGKILL' }, { ...stopped, killed: true })).toEqual(asAsked);
  expect(ending({ signal: 'SIGTERM' }, { ...stopped, terminated: true })).toEqual(asAsked);
  expect(ending({ code: HARNESS_EXIT.told }, stopped)).toEqual(asAsked);
});

test('a run that is lost names its adapter and how its service was started, without what is secret', () => {
  const lost = ending({ signal: 'SIGKILL' }, {}, 'adapter', 'env TOKEN=canary-lost node x.js');
  const bundle = 'lost' in lost ? lost.lost : lost.forensic;
  expect(bundle?.reproduce).toMatch(
    / --adapter \/w\/a\.ts --exec 'env TOKEN='"\$TOKEN"' node x\.js' {2}# TOKEN is masked: set it$/,
  );
});

const blaming = (by: string) => JSON.stringify({ message: 'boom', error: 'TypeError', by, at: './x.ts:3' });
const HEAP = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';

test.for<[string, Partial<ChildExit>, keyof typeof OWN, string, RegExp]>([
  [
    'could not be started',
    { spawnError: 'spawn EAGAIN' },
    'nothing',
    'lost start-failed',
    /could not be started: spawn/,
  ],
  ['got no order', { code: 64 }, 'nothing', 'lost start-failed', /code 64/],
  [
    'found its database away',
    { code: 69, stderr: ['{"message":"The run could not begin: it is away"}'] },
    'nothing',
    'lost start-failed',
    /^The run could not begin: it is away$/,
  ],
  [
    'was killed',
    { signal: 'SIGKILL' },
    'service',
    'lost harness-lost',
    /ended by SIGKILL before it reported/,
  ],
  ['was told to end', { code: 71 }, 'nothing', 'lost harness-lost', /code 71/],
  ['lost its runner', { code: 70 }, 'adapter', 'lost harness-lost', /code 70/],
  [
    'filled its heap',
    { signal: 'SIGABRT', stderr: [HEAP, '----- Native stack trace -----'] },
    'service',
    'lost out-of-memory',
    /more memory/,
  ],
  [
    'filled its container',
    { signal: 'SIGKILL', outOfMemory: true },
    'nothing',
    'lost out-of-memory',
    /more memory/,
  ],
  [
    'broke',
    { code: 1, stderr: ['{"message":"the engine broke"}'] },
    'nothing',
    'lost harness-crash',
    /^The run broke off: the engine broke$/,
  ],
  [
    'broke beside a module',
    { code: 1, stderr: ['{"message":"it broke"}'] },
    'service',
    'lost harness-crash',
    /broke off/,
  ],
  [
    'left without a verdict',
    { code: 0 },
    'nothing',
    'lost harness-crash',
    /exited with code 0 before it reported a verdict\.$/,
  ],
  [
    'was ended by the service',
    { code: 3, stderr: [blaming('target'), 'bye'] },
    'service',
    'FAIL harness-crash',
    /^The code under test ended the harness: \.\/x\.ts:3: boom$/,
  ],
  [
    'was ended by the service without a word',
    { code: 3, stderr: ['bye'] },
    'service',
    'FAIL harness-crash',
    /code 3 .*: bye$/,
  ],
  [
    'was ended by the scenario',
    { code: 1, stderr: [blaming('scenario')] },
    'scenario',
    'STOPPED adapter-error',
    /^The scenario ended the harness: \.\/x\.ts:3/,
  ],
  ['was ended by the adapter', { code: 4 }, 'adapter', 'STOPPED adapter-error', /code 4/],
  ['repeated another history', { code: 76 }, 'nothing', 'STOPPED not-deterministic', /code 76/],
])('a harness that %s', ([, exit, own, what, message]) => {
  const end = ending(exit, {}, own);
  expect(inShort(end)).toBe(what);
  expect(messageOf(end)).toMatch(message);
});

test.for<[GivenUp['how'], boolean, keyof typeof OWN, string]>([
  ['start', false, 'service', 'lost start-failed'],
  ['silent', true, 'nothing', 'lost timeout'],
  ['stuck', true, 'nothing', 'lost timeout'],
  ['silent', true, 'service', 'FAIL timeout'],
  ['stuck', true, 'service', 'FAIL timeout'],
  ['silent', false, 'service', 'STOPPED adapter-error'],
  ['stuck', false, 'adapter', 'STOPPED adapter-error'],
  ['silent', true, 'scenario', 'STOPPED timeout'],
])('given up as %s (begun: %s) with %s of the user: %s', ([how, hasBegun, own, what]) => {
  const end = ending(
    { signal: 'SIGKILL' },
    { killed: true, givenUp: { how, hasBegun, message: 'It hung.' } },
    own,
  );
  expect(inShort(end)).toBe(what);
  expect(messageOf(end)).toMatch(/^It hung\./);
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
  expect(messageOf(ending({ code: 1, stderr }))).toMatch(/off: Error \[X\]: no module$/);
});

test('the bundle has the shape of the contract, without tokens, credentials or unstorable text', () => {
  const stderr = ['the-token', 'https://u:p@h/', '\u0000\ud800', JSON.stringify({ message: 'broke' })];
  const end = ending({ code: 1, stderr });
  const forensic = 'lost' in end ? end.lost : null;
  expect(forensicSchema.parse(forensic)).toEqual(forensic);
  expect(forensic?.versions).toMatchObject({ generation: String(ENGINE_GENERATION) });
  expect(forensic?.message).toBe('The run broke off: broke');
  expect(forensic?.process).toMatchObject({
    stderr: ['***', 'https://***@h/', '␀\ufffd', '{"message":"broke"}'],
  });
});

const PACE = { durationSeconds: null, rate: null, startLimitSeconds: 90, repeatedSeconds: 0 };

test('a harness that never gives a sign of life did not start; what it executes is not to blame', () => {
  const progress = new Progress(PACE);
  expect(progress.tick(89)).toBeNull();
  expect(progress.tick(1)).toEqual({
    how: 'start',
    hasBegun: false,
    message: 'The harness gave no first sign of life within 90 s after it was started.',
  });
});

test('a harness is given up after a minute without a further sign of life', () => {
  const progress = new Progress(PACE);
  progress.heard({ taken: 0, waiting: false, answered: true, delivered: false });
  expect(progress.tick(59)).toBeNull();
  progress.heard({ taken: 1, waiting: false, answered: true, delivered: false });
  expect(progress.tick(59)).toBeNull();
  expect(progress.tick(1)).toMatchObject({
    how: 'silent',
    hasBegun: true,
    message: expect.stringContaining('no sign of life for 60 s'),
  });
});

test('a run that lives without progress is given up, unless it waits for the server or is slow on purpose', () => {
  const stalledAfter = (rate: number | null, waiting: boolean) => {
    const progress = new Progress({ ...PACE, rate });
    for (let seconds = 1; seconds <= 20_000; seconds += 1) {
      progress.heard({ taken: 5, waiting, answered: true, delivered: false });
      if (progress.tick(1)) return seconds;
    }
    return null;
  };
  expect(stalledAfter(null, false)).toBe(300);
  expect(stalledAfter(0.001, false)).toBe(10_000);
  expect(stalledAfter(null, true)).toBeNull();
});

test('a harness that lives and whose server has taken nothing for 30 s is unanswered; one that is silent is not', () => {
  const unansweredAfter = (seconds: number, lives: boolean, answered: boolean) => {
    const progress = new Progress(PACE);
    progress.heard({ taken: 5, waiting: false, answered: false, delivered: false });
    for (let second = 1; second <= seconds; second += 1) {
      if (lives) progress.heard({ taken: 5, waiting: false, answered, delivered: false });
      progress.tick(1);
    }
    return progress.isUnanswered;
  };
  expect([29, 30].map((seconds) => unansweredAfter(seconds, true, false))).toEqual([false, true]);
  expect(unansweredAfter(50, true, true)).toBe(false);
  expect(unansweredAfter(50, false, false)).toBe(false);
});

test('a run that does not end after its duration is given up; what it repeats is added to that', () => {
  const endsAfter = (repeatedSeconds: number) => {
    const progress = new Progress({ ...PACE, durationSeconds: 10, repeatedSeconds });
    for (let seconds = 1; ; seconds += 1) {
      progress.heard({ taken: seconds, waiting: false, answered: true, delivered: false });
      const givenUp = progress.tick(1);
      if (givenUp === null) continue;
      expect(givenUp).toMatchObject({
        how: 'stuck',
        message: expect.stringContaining('its duration of 10 s'),
      });
      return seconds;
    }
  };
  expect(endsAfter(0)).toBe(130);
  expect(endsAfter(7)).toBe(137);
});

test('the settings have defaults, and those that are wrong are named without secrets', () => {
  const env = { DATABASE_URL: 'postgres://u:p@h/d', SIMCITY_URL: 'http://127.0.0.1:1', SIMCITY_ONLY_RUN: '' };
  expect(readRunnerConfig(env, 'file:///app/dist/runner.js')).toMatchObject({
    targetUrl: 'postgres://u:p@h/d',
    onlyRun: null,
    firstRun: null,
    parallel: 1,
    leaseSeconds: 30,
    harnessScript: '/app/dist/harness.js',
  });
  const wrong = () =>
    readRunnerConfig({ ...env, DATABASE_URL: 'mysql://secret', SIMCITY_PARALLEL: 'x' }, 'file:///x.js');
  expect(wrong).toThrow(RunnerConfigError);
  expect(wrong).toThrow(
    /DATABASE_URL must be a URL such as postgres:.*SIMCITY_PARALLEL \("x"\) must be a whole number from 1 to 64/,
  );
  expect(wrong).not.toThrow(/secret/);
});
