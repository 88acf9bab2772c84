import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

async function watched(
  limitMs: number,
  what: 'block' | 'turn',
): Promise<{ stdout: string; signal: unknown }> {
  const child = spawn(process.execPath, ['test/fixtures/watched-loop.ts', String(limitMs), what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'close');
  const stdout = await text(child.stdout);
  const [, signal] = await exit;
  return { stdout, signal };
}

it('ends a process whose loop does not turn any more, with the reason as its last line', async () => {
  const { stdout, signal } = await watched(1_000, 'block');
  expect(signal).toBe('SIGKILL');
  const [first, last] = stdout.trim().split('\n');
  expect(first).toBe('watched');
  expect(JSON.parse(last as string).failed).toMatch(/Nothing went on for 1 s.* a loop in the service's or/);
});

it('leaves one alone whose loop turns', async () => {
  const { stdout, signal } = await watched(3_000, 'turn');
  expect({ stdout, signal }).toEqual({ stdout: 'watched\nthrough\n', signal: null });
});
