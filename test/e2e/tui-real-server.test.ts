/** Mission control against a real server and runner: what is started from it, and what comes back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Pty, startPty } from '../helpers/pty.ts';

const SIMCITY = join(process.cwd(), 'cli/simcity.js');
const KEY = { up: '\u001b[A', down: '\u001b[B', enter: '\r', escape: '\u001b', clear: '\u0015' } as const;

let folder: string;
let up: ChildProcess;
let url: string;
let pty: Pty | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simcity-tui-server-'));
  up = spawn(process.execPath, [SIMCITY, 'up', '--port', '0', '--data-dir', folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: up.stdout as NodeJS.ReadableStream })) {
    url = line;
    break;
  }
}, 60_000);
afterEach(async () => {
  pty?.kill('SIGKILL');
  await pty?.exited;
  pty = null;
});
afterAll(async () => {
  const gone = new Promise((resolve) => up.once('exit', resolve));
  up.kill('SIGTERM');
  await gone;
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}, 60_000);

function start(...args: string[]): Pty {
  pty = startPty(process.execPath, [SIMCITY, ...args, '--server', url], {
    columns: 120,
    rows: 40,
    cwd: folder,
    env: { SIMCITY_DATA_DIR: folder },
  });
  return pty;
}

async function go(keys: string, shows: string | RegExp, withinMs = 20_000): Promise<string> {
  if (pty === null) throw new Error('nothing was started');
  for (const key of keys.match(/\u001b\[.|[\s\S]/g) ?? []) pty.press(key);
  const has = (text: string) => (typeof shows === 'string' ? text.includes(shows) : shows.test(text));
  return await pty.until(has, String(shows), withinMs);
}

test('a run is launched by the form, stopped, launched again with another seed, and compared', async () => {
  start('browse');
  await go('', 'by newest');
  await go('n', 'Launch a run');
  await go(KEY.down, /▸ Target/);
  await go('memory', 'memory▏');
  await go(KEY.down.repeat(2), /▸ Operations/);
  await go('many', 'many▏');
  // What is wrong is said, and nothing is launched.
  await go(KEY.enter, /Operations: .*whole number/i);
  await go(KEY.clear, /▸ Operations +▏/);
  await go('100000', '100000▏');
  await go(KEY.up.repeat(10), /▸ Rate/);
  await go('200', '200▏');
  await go(KEY.enter, /● RUNNING .* event [1-9]\d\d /, 30_000);
  await go('s', 'Stop this run?');
  await go('y', '● STOPPED', 30_000);
  await go('6', /● STOPPED +#\d+ +bookings +memory/);
  // The same again: all but the seed is as it was.
  expect(await go('a', /▸ Seed/)).toMatch(/Rate +200/);
  await go('77', '77▏');
  await go(KEY.enter, /seed 77 {2}● RUNNING .* event [1-9]\d\d /, 30_000);
  await go('s', 'Stop this run?');
  await go('y', '● STOPPED', 30_000);
  await go('6', /● STOPPED .* 77 /);
  await go(' ', '◆ STOPPED');
  await go(KEY.down, /◆/);
  const beside = await go('c', /part at event \d+; d goes there/, 30_000);
  expect(beside.match(/seed \d+ /g)?.length).toBeGreaterThanOrEqual(3);
  await go('[', /event \d+ of|No earlier/);
  // Behind the plans, which differ in their seeds.
  const parting = /part at event ([1-9]\d*)/.exec(beside)?.[1];
  await go('d', ` event ${parting} of`);
}, 120_000);

test('a running run is scrubbed back and followed again', async () => {
  start('run', '--target', 'memory', '--operations', '100000', '--rate', '300', '--seed', '5');
  await go('', '● RUNNING', 30_000);
  await go('4', 'following the run');
  await go('', /event [1-9]\d* of/);
  const held = await go('\u001b[5~', 'held; space plays');
  const at = Number(/event (\d[\d,]*) of/.exec(held)?.[1]?.replace(',', ''));
  // The run goes on behind the place that is held.
  await pty?.until((text) => {
    const [, here, newest] = /event (\d[\d,]*) of (\d[\d,]*)/.exec(text) ?? [];
    const numbers = [here, newest].map((each) => Number(each?.replaceAll(',', '')));
    return numbers[0] === at && (numbers[1] ?? 0) > at + 200;
  }, 'the newest event to move away from the held one');
  await go('G', 'following the run');
  await go('\u0003', 'STOPPED', 30_000);
}, 90_000);

test('a failure is executed again and made small with a key, and what was found is shown', async () => {
  const plan = ['--target', 'memory', '--operations', '500', '--faults', 'none', '--seed', '3'];
  // By itself it would be made small, too, before the key is pressed.
  start('run', ...plan, '--bug', 'check-then-insert', '--no-explain');
  await go('', '● FAIL', 30_000);
  await go('3', 'History of slot-');
  await go('v', 'simcity replay --verify');
  await go('', /identical, \d+ events/, 60_000);
  await go('', 'exit code 0; Esc closes');
  await go(KEY.escape, /^(?![\s\S]*Esc closes)/);
  await go('x', 'simcity shrink');
  await go('', 'exit code 0; Esc closes', 60_000);
  await go(KEY.escape, /^(?![\s\S]*Esc closes)/);
  await go('g', 'Smallest reproduction');
  expect(await go('G', '--reduction')).toMatch(/operations/);
  await go('', /executed again, identical: \d+ events/);
  pty?.press('q');
  expect((await pty?.exited)?.exitCode).toBe(1);
}, 150_000);

test('a campaign shows its distinct failures; one is watched, and leaving tells them all again', async () => {
  const plan = ['--target', 'memory', '--operations', '300', '--bug', 'id-reuse', '--seeds', '1..12'];
  start('campaign', ...plan, '--name', 'ids', '--parallel', '1');
  await go('', /campaign ids .*● (RUNNING|RECORDING|DONE)/, 30_000);
  await go('', '● DONE', 90_000);
  const done = await go('', /100 % +12 seeds[\s\S]*ids-are-never-reused +12 /);
  expect(done).toMatch(/1 distinct failure\b/);
  expect(done).toMatch(/\d+ of \d+ operations are enough/);
  await go('?', 'Keys of Campaign');
  await go('?', /Progress/);
  await go(KEY.enter, /● FAIL[\s\S]*FAIL {2}ids-are-never-reused/, 30_000);
  await go('6', 'campaign ids');
  pty?.press('q');
  expect((await pty?.exited)?.exitCode).toBe(1);
  expect(pty?.isAlternate()).toBe(false);
  expect(pty?.text()).toContain('Reproduce');
}, 180_000);

test('a campaign is stopped from the screen, and says how it goes on', async () => {
  const plan = ['--target', 'memory', '--operations', '300', '--seeds', '1..500000'];
  start('campaign', ...plan, '--name', 'long', '--parallel', '1');
  await go('', /campaign long .*● RUNNING/, 30_000);
  await go('', /[1-9][\d,]* of 500,000 seeds/, 60_000);
  await go('s', 'Stop this campaign?');
  await go('y', '● STOPPED', 30_000);
  pty?.press('q');
  expect((await pty?.exited)?.exitCode).toBe(130);
  expect(pty?.isAlternate()).toBe(false);
  expect(pty?.text()).toContain('go on with: simcity campaign --resume long');
}, 150_000);

test('a campaign that is over is looked at from the list of runs', async () => {
  start('browse');
  await go('', '● FAIL');
  await go('C', /campaign ids .*● DONE/, 30_000);
  await go('', /100 % +12 seeds[\s\S]*ids-are-never-reused +12 /);
  await go('s', 'It is not conducted from here');
  await go(KEY.escape, 'by newest');
  pty?.press('q');
  expect((await pty?.exited)?.exitCode).toBe(0);
}, 60_000);
