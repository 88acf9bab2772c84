import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Run } from '../../server/contract/index.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { type Pty, type PtyOptions, startPty } from '../helpers/pty.ts';
import {
  adapterDiagnosis,
  diagnosedEnd,
  diagnosedRun,
  lostAttempt,
  recordedCity,
  recordedDiagnosis,
  recordedForensic,
} from '../helpers/recorded-failure.ts';
import {
  endFrame,
  heartbeat,
  historyFrames,
  recordedEvent,
  recordedRun,
  violationEvent,
} from '../helpers/recorded-run.ts';

let server: FakeServer;
let open: Pty[];
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
  server.city = recordedCity;
  open = [];
});
afterEach(async () => {
  for (const pty of open) {
    pty.kill('SIGKILL');
    await pty.exited;
  }
  await server.close();
});

const KEY = {
  left: '\u001b[D',
  shiftLeft: '\u001b[1;2D',
  up: '\u001b[A',
  down: '\u001b[B',
  pageUp: '\u001b[5~',
  home: '\u001b[H',
  end: '\u001b[F',
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
} as const;

function start(args: string[], options: PtyOptions = {}): Pty {
  const pty = startPty(process.execPath, ['cli/simcity.js', ...args, '--server', server.url], options);
  open.push(pty);
  return pty;
}

/** A run that failed at event 900, looked at in its Live view. */
async function failed(options: PtyOptions = {}, args = ['watch']): Promise<Pty> {
  server.push(...historyFrames(0, 900), heartbeat(900), { frame: 'event', data: violationEvent(901) });
  server.push(endFrame(901, 'FAIL'));
  server.run = { ...server.run, status: 'FAIL', pass: false, failForensic: recordedForensic() };
  server.run.live = { ...server.run.live, status: 'FAIL', eventIndex: 901 };
  const pty = start(args, options);
  // The duration comes with the end, after everything else.
  await pty.until(
    (text) => /● FAIL {2}00:12\.4/.test(text) && text.includes('┼') && /─ 0 ─/.test(text),
    'FAIL',
  );
  return pty;
}

async function running(options: PtyOptions = {}, args = ['watch']): Promise<Pty> {
  server.push(...historyFrames(0, 900), heartbeat(900));
  const pty = start(args, options);
  await pty.until((text) => text.includes('event 900'), 'event 900');
  return pty;
}

/** Presses keys and waits for what they show. */
async function go(pty: Pty, keys: string, shows: string | RegExp): Promise<string> {
  pty.press(keys);
  const has = (text: string) => (typeof shows === 'string' ? text.includes(shows) : shows.test(text));
  return await pty.until(has, String(shows));
}

/** Opens a line with `key`, types `text` into it, and waits for what it shows once it is taken. */
async function fill(pty: Pty, key: string, text: string, shows: string | RegExp): Promise<string> {
  await go(pty, key, '▏');
  await go(pty, text, `${text}▏`);
  return await go(pty, KEY.enter, shows);
}

/** Clocks and ages are the only things on a recorded screen that move. */
const still = (text: string) =>
  text
    .replace(/\d\d:\d\d\.\d(?!\d)/g, '00:00.0')
    .replace(/\d\d:\d\d left/g, '00:00 left')
    .replace(/♥ \d+\.\d s/, '♥ 0.0 s')
    .replace(/ +$/gm, '');

const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

describe('every view of a recorded run', () => {
  test.each(SIZES)('%i columns and %i rows', async (columns, rows) => {
    const pty = await failed({ columns, rows });
    expect(still(pty.text())).toMatchSnapshot('Live');
    await go(pty, '2', 'the last of');
    expect(still(await fill(pty, ':', '450', '450 of 0 to 901'))).toMatchSnapshot('Events');
    expect(
      still(await go(pty, KEY.enter, /interval {2}00[\s\S]*11 overlapped it(?!, as far)/)),
    ).toMatchSnapshot('Event opened');
    expect(still(await go(pty, '3', 'FAIL  no-overbooking'))).toMatchSnapshot('Forensics');
    expect(still(await go(pty, `${KEY.tab}`, '▸ history'))).toMatchSnapshot('Bundle');
    await go(pty, '4', /event 901 of 901/);
    await fill(pty, ':', '450', 'event 450 of 901');
    const replay = (text: string) =>
      /event 450 of 901 {2}00:03/.test(text) &&
      text.includes('acknowledged') &&
      !text.includes('after event 901');
    expect(still(await pty.until(replay, 'event 450'))).toMatchSnapshot('Replay');
    expect(still(await go(pty, '5', 'Must hold always'))).toMatchSnapshot('Checks');
    expect(still(await go(pty, '?', 'Keys of Checks'))).toMatchSnapshot('Help');
    for (const line of pty.screen()) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

describe('every view of a run that says nothing about the service', () => {
  const lost = diagnosedRun(recordedDiagnosis(), {
    lostAttempts: [lostAttempt(1, 412), lostAttempt(2, 900)],
  });
  const adapter = diagnosedRun(adapterDiagnosis());

  /** A run that ended with a diagnosis, looked at in its Live view. */
  async function diagnosed(run: Run, options: PtyOptions): Promise<Pty> {
    const end = {
      ...recordedEvent(901),
      ...{ type: 'end', actor: 'city', data: { status: 'STOPPED', reason: run.stopReason } },
    };
    server.push(...historyFrames(0, 900), heartbeat(900), { frame: 'event', data: end }, diagnosedEnd(run));
    server.run = run;
    const pty = start(['watch'], options);
    // A rate is told until the end is known.
    const isOver = (text: string) => text.includes('event 901') && !/event 901 +\d+\/s/.test(text);
    await pty.until((text) => isOver(text) && text.includes('┼') && /─ 0 ─/.test(text), 'the end');
    return pty;
  }

  test.each([
    ['LOST', lost, 80, 24],
    ['LOST', lost, 120, 40],
    ['ADAPTER ERROR', adapter, 80, 24],
    ['ADAPTER ERROR', adapter, 120, 40],
  ] as const)('%s', async (outcome, run, columns, rows) => {
    const pty = await diagnosed(run, { columns, rows });
    const name = (view: string) => `${view}, ${columns} columns`;
    expect(pty.text()).toContain(`● ${outcome}`);
    expect(still(pty.text())).toMatchSnapshot(name('Live'));
    expect(still(await go(pty, '2', 'the last of'))).toMatchSnapshot(name('Events'));
    expect(still(await go(pty, '3', 'Run again'))).toMatchSnapshot(name('Forensics'));
    await go(pty, 'x', `The run ended as ${outcome}: there is nothing to shrink.`);
    await go(pty, 'v', `The run ended as ${outcome}: there is nothing to verify.`);
    expect(still(await go(pty, KEY.tab, '▸ lastEvents'))).toMatchSnapshot(name('Bundle'));
    await go(pty, '4', /event 901 of 901/);
    await fill(pty, ':', '450', 'event 450 of 901');
    const replay = (text: string) =>
      /event 450 of 901 {2}00:03/.test(text) &&
      text.includes('acknowledged') &&
      !text.includes('after event 901');
    expect(still(await pty.until(replay, 'event 450'))).toMatchSnapshot(name('Replay'));
    expect(still(await go(pty, '5', 'Must hold always'))).toMatchSnapshot(name('Checks'));
    expect(pty.text()).not.toContain('broken');
    for (const line of pty.screen()) expect(line.length).toBeLessThanOrEqual(columns);
    // Red is for a FAIL alone.
    expect(pty.raw()).not.toMatch(/FAIL/);
    pty.press('q');
    expect((await pty.exited).exitCode).toBe(outcome === 'LOST' ? 4 : 2);
    expect(pty.text()).toContain(`${outcome}  bookings@postgres`);
  });

  test('a run that waits to be executed again says so, and goes on where it was', async () => {
    server.push(...historyFrames(0, 412), heartbeat(412));
    const pty = start(['watch'], { columns: 120, rows: 40 });
    await pty.until((text) => text.includes('event 412'), 'event 412');
    server.run = recordedRun({ status: 'QUEUED', lostAttempts: [lostAttempt(1, 412)] });
    server.push(heartbeat(412, 'QUEUED'));
    await pty.until((text) => text.includes('waiting to be executed again (attempt 2 of 3)'), 'the wait');
    expect(still(pty.text())).toMatchSnapshot('Queued again');
    server.push(heartbeat(412), ...historyFrames(413, 500), heartbeat(500));
    await pty.until((text) => text.includes('event 500'), 'event 500');
    expect(pty.text()).toMatch(/● RUNNING .* attempt 2 /);
    expect(pty.text()).not.toContain('again');
    server.push(endFrame(500, 'PASS'));
    await pty.until((text) => text.includes('● PASS'), 'PASS');
    pty.press('q');
    expect((await pty.exited).exitCode).toBe(0);
    expect(pty.text()).toContain('attempt 2 (the first was lost at event 412: harness-lost)');
  });
});

describe('Events', () => {
  test('a filter shows only what matches, in both directions, and Esc shows everything again', async () => {
    const pty = await failed({ columns: 120, rows: 40 }, ['watch']);
    await go(pty, '2', 'the last of');
    const text = await fill(pty, 'f', 'slot:006 type:book.ok', /\d+ found in all events/);
    const rows = text.split('\n').filter((line) => /^│ +\d+ {2}00:/.test(line));
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) expect(row).toMatch(/book\.ok .*slot-006/);
    await go(pty, KEY.escape, /Events ─/);
  });

  test('a search goes to the next match, n and N on and back', async () => {
    const pty = await failed({ columns: 120, rows: 40 });
    await go(pty, '2', 'the last of');
    await go(pty, KEY.home, '0 of 0 to 901');
    await fill(pty, '/', 'drop-response', ' 37 of 0 to 901');
    await go(pty, 'n', /6\d of 0 to 901|74 of 0 to 901/);
    await go(pty, 'N', '37 of 0 to 901');
    await fill(pty, '/', 'no such thing', 'No later event matches no such thing; N looks back.');
  });

  test('Tab goes from a request to its answer and back', async () => {
    const pty = await failed({ columns: 120, rows: 40 });
    await go(pty, '2', 'the last of');
    await fill(pty, ':', '449', '449 of 0 to 901');
    await go(pty, KEY.tab, '450 of 0 to 901');
    await go(pty, KEY.tab, '449 of 0 to 901');
  });

  test('an index that does not exist is refused with what would be right', async () => {
    const pty = await failed();
    await go(pty, '2', 'the last of');
    await fill(pty, ':', '99999', 'a whole number from 0 to 901');
    await go(pty, KEY.escape, 'the last of');
  });
});

describe('Replay', () => {
  test('arrows, Shift, pages, ends, and the next and previous fault', async () => {
    const pty = await failed({ columns: 120, rows: 40 }, ['replay']);
    await go(pty, KEY.left, 'event 900 of 901');
    await go(pty, KEY.shiftLeft, 'event 890 of 901');
    await go(pty, KEY.pageUp, 'event 790 of 901');
    await go(pty, '[', 'event 777 of 901');
    await go(pty, ']', 'event 814 of 901');
    await go(pty, KEY.home, 'event 0 of 901');
    await go(pty, KEY.end, 'event 901 of 901');
    await go(pty, KEY.enter, 'Event 901');
  });

  test('space plays from the beginning to the end, at a chosen speed', async () => {
    const pty = await failed({ columns: 120, rows: 40 }, ['replay']);
    await go(pty, KEY.left, 'plays at 20 events/s');
    await go(pty, '+', 'plays at 100 events/s');
    await go(pty, '+++', 'plays at 10,000 events/s');
    await go(pty, '-', 'plays at 2,000 events/s');
    await go(pty, KEY.home, 'event 0 of 901');
    await go(pty, ' ', 'playing at 2,000 events/s');
    await pty.until((text) => /event 901 of 901/.test(text) && !text.includes('playing'), 'the end');
  });

  test('a running run can be scrubbed back and followed again', async () => {
    const pty = await running({ columns: 120, rows: 40 });
    await go(pty, '4', 'following the run');
    await go(pty, KEY.left, 'event 899 of 900');
    server.push(...historyFrames(901, 950), heartbeat(950));
    await pty.until((text) => text.includes('event 899 of 950'), 'the place, held');
    await go(pty, 'F', 'event 950 of 950');
    server.push(...historyFrames(951, 960), heartbeat(960));
    await pty.until((text) => text.includes('event 960 of 960'), 'the run, followed');
  });

  test('another run beside it, equal to the end', async () => {
    const pty = await failed({ columns: 120, rows: 40 }, ['replay']);
    await fill(pty, 'c', 'latest', 'equal to the end');
    await go(pty, KEY.escape, 'acknowledged');
  });
});

describe('Forensics', () => {
  test('y copies the command, and nothing but it, to the clipboard', async () => {
    const pty = await failed();
    await go(pty, '3', 'FAIL  no-overbooking');
    await go(pty, 'y', 'Copied');
    const copied = /\u001b\]52;c;([^\u0007]*)\u0007/.exec(pty.raw())?.[1] ?? '';
    expect(Buffer.from(copied, 'base64').toString()).toBe(
      'npx simcity run --seed 42 --bug check-then-insert',
    );
  });

  test('a command that is not our own is not copied', async () => {
    server.push(...historyFrames(0, 20), endFrame(20, 'FAIL'));
    const failForensic = recordedForensic({ reproduce: 'simcity run; rm -rf ~' });
    server.run = { ...server.run, status: 'FAIL', pass: false, failForensic };
    const pty = start(['watch']);
    await pty.until((text) => text.includes('● FAIL'), 'FAIL');
    await go(pty, '3', 'FAIL  no-overbooking');
    await go(pty, 'y', 'Not copied');
    expect(pty.raw()).not.toContain('\u001b]52');
  });

  test('branches of the bundle fold and unfold', async () => {
    const pty = await failed({ columns: 120, rows: 40 });
    await go(pty, '3', 'FAIL  no-overbooking');
    await go(pty, KEY.tab, '▸ operation');
    await go(pty, 'jjjjjj', '─ /operation ─');
    await go(pty, KEY.enter, '▾ operation');
    await go(pty, KEY.enter, '▸ operation');
  });
});

describe('pastes', () => {
  test('are no keys, but can be typed into a line', async () => {
    const pty = await running({ columns: 120, rows: 40 });
    pty.press('\u001b[200~2q\u001b[201~');
    await go(pty, '4', 'following the run');
    await go(pty, ':', '▏');
    await go(pty, '\u001b[200~4\n50\u001b[201~', '4 50▏');
    await go(pty, '\u007f\u007f\u007f50\r', 'event 450 of 900');
  });
});

describe('what must not be changed', () => {
  test('--read-only stops and executes nothing', async () => {
    const pty = await running({}, ['watch', '--read-only']);
    await go(pty, 's', 'read-only (--read-only)');
    expect(server.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });
});

describe('the list of runs', () => {
  const AGES = /\d+[smhd] {2}/g;

  beforeEach(() => {
    const base = server.run;
    const ended = { durationSecondsActual: 12.408, startedAt: base.createdAt };
    const id = (n: number) => `0198c2d4-1b2c-7d3e-8f4a-5b6c7d8e000${n}`;
    server.runs = [
      {
        ...base,
        id: id(5),
        campaign: 'nightly',
        live: { ...base.live, eventIndex: 18_204, eventsPerSecond: 1_482 },
      },
      {
        ...base,
        ...ended,
        id: id(4),
        status: 'FAIL',
        pass: false,
        campaign: 'nightly',
        failForensic: recordedForensic(),
      },
      {
        ...base,
        ...ended,
        id: id(3),
        status: 'STOPPED',
        stopReason: 'harness-lost',
        failForensic: recordedDiagnosis(),
      },
      { ...base, ...ended, id: id(2), status: 'PASS', pass: true },
      { ...base, ...ended, id: id(1), status: 'STOPPED', stopReason: 'seen enough' },
    ];
  });

  test.each(SIZES)('%i columns and %i rows', async (columns, rows) => {
    const pty = start(['browse'], { columns, rows });
    const text = await pty.until((shown) => shown.includes('STOPPED'), 'the runs');
    expect(text.replace(AGES, '').replace(/AGE +/, '')).toMatchSnapshot('Runs');
    expect(await go(pty, 'n', 'Launch a run')).toContain('a fresh one');
  });

  test.each([
    [80, 24],
    [120, 40],
  ])('with an adapter error, %i columns and %i rows', async (columns, rows) => {
    const run = diagnosedRun(adapterDiagnosis(), { campaign: 'nightly', lostAttempts: [lostAttempt(1, 7)] });
    const again = { status: 'QUEUED', eventIndex: 412 } as const;
    const waiting = recordedRun({ status: 'QUEUED', lostAttempts: [lostAttempt(1, 412)] });
    const id = (n: number) => `0198c2d4-1b2c-7d3e-8f4a-5b6c7d8e001${n}`;
    server.runs = [
      { ...run, id: id(9) },
      { ...waiting, id: id(8), live: { ...waiting.live, ...again } },
      ...(server.runs ?? []),
    ];
    const pty = start(['browse'], { columns, rows });
    const text = await pty.until((shown) => shown.includes('STOPPED'), 'the runs');
    expect(text.replace(AGES, '').replace(/AGE +/, '')).toMatchSnapshot('Runs');
  });

  test('what says nothing about the service is told apart from a failure, by filters too', async () => {
    const pty = start(['browse'], { columns: 120, rows: 40 });
    await pty.until((text) => text.includes('● LOST'), 'LOST');
    pty.press('fff');
    const text = await pty.until((shown) => shown.includes('Runs  FAIL'), 'the failures');
    expect(text).toContain('● FAIL');
    expect(text).not.toContain('● LOST');
    expect(await go(pty, 'f', 'Runs  LOST')).toMatch(/● LOST .* harness-lost/);
    expect(pty.text()).not.toContain('● FAIL');
    expect(await go(pty, 'f', 'Runs  ADAPTER ERROR')).toContain('no run is in this state');
    expect(await go(pty, 'f', 'Runs  STOPPED')).not.toContain('● LOST');
  });

  test('Enter watches the chosen run, Esc comes back, q leaves', async () => {
    server.push(...historyFrames(0, 20), heartbeat(20));
    const pty = start(['browse'], { columns: 120, rows: 40 });
    await pty.until((text) => text.includes('STOPPED'), 'the runs');
    await go(pty, KEY.enter, 'Bookings (active)');
    await go(pty, KEY.escape, 'AGE');
    pty.press('q');
    expect((await pty.exited).exitCode).toBe(0);
    expect(pty.isAlternate()).toBe(false);
  });

  test('the form refuses what cannot be, says what would be right, and launches what can', async () => {
    server.push(...historyFrames(0, 20), heartbeat(20));
    const pty = start(['browse'], { columns: 120, rows: 40 });
    await pty.until((text) => text.includes('STOPPED'), 'the runs');
    await go(pty, 'n', 'Launch a run');
    for (const label of ['Target', 'Seed', 'Operations']) await go(pty, KEY.down, `▸ ${label}`);
    await go(pty, 'lots', 'lots▏');
    await go(pty, KEY.enter, 'It takes a whole number from 1 to 100000000.');
    await go(pty, '\u0015', /▸ Operations +▏/);
    await go(pty, '500', '500▏');
    const launched = server.next(/^POST \/runs$/);
    pty.press(KEY.enter);
    await launched;
    expect(server.bodies.at(-1)).toMatchObject({ scenario: 'bookings', config: { operations: 500 } });
    await pty.until((text) => text.includes('Bookings (active)'), 'the new run');
  });

  test('a stop is asked for first', async () => {
    const pty = start(['browse'], { columns: 120, rows: 40 });
    await pty.until((text) => text.includes('STOPPED'), 'the runs');
    await go(pty, 's', 'Stop this run?');
    const stopped = server.next(/\/stop$/);
    pty.press('y');
    await stopped;
  });
});
