import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startOf } from '../../cli/hosting/ports.ts';
import { isAlive } from '../../server/contract/process-lock/identity.ts';

const isThere = (pid: number, startTicks: string | null = null) => isAlive({ pid, startTicks, bootId: null });

test('a process is known by its id and its start, so that a later one with the same id is another', () => {
  const start = startOf(process.pid);
  expect(isThere(process.pid, start)).toBe(true);
  expect(isThere(process.pid)).toBe(true);
  if (start !== null) expect(isThere(process.pid, String(Number(start) - 1))).toBe(false);
});

test('a process that has ended is not alive', async () => {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  await once(child, 'close');
  expect(isThere(pid)).toBe(false);
  expect(startOf(pid)).toBeNull();
});
