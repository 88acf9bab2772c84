/** A campaign without a server, on the screen: what it hosts for what it records is told there, and it is gone on with. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { type Pty, startPty } from '../helpers/pty.ts';

const SIMCITY = join(process.cwd(), 'cli/simcity.js');
const CTRL_C = '\u0003';

let folder: TestFolder | null = null;
let pty: Pty | null = null;
afterEach(async () => {
  pty?.kill('SIGKILL');
  await pty?.exited;
  await folder?.remove();
});

test('nothing is written over the picture, and the newest goes on though a server knows of it', async () => {
  folder = await testFolder();
  const { path } = folder;
  const start = (...args: string[]) => {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], SIMCITY_DATA_DIR: '.simcity' };
    pty = startPty(process.execPath, [SIMCITY, 'campaign', ...args], {
      ...{ cwd: path, env, columns: 120, rows: 40 },
    });
    return pty;
  };
  const plan = ['--bug', 'lost-cancel', '--operations', '300', '--seeds', '1..40', '--parallel', '1'];
  const first = start(...plan, '--name', 'alone');
  const recording = await first.until(
    (text) => text.includes('● RECORDING'),
    'what failed to be recorded',
    60_000,
  );
  expect(recording).not.toMatch(/\d s left/);
  const hosting = await first.until((text) => text.includes('starting the server'), 'the server', 60_000);
  expect(hosting).toMatch(/^ SIMCITY +campaign alone/);
  expect(hosting).toMatch(/╭ Log ─+╮[^╰]*│ starting the server/);
  await first.until((text) => /#1\b/.test(text), 'a recorded run', 60_000);
  first.press(CTRL_C);
  expect((await first.exited).exitCode).toBe(130);
  expect(first.raw()).not.toContain('simcity: starting');
  expect(first.text()).toContain('go on with: simcity campaign --resume alone');
  // The newest, of which the database of the directory was told when it was stopped.
  const again = start('--resume');
  await again.until((text) => /campaign alone .*● (RECORDING|DONE)/.test(text), 'it to go on', 60_000);
  again.press(CTRL_C);
  await again.exited;
}, 240_000);
