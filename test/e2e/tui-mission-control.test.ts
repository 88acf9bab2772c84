import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { type Pty, type PtyOptions, startPty } from '../helpers/pty.ts';
import { endFrame, heartbeat, historyFrames, recordedRun, violationEvent } from '../helpers/recorded-run.ts';

let server: FakeServer;
let open: Pty[];
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
  open = [];
});
afterEach(async () => {
  for (const pty of open) {
    pty.kill('SIGKILL');
    await pty.exited;
  }
  await server.close();
});

function start(args: string[], options: PtyOptions = {}): Pty {
  const pty = startPty(process.execPath, ['cli/simcity.js', ...args, '--server', server.url], options);
  open.push(pty);
  return pty;
}

async function running(args = ['run'], options: PtyOptions = {}): Promise<Pty> {
  server.push(...historyFrames(0, 900), heartbeat(900));
  const pty = start(args, options);
  await pty.until((text) => text.includes('event 900') && text.includes('900 '), 'event 900');
  return pty;
}

/** The clock is the only thing on a recorded screen that moves. */
const still = (text: string) =>
  text
    .replace(/\d\d:\d\d\.\d(?!\d)/, '00:00.0')
    .replace(/\d\d:\d\d left/, '00:00 left')
    .replace(/♥ \d+\.\d s/, '♥ 0.0 s')
    .replace(/ +$/gm, '');

async function expectRestored(pty: Pty): Promise<void> {
  expect(pty.isAlternate()).toBe(false);
  expect(pty.isCursorHidden()).toBe(false);
  expect(pty.raw().lastIndexOf('\u001b[?7h')).toBeGreaterThan(pty.raw().lastIndexOf('\u001b[?7l'));
}

describe('the picture', () => {
  test.each([
    [80, 24],
    [120, 40],
    [60, 16],
  ])('%i columns and %i rows', async (columns, rows) => {
    const pty = await running(['run'], { columns, rows });
    expect(still(pty.text())).toMatchSnapshot();
    expect(pty.isAlternate()).toBe(true);
    for (const line of pty.screen()) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test('a failure shows what broke, expected against actual, and how to reproduce it', async () => {
    const pty = await running();
    server.push({ frame: 'event', data: violationEvent(901) }, endFrame(901, 'FAIL'));
    await pty.until((text) => text.includes('● FAIL'), 'FAIL');
    expect(still(pty.text())).toMatchSnapshot();
  });

  test('NO_COLOR draws without colours', async () => {
    const pty = await running(['run'], { env: { NO_COLOR: '1' } });
    expect(pty.raw()).not.toMatch(/\u001b\[(3|9)\d(;|m)/);
  });

  test('hostile names are shown, not obeyed', async () => {
    server.push(...historyFrames(0, 3));
    const hostile = {
      ...violationEvent(4),
      type: 'note',
      actor: '\u001b]0;x\u0007',
      data: { message: '\u001b[2J\u202e' },
    };
    server.push({ frame: 'event', data: hostile }, heartbeat(4));
    const pty = start(['run'], { columns: 100 });
    await pty.until((text) => text.includes('␛[2J<U+202E>'), 'the note');
  });
});

describe('keys', () => {
  test('space freezes the picture and lets it go again', async () => {
    const pty = await running();
    pty.press(' ');
    await pty.until((text) => text.includes('PAUSED'), 'PAUSED');
    server.push(...historyFrames(901, 950), heartbeat(950));
    await pty.until((text) => text.includes('50 behind'), 'how far it is behind');
    expect(pty.text()).toContain('event 900');
    pty.press(' ');
    await pty.until((text) => text.includes('event 950') && !text.includes('PAUSED'), 'the present');
  });

  test('? shows every key, and Esc closes it', async () => {
    const pty = await running();
    pty.press('?');
    await pty.until((text) => text.includes('Stop the run gracefully'), 'the help');
    pty.press('\u001b');
    await pty.until((text) => text.includes('Metrics'), 'the charts again');
  });

  test('s asks first; n stops nothing, y does', async () => {
    const pty = await running();
    pty.press('s');
    await pty.until((text) => text.includes('Stop this run?'), 'the question');
    pty.press('n');
    await pty.until((text) => !text.includes('Stop this run?'), 'the keys again');
    pty.press('s');
    await pty.until((text) => text.includes('Stop this run?'), 'the question');
    expect(server.requests.filter((line) => line.endsWith('/stop'))).toEqual([]);
    const stopped = server.next(/\/stop$/);
    pty.press('y');
    await stopped;
    server.push(endFrame(900, 'STOPPED'));
    await pty.until((text) => text.includes('● STOPPED'), 'STOPPED');
    pty.press('q');
    expect((await pty.exited).exitCode).toBe(3);
  });
});

describe('leaving', () => {
  test('run stays after the verdict until q, and leaves the verdict on the normal screen', async () => {
    const pty = await running();
    server.push(endFrame(900, 'PASS'));
    await pty.until((text) => text.includes('● PASS'), 'PASS');
    expect(pty.isAlternate()).toBe(true);
    pty.press('q');
    expect((await pty.exited).exitCode).toBe(0);
    await expectRestored(pty);
    expect(pty.text()).toContain('PASS  bookings@postgres  seed 42');
  });

  test('--exit-on-end leaves at the verdict', async () => {
    const pty = await running(['run', '--exit-on-end']);
    server.push(endFrame(900, 'FAIL'));
    expect((await pty.exited).exitCode).toBe(1);
    expect(pty.text()).toContain('reproduce: simcity run bookings');
  });

  test('q in watch leaves the run alone and says how to come back', async () => {
    const pty = await running(['watch']);
    pty.press('q');
    await pty.exited;
    await expectRestored(pty);
    expect(pty.text()).toContain('it goes on; see it again: simcity watch 12');
    expect(server.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  test('a run that is still being stopped is said to be so', async () => {
    const pty = await running();
    const stopped = server.next(/\/stop$/);
    pty.press('\u0003');
    await stopped;
    server.run = recordedRun({ status: 'STOPPING' });
    pty.press('\u0003');
    expect((await pty.exited).exitCode).toBe(130);
    expect(pty.text()).toMatch(
      /STOPPING {2}event 900[\s\S]*it is being stopped; see it again: simcity watch 12/,
    );
  });

  test('whether a run goes on is not said when its server is gone', async () => {
    const pty = await running(['watch']);
    await server.close();
    await pty.until((text) => text.includes('reconnecting'), 'the lost link');
    pty.press('q');
    await pty.exited;
    expect(pty.text()).toContain('its server does not answer');
    expect(pty.text()).not.toContain('it goes on;');
  });

  test('Ctrl-C in run stops it first, and leaves at once the second time', async () => {
    const pty = await running();
    const stopped = server.next(/\/stop$/);
    pty.press('\u0003');
    await stopped;
    await pty.until((text) => text.includes('Ctrl-C again leaves at once'), 'the notice');
    server.run = recordedRun({ status: 'STOPPED', stopReason: 'interrupted by the user' });
    pty.press('\u0003');
    expect((await pty.exited).exitCode).toBe(130);
    await expectRestored(pty);
    expect(pty.text()).toContain('STOPPED  bookings@postgres');
    expect(pty.text()).not.toMatch(/RUNNING|goes on/);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s restores the terminal', async (signal, exitCode) => {
    const pty = await running(['watch']);
    pty.kill(signal);
    expect((await pty.exited).exitCode).toBe(exitCode);
    await expectRestored(pty);
  });

  test('a server that refuses the stream restores the terminal and says why', async () => {
    server.script = ({ response }) => {
      const error = { code: 'not_found', message: 'there is no such run' };
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      return true;
    };
    const pty = start(['run']);
    expect((await pty.exited).exitCode).toBe(2);
    await expectRestored(pty);
    expect(pty.text()).toContain('there is no such run');
  });
});

describe('circumstances', () => {
  test('a resized terminal gets a picture of its size; one that is too small says what is needed', async () => {
    const pty = await running();
    pty.resize(110, 30);
    await pty.until((text) => text.includes('run #12'), 'the wider header');
    expect(pty.screen().at(-1)).toContain('q quit');
    pty.resize(40, 10);
    await pty.until((text) => text.includes('needs 60x16'), 'what is needed');
    expect(pty.text()).not.toContain('Metrics');
    pty.resize(80, 24);
    await pty.until((text) => text.includes('Metrics') && text.includes('q quit'), 'the picture again');
    expect(pty.text()).not.toContain('needs');
  });

  test('a lost link is shown, and gone when it is back', async () => {
    const pty = await running();
    let refuse = true;
    server.script = ({ response }) => {
      if (refuse) response.writeHead(503).end();
      return refuse;
    };
    server.cut();
    await pty.until((text) => text.includes('reconnecting'), 'reconnecting');
    refuse = false;
    server.push(...historyFrames(901, 910), heartbeat(910));
    await pty.until((text) => text.includes('event 910') && !text.includes('reconnecting'), 'the link again');
  });

  test('a flood of events makes few pictures', async () => {
    const pty = start(['run']);
    await pty.until((text) => text.includes('RUNNING'), 'the first picture');
    server.push(...historyFrames(0, 30_000), endFrame(30_000, 'PASS'));
    await pty.until((text) => text.includes('● PASS'), 'PASS', 20_000);
    const pictures = pty.raw().split('\u001b[?2026h').length - 1;
    expect(pictures).toBeLessThan(150);
    expect(pty.text()).toContain('event 30,000');
  });

  test.each([[{ CI: 'true' }], [{ TERM: 'dumb' }]])('with %j it is log lines', async (env) => {
    server.push(...historyFrames(0, 20), heartbeat(20), endFrame(20, 'PASS'));
    const pty = start(['run'], { env, columns: 200 });
    expect((await pty.exited).exitCode).toBe(0);
    expect(pty.raw()).not.toContain('\u001b[?1049h');
    expect(pty.text()).toContain('settings scenario=bookings');
  });
});
