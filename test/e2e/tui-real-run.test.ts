import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pty, startPty } from '../helpers/pty.ts';

let folder: string;
let pty: Pty;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simcity-tui-'));
});
afterAll(async () => {
  pty?.kill('SIGKILL');
  await pty?.exited;
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

async function go(keys: string, shows: string | RegExp, withinMs = 15_000): Promise<string> {
  pty.press(keys);
  const has = (text: string) => (typeof shows === 'string' ? text.includes(shows) : shows.test(text));
  return await pty.until(has, String(shows), withinMs);
}

test('a real run from its launch to its failure, through every view, to the list and away', async () => {
  const args = ['--target', 'memory', '--seed', '3', '--bug', 'check-then-insert', '--faults', 'none'];
  pty = startPty(
    process.execPath,
    [join(process.cwd(), 'cli/simcity.js'), 'run', ...args, '--data-dir', folder, '--operations', '3000'],
    { columns: 120, rows: 40 },
  );
  await pty.until((text) => text.includes('● FAIL'), 'FAIL', 55_000);
  await go('3', /FAIL {2}[a-z-]+/);
  expect(await go('', 'History of slot-')).toContain('✖ ok');
  await go('r', 'held; space plays');
  await go('[', /event \d+ of \d+|No earlier event/);
  await go('2', /of 0 to \d+|the last of/);
  await go('\r', /Operation \d+|Event \d+/);
  await go('5', 'Must hold always');
  expect(await go('', '✖ ')).toMatch(/✖ [a-z-]+/);
  await go('6', 'by newest');
  await go('\u001b', 'Bookings (active)');
  pty.press('q');
  expect((await pty.exited).exitCode).toBe(1);
  expect(pty.isAlternate()).toBe(false);
}, 90_000);
