/** Row 22: text that wants to act on the terminal, through every view of `simcity watch` in a real pseudo-terminal. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { RunEvent } from '../../server/contract/index.ts';
import { startPty } from '../helpers/pty.ts';
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
  'plain',
  ' ',
];

/** All that the app itself ever writes: places, colours, erasing, its modes, and two questions at its start. */
const OWN =
  /\u001b\[(?:\d+;\d+H|\d+C|[\d;]*m|[0-2]?K|[0-2]?J|H|\?(?:1049|25|7|2004|2026)[hl]|c|\?u)|\u001b\]11;\?(?:\u0007|\u001b\\)/g;
const ACTS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

const EVENTS = 1_000;
const KEY = { pageDown: '\u001b[6~', enter: '\r', escape: '\u001b', tab: '\t', end: '\u001b[F' };

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
    for (const [columns, rows] of [
      [120, 40],
      [80, 24],
    ] as const) {
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
      const press = async (keys: string, what: string, changes = true) => {
        const before = pty.text();
        pty.press(keys);
        await pty.until((text) => !changes || text !== before, what, 30_000);
      };
      await pty.until((text) => /FAIL/.test(text) && /\? help/.test(text), 'the end of the run', 60_000);
      await press('2', 'Events');
      await press('g', 'the first event');
      for (let page = 0; !pty.text().includes(` ${EVENTS - 1} of 0 to`); page++)
        await press(KEY.pageDown, `page ${page}`);
      await press(KEY.enter, 'an event opened', false);
      for (const view of ['3', '4', '5', '1', '3']) await press(view, `view ${view}`, false);
      await press(KEY.tab, 'the bundle', false);
      pty.press('?');
      await pty.until((text) => text.includes('Keys of'), 'help', 30_000);
      pty.press(KEY.escape);
      await pty.until((text) => !text.includes('Keys of'), 'no help', 30_000);
      pty.press('q');
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
      `${strings} strings in ${EVENTS} events, metrics, a bundle; the views but the list of runs at 120×40 and 80×24, and five commands in a pipe`,
    );
    row.reach(`${Math.round(screens.join('').length / 1024)} KiB of output, nothing foreign acts`);
  },
);
