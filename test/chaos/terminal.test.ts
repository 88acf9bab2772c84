/** Row 22: text that wants to act on the terminal, through every view of `simcity watch` in a real pseudo-terminal. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { RunEvent } from '../../server/contract/index.ts';
import { type Pty, startPty } from '../helpers/pty.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { FakeHarness, launch } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { serve, startSimcity } from './support/parts.ts';
import { between, pick } from './support/prng.ts';
import { ROW_VARIABLE } from './support/processes.ts';
import { row } from './support/row.ts';
import { randomOf } from './support/seed.ts';
import { within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

/** Pieces that act, hide or turn; NUL and lone surrogates cannot be stored, so that none comes so far. */
const PIECES = [
  '\u001b[2J',
  '\u001b]0;owned\u0007',
  '\u001b]52;c;cm0gLXJmIC8=\u0007',
  '\u001b]8;;http://evil\u001b\\',
  '\u001b[6n',
  '\u001b[8m',
  '\u001bP+q544e\u001b\\',
  '\u001bc',
  '\u001b[?1049l',
  '\u001b[?25h',
  '\u001b(0',
  '\u009b31m',
  '\u0090q\u009c',
  '\u009d0;x\u009c',
  '\b\b\b',
  '\r',
  '\n',
  '\r\n',
  '\t',
  '\u0007',
  '\u000e',
  '\u007f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u200d',
  '\ufeff',
  '\u{e0041}',
  '日本語',
  '👩‍👩‍👧',
  'e\u0301\u0301\u0301',
  '\n::error file=x::pwned',
  '\n::set-output name=x::pwned',
  '\r\n##[error]pwned',
  'plain',
  ' ',
];

/** What the log of a CI job takes for a command to itself. */
const CI_COMMAND = /^\s*(?:::|##\[).*$/m;

/** All that the app itself ever writes: places, colours, erasing, its modes, and two questions at its start. */
const OWN =
  /\u001b\[(?:\d+;\d+H|\d+C|[\d;]*m|[0-2]?K|[0-2]?J|H|\?(?:1049|25|7|2004|2026)[hl]|c|\?u)|\u001b\]11;\?(?:\u0007|\u001b\\)/g;
const ACTS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

const EVENTS = 1_000;
const KEY = { pageDown: '\u001b[6~', enter: '\r', escape: '\u001b', tab: '\t', end: '\u001b[F' };

const SIZES = [
  [200, 60],
  [120, 40],
  [80, 24],
] as const;

/** By what each view is known, and what is opened in it: keys, and what shows that they have done their work. */
const VIEWS: readonly (readonly [string, RegExp])[] = [
  ['1', /╭ Metrics/],
  ['3', /verify|shrink/],
  [KEY.tab, /╭ Bundle/],
  ['4', /╭ City|Events around/],
  ['5', /Checks and faults|╭ Faults/],
  ['6', /╭ Runs[\s\S]*FAIL +#\d+/],
  [KEY.enter, /╭ Metrics/],
  ['?', /Keys of/],
];

/** Looks at all that can be seen of a run that has failed: its whole history, every view, the help; then leaves. */
async function lookAtAll(pty: Pty): Promise<void> {
  const press = async (keys: string, shows: RegExp) => {
    pty.press(keys);
    await pty.until((text) => shows.test(text), `${shows} after ${JSON.stringify(keys)}`, 30_000);
  };
  await pty.until((text) => /FAIL/.test(text) && /\? help/.test(text), 'the end of the run', 60_000);
  await press('2', /the last of /);
  await press('g', /(^|\D)0 of 0 to/);
  for (let page = 0; !pty.text().includes(` ${EVENTS - 1} of 0 to`); page++) {
    const before = pty.text();
    pty.press(KEY.pageDown);
    await pty.until((text) => text !== before, `page ${page}`, 30_000);
  }
  await press(KEY.enter, /╭ Event \d+ ─/);
  for (const [keys, shows] of VIEWS) await press(keys, shows);
  pty.press(KEY.escape);
  await pty.until((text) => !text.includes('Keys of'), 'no help', 30_000);
  pty.press('q');
}

row(
  {
    row: 22,
    fault: '5,000 hostile strings through every view, in a pseudo-terminal',
    target: "only the renderer's own escapes",
    timeoutMs: 300_000,
  },
  async (row) => {
    const random = randomOf('hostile strings');
    let strings = 0;
    const hostile = (most = 200) => {
      strings += 1;
      const pieces = Array.from({ length: between(random, 1, 5) }, () => pick(random, PIECES));
      return pieces.join('').slice(0, most).toWellFormed() || 'x';
    };
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const harness = new FakeHarness(server.url, (await launch(server.url, { campaign: hostile(100) })).id);
    await harness.claim(sql, 600);
    const events: RunEvent[] = Array.from({ length: EVENTS }, (_, index) => ({
      index,
      at: new Date(1_750_000_000_000 + index).toISOString(),
      virtualMs: index,
      type:
        index === EVENTS - 1
          ? 'end'
          : pick(random, ['book.ok', 'fault', 'note', 'violation', 'book.refused', hostile(90)]),
      actor: hostile(),
      data: {
        op: index,
        slot: hostile(),
        reason: hostile(),
        message: hostile(),
        invariant: hostile(),
        [hostile()]: hostile(),
      },
    }));
    const snapshots = [
      { index: 10, at: events[10]?.at, metrics: { [hostile()]: 1, [hostile()]: 2, bookings: 3 } },
    ];
    await harness.post({ events: events.slice(0, 11), snapshots });
    const failForensic = recordedForensic({
      message: hostile(),
      invariant: hostile(),
      object: hostile(),
      reproduce: hostile(),
      actual: [hostile(), hostile()],
      expected: { [hostile()]: hostile() },
      difference: [hostile(), hostile()],
      faultsActive: [hostile()],
      eventIndex: 900,
      lastEvents: events.slice(-50).map((event) => ({ ...event })),
    });
    const report = { status: 'FAIL', reason: hostile(), failForensic };
    expect(await harness.post({ events: events.slice(11), end: report })).toMatchObject({ status: 200 });

    const screens: string[] = [];
    for (const [columns, rows] of SIZES) {
      const pty = startPty(
        process.execPath,
        ['cli/simcity.js', 'watch', harness.runId, '--server', server.url],
        {
          columns,
          rows,
          env: { [ROW_VARIABLE]: row.tag, SIMCITY_DATA_DIR: database.folder },
        },
      );
      row.defer(() => pty.kill('SIGKILL'));
      await lookAtAll(pty);
      await within('watch leaves', 30_000, pty.exited).catch((error) => {
        throw new Error(`${error}: ${pty.text()}`);
      });
      screens.push(pty.raw());
    }
    for (const args of [
      ['events', harness.runId],
      ['show', harness.runId],
      ['forensic', harness.runId],
      ['runs'],
      ['watch', harness.runId, '--log'],
    ]) {
      const command = await startSimcity(row, [...args, '--server', server.url]);
      await within(`simcity ${args[0]} ends`, 60_000, command.ended);
      screens.push(command.stdout + command.stderr);
      expect(CI_COMMAND.exec(command.stdout + command.stderr)?.[0], args.join(' ')).toBeUndefined();
    }
    for (const [at, written] of screens.entries()) {
      expect(written.length, `output ${at}`).toBeGreaterThan(100);
      const foreign = written.replace(OWN, '').replaceAll('\r\n', '\n');
      const found = ACTS.exec(foreign);
      const around = found && JSON.stringify(foreign.slice(Math.max(0, found.index - 60), found.index + 40));
      expect(around, `output ${at}: what acts on a terminal`).toBeNull();
    }
    expect(screens[0], 'foreign escapes are shown').toContain('␛[2J');
    expect(strings).toBeGreaterThanOrEqual(5_000);
    row.say(
      `${strings} strings in ${EVENTS} events, metrics, a bundle; all six views, opened events, the bundle as a tree and the help at ${SIZES.map((size) => size.join('×')).join(', ')}, and five commands in a pipe`,
    );
    row.reach(`${Math.round(screens.join('').length / 1024)} KiB of output, nothing foreign acts`);
  },
);
