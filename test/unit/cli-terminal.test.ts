import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startPulse } from '../../cli/output/pulse.ts';
import { createSentences } from '../../cli/output/sentences.ts';
import { styleFor } from '../../cli/output/style.ts';
import { wantsColor, wantsUnicode } from '../../cli/process/context.ts';
import { safeText } from '../../cli/run/sanitize.ts';
import { toAscii } from '../../cli/terminal/ascii.ts';
import { isLightBackground, saidBackground, type TerminalInput } from '../../cli/terminal/background.ts';
import { textWidth } from '../../cli/terminal/columns.ts';
import { endFrame, heartbeat, historyFrames, recordedRun, violationEvent } from '../helpers/recorded-run.ts';

describe('ASCII', () => {
  test('stands for boxes, charts and marks, in as many columns', () => {
    expect(toAscii('╭─ 1,482/s ─╮│ ▁▃█ ● … → 予約 ⣿')).toBe('/- 1,482/s -\\| _:# * . > ???? #');
    expect(toAscii('\u001b[31m│\u001b[0m')).toBe('\u001b[31m|\u001b[0m');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const safe = safeText(text);
        expect(toAscii(safe)).toMatch(/^[\u0020-\u007e]*$/);
        expect(textWidth(toAscii(safe))).toBe(textWidth(safe));
      }),
    );
  });

  test.each([
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{}, false],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'de_DE.UTF-8', LANG: 'C' }, true],
    [{ LANG: 'C', SIMCITY_ASCII: '0' }, true],
    [{ LANG: 'C.UTF-8', SIMCITY_ASCII: '1' }, false],
    [{ LANG: 'C.UTF-8', TERM: 'vt100' }, false],
    [{ LANG: 'C.UTF-8', TERM: 'vt220', SIMCITY_ASCII: '0' }, true],
    [{ LANG: 'C.UTF-8', TERM: 'xterm' }, true],
  ])('%j: UTF-8 is %s', (env, expected) => {
    expect(wantsUnicode(env)).toBe(expected);
  });
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ TERM: 'vt100' }, true, false],
  [{ TERM: 'xterm-mono' }, true, false],
  [{ TERM: 'linux' }, true, true],
  [{ TERM: 'vt340', COLORTERM: 'truecolor' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
])('%j on a terminal (%s): colours are %s', (env, terminal, expected) => {
  const isTerminal = { stdin: terminal, stdout: terminal, stderr: terminal };
  expect(wantsColor({ env, isTerminal } as Parameters<typeof wantsColor>[0], 'stdout')).toBe(expected);
});

/** A terminal that answers `answer`, and at which `typed` is typed meanwhile. */
class FakeTerminal extends EventEmitter implements TerminalInput {
  readonly chunks: Buffer[] = [];
  written = '';
  readonly answer: string | null;

  constructor(answer: string | null) {
    super();
    this.answer = answer;
  }

  setRawMode(): void {}
  read(): Buffer | null {
    return this.chunks.shift() ?? null;
  }
  unshift(chunk: Buffer): void {
    this.chunks.unshift(chunk);
  }
  write(text: string): void {
    this.written += text;
    if (this.answer !== null) this.say(this.answer);
  }
  say(text: string): void {
    this.chunks.push(Buffer.from(text));
    this.emit('readable');
  }
}

describe('the background', () => {
  test('is what the user or the environment says', () => {
    expect(saidBackground({ SIMCITY_THEME: 'light', COLORFGBG: '15;0' })).toBe('light');
    expect(saidBackground({ COLORFGBG: '15;0' })).toBe('dark');
    expect(saidBackground({ COLORFGBG: '0;default;15' })).toBe('light');
    expect(saidBackground({ SIMCITY_THEME: 'auto', TERM: 'xterm-256color' })).toBeNull();
  });

  test.each([
    ['\u001b]11;rgb:ffff/ffff/ffff\u001b\\\u001b[?62;4c', true],
    ['\u001b]11;rgb:1e/1e/2e\u0007\u001b[?1;2c', false],
    ['\u001b[?1;2c', false],
  ])('is what the terminal answers: %j', async (answer, light) => {
    const terminal = new FakeTerminal(answer);
    expect(await isLightBackground({}, terminal, terminal, 10_000)).toBe(light);
    expect(terminal.read()).toBeNull();
  });

  test('what is typed meanwhile is not lost', async () => {
    const terminal = new FakeTerminal('q\u001b]11;rgb:ff/ff/ff\u001b\\s\u001b[?62c');
    expect(await isLightBackground({}, terminal, terminal, 10_000)).toBe(true);
    expect(String(terminal.read())).toBe('qs');
  });

  test('an answer that comes late is no key', async () => {
    const terminal = new FakeTerminal(null);
    expect(await isLightBackground({}, terminal, terminal, 1)).toBe(false);
    terminal.say('\u001b]11;rgb:ff/ff/ff\u001b\\\u001b[?62c');
    expect(String(terminal.read())).toBe('');
    terminal.say('q');
    expect(String(terminal.read())).toBe('q');
  });
});

test('a pulse speaks after each silence, and is put off by what is said', async () => {
  const spoken: number[] = [];
  await new Promise<void>((resolve) => {
    const pulse = startPulse((silentMs) => {
      spoken.push(silentMs);
      if (spoken.length < 2) return;
      pulse.stop();
      resolve();
    }, 40);
    pulse.touch();
  });
  expect(spoken[0]).toBeGreaterThanOrEqual(40);
  expect((spoken[1] ?? 0) - (spoken[0] ?? 0)).toBeGreaterThanOrEqual(39);
});

describe('sentences', () => {
  test('tell what changes, once, without codes or columns', () => {
    let nowMs = 0;
    const narrator = createSentences(() => nowMs);
    const all = [...narrator.start(recordedRun()), ...narrator.frame(heartbeat(0))];
    for (const frame of historyFrames(0, 80)) all.push(...narrator.frame(frame));
    nowMs = 5_000;
    all.push(...narrator.frame(heartbeat(80)), ...narrator.frame(heartbeat(80)));
    const hostile = { ...violationEvent(81), data: { invariant: 'no-overbooking', message: 'a\u001b[2Jb' } };
    all.push(...narrator.frame({ frame: 'event', data: hostile }));
    all.push(...narrator.verdict(recordedRun(), endFrame(82, 'FAIL').data, styleFor(true)));
    expect(all[0]).toMatch(/^This is run .* The settings: scenario bookings, target postgres, seed 42, /);
    expect(all.filter((line) => line === 'The run is under way.')).toHaveLength(1);
    expect(all.filter((line) => line.startsWith('After 5.00 s: 40 operations, '))).toHaveLength(1);
    expect(all.join('\n')).toContain('Faults since then: drop-response 2 times.');
    expect(all.join('\n')).toContain('Violation at event 81: no-overbooking: a␛[2Jb');
    expect(all.at(-1)).toMatch(/^For all that is known: simcity forensic /);
    expect(all.join('\n')).not.toMatch(/\u001b| {2}/);
  });
});
