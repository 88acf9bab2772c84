/** What is on the screen before the server has answered. */

import type { AddressInfo } from 'node:net';
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { type Pty, startPty } from '../helpers/pty.ts';
import { heartbeat, historyFrames, recordedRun } from '../helpers/recorded-run.ts';

/** Stands before a server and lets nothing through until it is opened. */
let gate: Server;
let url: string;
let server: FakeServer;
let pty: Pty | null;
let letThrough: () => void;

beforeEach(async () => {
  server = await startFakeServer(recordedRun());
  server.push(...historyFrames(0, 40), heartbeat(40));
  const waiting: Socket[] = [];
  let isOpen = false;
  const connect = (socket: Socket) => {
    const beyond = connectTo(Number(new URL(server.url).port), '127.0.0.1');
    socket.pipe(beyond).pipe(socket);
    beyond.on('error', () => beyond.destroy());
  };
  gate = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (isOpen) connect(socket);
    else waiting.push(socket);
  });
  letThrough = () => {
    isOpen = true;
    for (const socket of waiting) connect(socket);
  };
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
  pty = null;
});
afterEach(async () => {
  pty?.kill('SIGKILL');
  await pty?.exited;
  gate.close();
  await server.close();
});

function watch(args: string[] = ['watch']): Pty {
  pty = startPty(process.execPath, ['cli/simcity.js', ...args, '--server', url]);
  return pty;
}

test.each([[['watch']], [['replay', 'latest']], [['browse']]])(
  '%s draws its first picture before the server has answered',
  async (args) => {
    const screen = watch(args);
    const text = await screen.until((shown) => shown.includes('connecting'), 'the first picture');
    expect(text).toContain('SIMCITY');
    expect(text).toContain(`connecting to ${url}`);
    expect(screen.isAlternate()).toBe(true);
  },
);

test('keys that are pressed while the server is asked are not lost', async () => {
  const screen = watch();
  await screen.until((text) => text.includes('connecting'), 'the first picture');
  screen.press('5');
  letThrough();
  await screen.until((text) => text.includes('Must hold always'), 'the view that was asked for');
});

test('Ctrl-C leaves also while the server is asked, with the terminal as it was', async () => {
  const screen = watch();
  await screen.until((text) => text.includes('connecting'), 'the first picture');
  screen.press('\u0003');
  expect((await screen.exited).exitCode).toBe(130);
  expect(screen.isAlternate()).toBe(false);
  expect(screen.isCursorHidden()).toBe(false);
});

test('a resize draws the first picture anew', async () => {
  const screen = watch();
  await screen.until((text) => text.includes('connecting'), 'the first picture');
  screen.resize(100, 30);
  await screen.until(
    () =>
      (screen.screen()[29] ?? '').includes('Ctrl-C leave') &&
      (screen.screen()[15] ?? '').includes('connecting'),
    'the picture at its new size',
  );
});

test('a server that does not answer leaves its words on the normal screen', async () => {
  const nobody = await startFakeServer(recordedRun());
  await nobody.close();
  const screen = startPty(process.execPath, ['cli/simcity.js', 'watch', '--server', nobody.url], {
    columns: 120,
  });
  expect((await screen.exited).exitCode).toBe(4);
  expect(screen.isAlternate()).toBe(false);
  expect(screen.text()).toContain('connection refused');
});
