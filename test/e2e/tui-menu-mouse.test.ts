/** Zoomed panes, the menu of commands, the page in the browser and the mouse, in a real terminal. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { type Pty, type PtyOptions, startPty } from '../helpers/pty.ts';
import { recordedCity } from '../helpers/recorded-failure.ts';
import { heartbeat, historyFrames, RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
let open: Pty[];
let folder: string;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
  server.city = recordedCity;
  server.runs = [server.run, recordedRun({ number: 7, seed: 77, id: `${RUN_ID.slice(0, -2)}07` })];
  folder = mkdtempSync(join(tmpdir(), 'simcity-menu-'));
  open = [];
});
afterEach(async () => {
  for (const pty of open) {
    pty.kill('SIGKILL');
    await pty.exited;
  }
  await server.close();
  rmSync(folder, { recursive: true });
});

function start(args: string[], options: PtyOptions = {}): Pty {
  const pty = startPty(process.execPath, ['cli/simcity.js', ...args, '--server', server.url], options);
  open.push(pty);
  return pty;
}

/** A run at its event 900. */
async function running(args = ['watch'], options: PtyOptions = {}): Promise<Pty> {
  server.push(...historyFrames(0, 900), heartbeat(900));
  const pty = start(args, options);
  await pty.until((text) => text.includes('event 900') && text.includes('z zoom'), 'event 900', 20_000);
  return pty;
}

async function go(pty: Pty, keys: string, shows: string | RegExp): Promise<string> {
  pty.press(keys);
  const has = (text: string) => (typeof shows === 'string' ? text.includes(shows) : shows.test(text));
  return await pty.until(has, String(shows));
}

const TAB = '\t';
const CTRL_P = '\u0010';
const ESCAPE = '\u001b';

describe('z', () => {
  test('zooms the pane with the focus, also one that 80x24 has no room for', async () => {
    const pty = await running();
    expect(pty.text()).not.toContain('Newest faults');
    await go(pty, '\u001b[Z', 'Newest faults: z zooms it.');
    const zoomed = await go(pty, 'z', /╭ Newest faults ─+╮/);
    expect(zoomed).not.toContain('Metrics');
    expect(zoomed).toContain('z back');
    await go(pty, TAB, /╭ Bookings/);
    const back = await go(pty, 'z', 'Metrics');
    expect(back).toContain('z zoom');
  });

  test('Esc goes back too, and then no pane has the focus', async () => {
    const pty = await running();
    await go(pty, 'z', 'z back');
    await go(pty, ESCAPE, 'Metrics');
    await go(pty, `${TAB}z`, /╭ Bookings[^╮]*╮\n/);
  });
});

describe('Ctrl-P', () => {
  test('lists every command, completes, goes where it is told to, and knows the runs', async () => {
    const pty = await running();
    const all = await go(pty, CTRL_P, '╭ Commands');
    for (const text of ['go to Live', 'go to event', 'open run', 'stop this run'])
      expect(all).toContain(text);
    await go(pty, 'frnsc', '> frnsc▏');
    await go(pty, TAB, '> go to Forensics▏');
    await go(pty, '\r', 'Nothing is broken so far');
    await go(pty, CTRL_P, '╭ Commands');
    await go(pty, 'event 450', 'go to event 450');
    await go(pty, '\r', '450 of 0 to 900');
    await go(pty, CTRL_P, '╭ Commands');
    await go(pty, 'open run 7', 'seed 77');
    server.run = server.runs?.[1] ?? server.run;
    await go(pty, '\r', 'seed 77  ●');
    await go(pty, '6', 'STATE');
  });

  test('an unknown line says so, and does nothing', async () => {
    const pty = start(['browse']);
    await pty.until((text) => text.includes('#12'), 'the list');
    await go(pty, CTRL_P, '╭ Commands');
    await go(pty, 'coffee\r', 'nothing was done');
    pty.press(ESCAPE);
    await pty.until((text) => !text.includes('Commands'), 'the list alone');
    expect(server.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });
});

describe('O', () => {
  test('opens the page with BROWSER, past every shell and without what is secret', async () => {
    const file = join(folder, 'browser');
    writeFileSync(
      file,
      `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > '${folder}/part' && mv '${folder}/part' '${folder}/opened'\n`,
    );
    chmodSync(file, 0o755);
    const pty = await running(['watch'], { env: { BROWSER: file, SIMCITY_TOKEN: 'sct_secret' } });
    const opened = written(join(folder, 'opened'));
    pty.press('O');
    const page = `${server.url}/admin/simcity/mission-control/runs/12`;
    expect(await opened).toBe(`1\n${page}\n`);
    await pty.until((text) => text.includes('Opened http'), 'what was done');
  });

  test('without a display it says the whole URL, until a key is pressed', async () => {
    const pty = await running(['watch'], { env: { SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22' } });
    const said = await go(pty, 'O', 'There is no display here');
    expect(said).toContain(`${server.url}/admin/simcity/mission-control/runs/12`);
    pty.press(ESCAPE);
    await pty.until((text) => !text.includes('no display'), 'the view alone');
  });
});

/** Resolves with a file's text once it is there. */
function written(path: string): Promise<string> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve(readFileSync(path, 'utf8'));
    });
  });
}

const ON = '\u001b[?1002h\u001b[?1006h';
const OFF = '\u001b[?1006l\u001b[?1002l';
const click = (column: number, row: number) => `\u001b[<0;${column};${row}M\u001b[<0;${column};${row}m`;

describe('--mouse', () => {
  test('is off unless it is asked for, and takes what a flag or a variable says', async () => {
    const pty = await running();
    expect(pty.raw()).not.toContain('\u001b[?100');
    const by = await running(['watch'], { env: { SIMCITY_MOUSE: '1' } });
    expect(by.raw()).toContain(ON);
  });

  test('clicks views and key hints, the wheel scrolls, the scrubber seeks', async () => {
    const pty = await running(['watch', '--mouse']);
    await go(pty, click(11, 24), 'following');
    await go(pty, '\u001b[<64;40;10M', '897 of 0 to 900');
    await go(pty, click(11, 5), /╭ Events ─+ 8\d\d of 0 to 900/);
    await go(pty, click(11, 5), 'overlapped it');
    await go(pty, click(19, 24), /following the run|at the end/);
    const bar = pty.screen().findIndex((line) => line.includes('●') && line.includes('━')) + 1;
    await go(pty, click(40, bar), /event 4\d\d of 900/);
    // One that comes in two pieces, far from the bar, and what only looks like a click.
    pty.press('\u001b[<32;2');
    await go(pty, ';3M', 'event 0 of 900');
    const onQuit = click(78, 24);
    await go(pty, `\u001b[200~${onQuit}\u001b[201~5`, 'Must hold always');
    pty.press(onQuit);
    expect((await pty.exited).exitCode).toBe(130);
  });

  test.each([['SIGTERM'], ['SIGINT'], ['SIGHUP']])('%s switches it off', async (signal) => {
    const pty = await running(['watch', '--mouse']);
    pty.kill(signal);
    await pty.exited;
    expect(pty.raw().lastIndexOf(OFF)).toBeGreaterThan(pty.raw().lastIndexOf(ON));
  });

  test('so does leaving', async () => {
    const pty = start(['browse', '--mouse']);
    await pty.until((text) => text.includes('#12'), 'the list');
    pty.press('q');
    await pty.exited;
    expect(pty.raw().lastIndexOf(OFF)).toBeGreaterThan(pty.raw().lastIndexOf(ON));
  });
});
