/** `simcity init`: the adapter nearest to an API is asked for on a terminal, or told by `--kind`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { startPty } from '../helpers/pty.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-init-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const template = (kind: string) => readFileSync(`cli/init/templates/adapter-${kind}.ts`, 'utf8');
const written = (where: string) => readFileSync(join(folder, where, 'my-adapter.ts'), 'utf8');
const asking = (where: string) =>
  startPty(process.execPath, [resolve('cli/simcity.js'), 'init', where], {
    cwd: folder,
    env: { CI: undefined },
  });

it('asks on a terminal, again after what is no answer, and takes a number or a name', async () => {
  const pty = asking('asked');
  await pty.until((text) => text.includes('A number or a name (keyless)'), 'the question');
  expect(pty.text()).toMatch(/3 {2}holds .*confirmed or paid for/);
  pty.press('nine\r');
  await pty.until((text) => text.includes('There is no such kind'), 'the question again');
  pty.press('3\r');
  expect(await pty.exited).toMatchObject({ exitCode: 0 });
  expect(written('asked')).toBe(template('holds'));
  // What is there stays, so that nothing is asked.
  const again = asking('asked');
  expect(await again.exited).toMatchObject({ exitCode: 0 });
  expect(again.text()).not.toContain('A number or a name');
});

it('takes the plainest for an empty answer, and where there is no terminal', async () => {
  const pty = asking('empty');
  await pty.until((text) => text.includes('A number or a name'), 'the question');
  pty.press('\r');
  expect(await pty.exited).toMatchObject({ exitCode: 0 });
  expect(written('empty')).toBe(template('keyless'));
  expect(await simcity(['init', 'piped'], { cwd: folder })).toMatchObject({ exitCode: 0 });
  expect(written('piped')).toBe(template('keyless'));
});

it('is told the kind by a flag, and what the kinds are by a wrong one', async () => {
  const { exitCode } = await simcity(['init', 'told', '--kind', 'caldav'], { cwd: folder });
  expect([exitCode, written('told')]).toEqual([0, template('caldav')]);
  const wrong = await simcity(['init', 'wrong', '--kind', 'token'], { cwd: folder });
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('keyless, accounts, holds') });
});

it('writes a keyless adapter of 30 lines of code at most', () => {
  const lines = template('keyless').split('\n');
  const code = lines.filter((line) => !/^\s*(\/?\*|\/\/|$)/.test(line));
  expect(code.length).toBeLessThanOrEqual(30);
});
