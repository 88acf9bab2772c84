/** One world a directory: whoever is first hosts it, the others join it, and go on when it goes, also by kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { believedNote } from '../../cli/hosting/host-note.ts';
import { LineSplitter } from '../../server/contract/child-process/line-splitter.ts';
import { simcity } from '../helpers/cli-process.ts';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { type Pty, startPty } from '../helpers/pty.ts';

const SIMCITY = join(process.cwd(), 'cli/simcity.js');
/** What a takeover may take, in ms; on a machine that others use, as long as the first start took there. */
const GO_ON_MS = 5_000;
const LONG = ['--operations', '100000'];
const ON_MEMORY = [...LONG, '--target', 'memory'];
const READY_MS = 60_000;

let folder: TestFolder;
let ptys: Pty[];
let children: ChildProcess[];
beforeEach(async () => {
  folder = await folderWithCluster('.simcity');
  ptys = [];
  children = [];
});
afterEach(async () => {
  for (const pty of ptys) pty.kill('SIGTERM');
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(ptys.map(({ exited }) => exited));
  await Promise.all(
    children.map((child) => child.exitCode === null && child.signalCode === null && once(child, 'exit')),
  );
  await folder.remove();
});

function terminal(...args: string[]): Pty {
  const pty = startPty(process.execPath, [SIMCITY, ...args], { columns: 120, rows: 40, cwd: folder.path });
  ptys.push(pty);
  return pty;
}

interface Frame {
  frame: string;
  data: { index?: number; type?: string; status?: string };
  atMs: number;
}

interface Follower {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  frames: Frame[];
  /** Resolves with the first frame that is so, from now on. */
  next(is: (frame: Frame) => boolean): Promise<Frame>;
  ended: Promise<number>;
  /** What it said that is no frame. */
  said(): string;
}

/** A command in a terminal of its own that prints the frames of a run, in the same directory. */
function follower(...args: string[]): Follower {
  const frames: Frame[] = [];
  const watchers = new Set<(frame: Frame) => void>();
  let said = '';
  const lines = new LineSplitter((line) => {
    if (!line.startsWith('{"frame"')) {
      said += `${line}\n`;
      return;
    }
    const frame = { ...JSON.parse(line), atMs: performance.now() } as Frame;
    frames.push(frame);
    for (const watcher of watchers) watcher(frame);
  }, 1_000_000);
  const pty = startPty(process.execPath, [SIMCITY, ...args, '--json'], {
    cwd: folder.path,
    onData: (data) => lines.add(Buffer.from(data)),
  });
  ptys.push(pty);
  const ended = pty.exited.then(({ exitCode }) => exitCode);
  return {
    pid: pty.pid,
    kill: pty.kill,
    frames,
    ended,
    said: () => said,
    next: (is) =>
      new Promise((resolve, reject) => {
        const watcher = (frame: Frame) => {
          if (!is(frame)) return;
          watchers.delete(watcher);
          resolve(frame);
        };
        watchers.add(watcher);
        void ended.then((code) => reject(new Error(`it ended with ${code}: ${said}`)));
      }),
  };
}

/** Says how long a takeover took, and holds it against the limit. */
function expectSoon(what: string, tookMs: number, limitMs: number): void {
  process.stdout.write(`${what}: ${Math.round(tookMs)} ms, of ${Math.round(limitMs)}\n`);
  expect(tookMs, what).toBeLessThan(limitMs);
}

/** A command in the same directory, which ends by itself. */
const here = (...args: string[]) => simcity(args, { cwd: folder.path, env: { SIMCITY_DATA_DIR: undefined } });
const newest = async (): Promise<unknown> =>
  JSON.parse((await here('runs', '--limit', '1', '--json')).stdout);

const isEvent = ({ frame }: Frame) => frame === 'event';
const noteHere = () => believedNote(join(folder.path, '.simcity'));
/** An event that came by a host that is not the process `pid`. */
const isAfter = (pid: number | undefined) => (frame: Frame) => {
  if (!isEvent(frame)) return false;
  const host = noteHere();
  return host !== null && host.pid !== pid;
};
const indexes = ({ frames }: Follower) => frames.filter(isEvent).map(({ data }) => data.index);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a screen that is open in a directory', () => {
  test.each(['memory', 'postgres'])(
    'blocks no other there, and its kill -9 ends no run on %s but its own',
    async (target) => {
      const begun = performance.now();
      const screen = terminal('browse');
      await screen.until(
        (text) => text.includes('by newest') || text.includes('No runs'),
        'the list',
        READY_MS,
      );
      const limit = Math.max(GO_ON_MS, performance.now() - begun);
      const host = noteHere();
      expect(host?.pid).toBe(screen.pid);
      const run = follower('run', ...LONG, '--target', target, '--rate', '200', '--seed', '1');
      await run.next(isEvent);
      // Both look at the same world.
      const watch = follower('watch', 'latest');
      await watch.next(isEvent);
      await screen.until((text) => text.includes('RUNNING'), 'the run of the other terminal', READY_MS);
      expect(await newest()).toMatchObject({ status: 'RUNNING', seed: 1 });

      screen.kill('SIGKILL');
      await screen.exited;
      const killed = performance.now();
      const goOn = await Promise.all([run.next(isAfter(screen.pid)), watch.next(isAfter(screen.pid))]);
      for (const { atMs } of goOn) expectSoon(`after kill -9, on ${target}`, atMs - killed, limit);
      // Who looks on from elsewhere, such as the page, finds it where it was.
      expect(noteHere()).toMatchObject({ url: host?.url, databaseUrl: host?.databaseUrl });

      const stopped = await here('stop', 'latest');
      expect(stopped, stopped.stderr).toMatchObject({ exitCode: 0 });
      expect(await run.ended, run.said()).toBe(3);
      expect(await watch.ended, watch.said()).toBe(3);
      for (const each of [run, watch]) {
        expect(indexes(each)).toEqual(upTo(indexes(each).length));
        expect(each.frames.at(-1)).toMatchObject({ frame: 'end', data: { status: 'STOPPED' } });
      }
      // Neither the harness nor its database noticed.
      expect(await newest()).toMatchObject({ lostAttempts: [] });
    },
  );

  test('is gone, and a run that takes a file of the user’s goes on', async () => {
    const screen = terminal('browse');
    await screen.until((text) => text.includes('by newest'), 'the list', READY_MS);
    expect(await here('init')).toMatchObject({ exitCode: 0 });
    const run = follower('run', './my-scenario.ts', ...ON_MEMORY, '--rate', '200');
    await run.next(isEvent);
    screen.kill('SIGKILL');
    await run.next(isAfter(screen.pid));
    run.kill('SIGINT');
    expect(await run.ended, run.said()).toBe(3);
    expect(indexes(run)).toEqual(upTo(indexes(run).length));
  });

  test('executes what is launched from it, beside its own run', async () => {
    const screen = terminal('run', ...ON_MEMORY, '--rate', '100', '--seed', '5');
    await screen.until((text) => /seed 5 .*RUNNING .* event [1-9]/s.test(text), 'its own run', READY_MS);
    screen.press('6');
    await screen.until((text) => text.includes('by newest'), 'the list');
    screen.press('n');
    await screen.until((text) => text.includes('Launch a run'), 'the form');
    screen.press('\u001b[B');
    await screen.until((text) => /▸ Target/.test(text), 'the target');
    screen.press('memory\r');
    await screen.until(
      (text) => !/seed 5 /.test(text) && /● (RUNNING|PASS)/.test(text) && /event [1-9]/.test(text),
      'the run that was launched',
      READY_MS,
    );
  });
});

describe('Ctrl-C of the process that hosts', () => {
  test('ends its own run, and the other goes on without a gap', async () => {
    const begun = performance.now();
    const host = follower('run', ...ON_MEMORY, '--rate', '100', '--seed', '1');
    await host.next(isEvent);
    const limit = Math.max(GO_ON_MS, performance.now() - begun);
    const other = follower(
      'run',
      '--target',
      'memory',
      '--operations',
      '3000',
      '--rate',
      '300',
      '--seed',
      '2',
    );
    await other.next(isEvent);
    host.kill('SIGINT');
    expect(await host.ended, host.said()).toBe(3);
    const left = performance.now();
    const event = await other.next(isAfter(host.pid));
    expectSoon('after Ctrl-C', event.atMs - left, limit);
    expect(await other.ended, other.said()).toBe(0);
    expect(indexes(other)).toEqual(upTo(indexes(other).length));
    expect(other.frames.at(-1)).toMatchObject({ frame: 'end', data: { status: 'PASS' } });
  });
});

describe('`simcity up`', () => {
  test('killed by kill -9 leaves its runs to who has joined it', async () => {
    const up = spawn(process.execPath, [SIMCITY, 'up', '--port', '0'], {
      cwd: folder.path,
      // Nobody could wait for the lease of its runner to end.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SIMCITY_LEASE_SECONDS: '3600' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(up);
    await once(up.stdout, 'data');
    const run = follower('run', '--target', 'memory', '--operations', '4000', '--rate', '300', '--seed', '2');
    await run.next(isEvent);
    // The run is executed there: it goes on in an attempt of the process that takes over.
    up.kill('SIGKILL');
    await run.next(isAfter(up.pid));
    expect(await run.ended, run.said()).toBe(0);
    expect(indexes(run)).toEqual(upTo(indexes(run).length));
    expect(await newest()).toMatchObject({ status: 'PASS', lostAttempts: [{ attempt: 1 }] });
  });

  test('killed by kill -9 leaves a detached run to `simcity runner`, which goes on where the host is then', async () => {
    const up = spawn(process.execPath, [SIMCITY, 'serve', '--port', '0'], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(up);
    await once(up.stdout, 'data');
    const runner = terminal('runner');
    await runner.until((text) => text.includes('takes runs of'), 'the runner', READY_MS);
    const launched = await here(
      'run',
      '--detach',
      '--target',
      'memory',
      '--operations',
      '3000',
      '--rate',
      '300',
    );
    const watch = follower('watch', launched.stdout.trim());
    await watch.next(isEvent);
    up.kill('SIGKILL');
    await watch.next(isAfter(up.pid));
    expect(await watch.ended, watch.said()).toBe(0);
    expect(indexes(watch)).toEqual(upTo(indexes(watch).length));
    expect(await newest()).toMatchObject({ status: 'PASS', lostAttempts: [] });
  });
});

test('of two that start at the same instant in an empty directory one hosts and the other joins', async () => {
  const runs = ['1', '2'].map((seed) =>
    follower('run', '--target', 'memory', '--operations', '200', '--seed', seed),
  );
  const codes = await Promise.all(runs.map(({ ended }) => ended));
  expect(codes, runs.map((each) => each.said()).join()).toEqual([0, 0]);
});
