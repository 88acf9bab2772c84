import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isAlive, startOf } from '../../cli/hosting/ports.ts';

test('a process is known by its id and its start, so that a later one with the same id is another', () => {
  const start = startOf(process.pid);
  expect(isAlive(process.pid, start)).toBe(true);
  expect(isAlive(process.pid)).toBe(true);
  if (start !== null) expect(isAlive(process.pid, String(Number(start) - 1))).toBe(false);
});

test('a process that has ended is not alive', async () => {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  await once(child, 'close');
  expect(isAlive(pid)).toBe(false);
  expect(startOf(pid)).toBeNull();
});
