/** Manners on real terminals: suspension, ASCII, themes, colours, sentences. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { type Pty, type PtyOptions, startPty } from '../helpers/pty.ts';
import { endFrame, heartbeat, historyFrames, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
let pty: Pty | undefined;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
});
afterEach(async () => {
  pty?.kill('SIGKILL');
  pty = undefined;
  await server.close();
});

const history = [heartbeat(0), ...historyFrames(0, 400), heartbeat(400)];
const simcity = `${process.cwd()}/cli/simcity.js`;

function start(args: string[], options: PtyOptions = {}): Pty {
  const env = { SIMCITY_URL: server.url, ...options.env };
  pty = startPty(process.execPath, [simcity, ...args], { columns: 100, rows: 30, ...options, env });
  return pty;
}

const isDrawn = (text: string) => text.includes('RUNNING') && text.includes('Bookings');

describe('suspension', () => {
  test('Ctrl-Z gives the shell its terminal, and fg brings the picture back', async () => {
    server.push(...history);
    const env = { SIMCITY_URL: server.url, PS1: 'shell> ', NODE: process.execPath, SIMCITY: simcity };
    pty = startPty('bash', ['--norc', '--noprofile', '-i'], { columns: 100, rows: 30, env });
    await pty.until((text) => text.includes('shell>'), 'a prompt');
    pty.press('"$NODE" "$SIMCITY" watch\r');
    await pty.until(isDrawn, 'mission control');
    pty.press('\u001a');
    await pty.until((text) => text.includes('Stopped'), 'the shell saying that it is stopped');
    expect(pty.isAlternate()).toBe(false);
    expect(pty.isCursorHidden()).toBe(false);
    // A shell that can be typed into has the terminal to itself.
    pty.press('echo still-$((40 + 2))\r');
    await pty.until((text) => text.includes('still-42'), 'the answer of the shell');
    pty.press('fg\r');
    await pty.until((text) => isDrawn(text) && (pty?.isAlternate() ?? false), 'mission control again');
    pty.press('?');
    await pty.until((text) => text.includes('Ctrl-C'), 'the help: keys work again');
    pty.press('?');
    await pty.until((text) => isDrawn(text) && !text.includes('Ctrl-C'), 'the picture without the help');
    pty.press('q');
    await pty.until((text) => text.trimEnd().endsWith('shell>'), 'the prompt after leaving');
    pty.press('exit\r');
    await pty.exited;
  });

  test('where nothing can stop it, it goes on', async () => {
    server.push(...history);
    const terminal = start(['watch']);
    await terminal.until(isDrawn, 'mission control');
    terminal.press('\u001a');
    const entered = () => terminal.raw().split('\u001b[?1049h').length - 1;
    await terminal.until((text) => entered() === 2 && isDrawn(text), 'mission control again');
    terminal.press('q');
    expect((await terminal.exited).exitCode).toBe(130);
  });
});

describe('without UTF-8', () => {
  test.each([{ LANG: 'C' }, { LANG: undefined }, { LC_ALL: 'POSIX', LANG: 'C.UTF-8' }])(
    'with %j the picture is ASCII, and as wide',
    async (env) => {
      server.push(...history);
      const terminal = start(['watch'], { env });
      const text = await terminal.until(isDrawn, 'mission control');
      expect(text).not.toMatch(/[^\u0000-\u007f]/);
      expect(text).toMatch(/[+|]/);
      expect(terminal.raw()).not.toMatch(/[^\u0000-\u007f]/);
    },
  );

  test('SIMCITY_ASCII decides against the locale', async () => {
    server.push(...history);
    const terminal = start(['watch'], { env: { LANG: 'C', SIMCITY_ASCII: '0' } });
    expect(await terminal.until(isDrawn, 'mission control')).toMatch(/[─│╭]/);
  });
});

describe('colours', () => {
  test('a light background gets dark colours, as the user or the terminal says', async () => {
    server.push(...history);
    for (const env of [{ SIMCITY_THEME: 'light' }, { COLORFGBG: '0;15' }]) {
      const terminal = start(['watch'], { env });
      await terminal.until(isDrawn, 'mission control');
      expect(terminal.raw()).toContain('38;5;');
      expect(terminal.raw()).not.toMatch(/\u001b\[0;(1;)?3[36]m/);
      terminal.press('q');
      await terminal.exited;
    }
  });

  test('NO_COLOR leaves no colour, and TERM=dumb no picture', async () => {
    server.push(...history);
    const plain = start(['watch'], { env: { NO_COLOR: '1' } });
    await plain.until(isDrawn, 'mission control');
    expect(plain.raw()).not.toMatch(/\u001b\[[\d;]*3[1-8]\b[\d;]*m/);
    plain.press('q');
    await plain.exited;
    server.push(endFrame(400, 'PASS'));
    const dumb = start(['watch'], { env: { TERM: 'dumb' } });
    expect((await dumb.exited).exitCode).toBe(0);
    expect(dumb.raw()).not.toContain('\u001b');
    expect(dumb.text()).toContain('PASS');
  });
});

test('--plain tells what changes in sentences, also on a terminal', async () => {
  server.push(...history, endFrame(400, 'FAIL'));
  const terminal = start(['watch', '--plain']);
  expect((await terminal.exited).exitCode).toBe(1);
  expect(terminal.raw()).not.toContain('\u001b');
  expect(terminal.text()).toContain('The run is under way.');
  expect(terminal.text()).toContain('The run has failed. It took 12.4 s and 401 events.');
  expect(terminal.text()).toContain('What broke is no-overbooking: Slot slot-003 holds 21 active bookings');
});

test('a storm of resizes ends in a picture of the last size', async () => {
  server.push(...history);
  const terminal = start(['watch']);
  await terminal.until(isDrawn, 'mission control');
  for (let i = 0; i < 100; i++) terminal.resize(60 + (i % 60), 20 + (i % 20));
  terminal.resize(90, 24);
  await terminal.until(
    (text) =>
      isDrawn(text) &&
      text.split('\n').every((line) => line.length <= 90) &&
      /quit/.test(text.split('\n')[23] ?? ''),
    'the picture at 90x24',
  );
});
