/** By its name a runner tells whether the process that it ends with is gone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { identityOf } from '../../server/contract/process-lock/identity.ts';
import {
  hasOwnCode,
  isGoneWorldRunner,
  isWorldRunner,
  ownCodeRunnerName,
  worldRunnerName,
} from '../../server/contract/world-runner.ts';

const nameOf = (machine: string, pid: number | undefined, start: string | null) =>
  `${machine}-${pid}-${start ?? 0}-0a1b2c`;

test('that of this process is here, and of no other runner', () => {
  const name = worldRunnerName();
  expect(isWorldRunner(name)).toBe(true);
  expect(isGoneWorldRunner(name)).toBe(false);
  expect(worldRunnerName()).not.toBe(name);
});

test('one that has a file or command of the user’s is known', () => {
  const name = ownCodeRunnerName();
  expect([hasOwnCode(name), isWorldRunner(name), isGoneWorldRunner(name)]).toEqual([true, true, false]);
  expect(hasOwnCode(worldRunnerName())).toBe(false);
});

test('that of a process is gone with it', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  await once(child, 'spawn');
  const name = nameOf(hostname(), child.pid, identityOf(child.pid ?? 0).startTicks);
  expect(isGoneWorldRunner(name)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isGoneWorldRunner(name)).toBe(true);
});

test.skipIf(process.platform !== 'linux')('a later process with its id is another', () => {
  expect(isGoneWorldRunner(nameOf(hostname(), process.pid, '1'))).toBe(true);
});

test.each([['mine'], [`${hostname()}-1-0a1b2c`], [nameOf('elsewhere', 999_999_999, '1')], ['']])(
  '%s is none of this machine, and never known to be gone',
  (name) => {
    expect(isWorldRunner(name)).toBe(false);
    expect(isGoneWorldRunner(name)).toBe(false);
  },
);
