/** The menu of commands: what a typed line means, and what keys do in it. */
import { describe, expect, test } from 'vitest';
import { bindingsOf } from '../../cli/tui/input/keymap.ts';
import { commandsFor, type Offer } from '../../cli/tui/state/commands.ts';
import { EMPTY_PALETTE, strokeInPalette, type Taken } from '../../cli/tui/state/palette.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State } from '../../cli/tui/state/state.ts';
import { heartbeat, historyFrames, RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

const OFFER: Offer = {
  bindings: bindingsOf('live'),
  runs: [12, 7, 71].map((number) => recordedRun({ number, id: `${RUN_ID.slice(0, -2)}${number}` })),
  newest: 900,
};
const texts = (line: string) => commandsFor(OFFER, line).map(({ text }) => text);

describe('what a line means', () => {
  test('nothing typed: every command of the view with its key, and what takes a number', () => {
    const all = commandsFor(OFFER, '');
    for (const binding of bindingsOf('live').filter(({ short }) => short !== undefined && short !== 'menu'))
      expect(all.map(({ key }) => key)).toContain(binding.label);
    expect(texts('')).toEqual(
      expect.arrayContaining(['go to Live', 'go to event', 'open run', 'help', 'quit']),
    );
  });

  test.each([
    ['quit', 'quit'],
    ['stop', 'stop this run'],
    ['for', 'go to Forensics'],
    ['go rep', 'go to Replay'],
    ['brows', 'open the page'],
    ['frnsc', 'go to Forensics'],
    ['event 450', 'go to event 450'],
    ['go to event 1,2', 'go to event 12'],
    ['open run 7', 'open run 7'],
    ['run #12', 'open run 12'],
  ])('%s: first %s', (line, first) => {
    expect(texts(line)[0]).toBe(first);
  });

  test('an event that is not there yet, and words that are nowhere, are no command', () => {
    expect(texts('go to event 901')).toEqual([]);
    expect(texts('make coffee')).toEqual([]);
  });

  test('numbers of runs are completed from those that are known; another one is asked for', () => {
    expect(texts('open run 7')).toEqual(['open run 7', 'open run 71']);
    expect(commandsFor(OFFER, 'open run 0198c2')[0]?.act).toEqual({ do: 'run', ref: '0198c2' });
  });

  test('names of foreign origin cannot act on the terminal', () => {
    const hostile = { ...OFFER, runs: [recordedRun({ number: 3, scenario: '\u001b[2J' })] };
    expect(JSON.stringify(commandsFor(hostile, 'run 3'))).not.toContain('\\u001b');
  });
});

describe('keys in it', () => {
  const type = (...keys: string[]): Taken =>
    keys.reduce<Taken>(
      ({ palette }, key) =>
        strokeInPalette(palette ?? EMPTY_PALETTE, OFFER, key, key.length === 1 ? key : ''),
      { palette: EMPTY_PALETTE, act: null },
    );

  test('Down and Ctrl-N, Up and Ctrl-P go round', () => {
    expect(type('down', 'ctrl+n', 'up').palette?.chosen).toBe(1);
    expect(type('ctrl+p').palette?.chosen).toBe(commandsFor(OFFER, '').length - 1);
  });

  test('Tab takes the words, Enter does it, Esc closes', () => {
    expect(type(...'rep', 'tab').palette?.text).toBe('go to Replay');
    expect(type(...'rep', 'enter')).toMatchObject({ palette: null, act: { do: 'binding' } });
    expect(type(...'rep', 'escape')).toEqual({ palette: null, act: null });
    expect(type(...'open', 'enter').palette?.text).toBe('open run ');
  });

  test('an unknown line says so, and does nothing', () => {
    const { palette, act } = type(...'coffee', 'enter');
    expect(act).toBeNull();
    expect(palette?.error).toContain('No command');
  });
});

describe('in a run', () => {
  const press = (state: State, ...keys: string[]) =>
    keys.reduce(
      (next, key) => reduce(next, { type: 'stroke', key, text: key.length === 1 ? key : '' }),
      state,
    );
  const start = (readOnly = false) => {
    const run = recordedRun();
    const size = { columns: 80, rows: 24 };
    const init = initialState({
      run,
      size,
      nowMs: 0,
      owns: false,
      hosted: false,
      exitOnEnd: false,
      readOnly,
    });
    return reduce(init, { type: 'frames', frames: [...historyFrames(0, 20), heartbeat(20)], nowMs: 0 });
  };

  test('goes where it is told to, asks for other runs, and asks before it stops', () => {
    expect(press(start(), 'ctrl+p', ...'event', 'tab', ' ', '9', 'enter').view).toBe('events');
    const asked = press(start(), 'ctrl+p', ...'open run', 'enter', '9', '9', 'enter');
    expect(asked.effects.at(-1)).toMatchObject({ do: 'open-run', ref: '99' });
    expect(press(start(), '2', 'ctrl+p', ...'stop this', 'enter').overlay).toBe('confirm-stop');
    expect(press(start(), 'ctrl+p', ...'launch a', 'enter').leaving).toBe('launch');
  });

  test('changes nothing where that is not wanted', () => {
    const state = press(start(true), 'ctrl+p', ...'launch a', 'enter');
    expect(state.leaving).toBeNull();
    expect(state.notice).toContain('--read-only');
  });

  test('Ctrl-C is not typed into it', () => {
    expect(press(start(), 'ctrl+p', 'ctrl+c').leaving).toBe('interrupt');
  });
});
