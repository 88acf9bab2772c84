import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Binding, Scope } from '../../cli/tui/input/binding.ts';
import { type KeyPress, keyName } from '../../cli/tui/input/key-name.ts';
import { ANSWERS, BINDINGS, bindingOf, bindingsOf, TYPING } from '../../cli/tui/input/keymap.ts';
import { strokesOf } from '../../cli/tui/input/use-keys.ts';

const SCOPES: readonly Scope[] = ['live', 'events', 'forensics', 'replay', 'checks', 'runs'];
const NONE: KeyPress = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageUp: false,
  pageDown: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  tab: false,
  backspace: false,
  delete: false,
  ctrl: false,
  shift: false,
  meta: false,
};
const intentOf = (scope: Scope, key: string) => bindingOf(scope, 'keys', key)?.intent;

describe('the key table', () => {
  test.each([
    ['live', '1', 'show-live'],
    ['live', 's', 'ask-stop'],
    ['live', 'space', 'toggle-pause'],
    ['events', '/', 'ask-search'],
    ['events', 's', 'only-slot'],
    ['replay', 'space', 'toggle-play'],
    ['replay', 'shift+left', 'left-far'],
    ['replay', '[', 'previous-incident'],
    ['runs', 'enter', 'open'],
  ] as const)('in %s %s means %s', (scope, key, intent) => {
    expect(intentOf(scope, key)).toBe(intent);
  });

  test.each(SCOPES)('in %s no key means two things, and each has a label and a help text', (scope) => {
    const keys = bindingsOf(scope).flatMap((binding) => binding.keys);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    for (const { label, help } of bindingsOf(scope)) expect(label && help).toBeTruthy();
  });

  test('help, quit, Esc and Ctrl-C mean the same everywhere', () => {
    for (const scope of SCOPES) {
      expect(intentOf(scope, '?')).toBe('toggle-help');
      expect(intentOf(scope, 'q')).toBe('quit');
      expect(intentOf(scope, 'escape')).toBe('dismiss');
      for (const mode of ['keys', 'question', 'typing'] as const) {
        expect(bindingOf(scope, mode, 'ctrl+c')?.intent).toBe('interrupt');
      }
    }
  });

  test('the help of a view says what holds in it', () => {
    for (const scope of SCOPES) {
      for (const { help } of bindingsOf(scope)) expect(help).not.toMatch(/; in Replay|In run:|Elsewhere/);
    }
    const helpOf = (scope: Scope, key: string) => bindingOf(scope, 'keys', key)?.help;
    expect(helpOf('replay', 'pageup')).toBe('100 events back');
    expect(helpOf('runs', 'pageup')).toBe('A page up');
    expect(helpOf('runs', 'end')).toBe('To the end');
    expect(helpOf('runs', 'ctrl+c')).toBe('Leave');
    expect(helpOf('campaign', 'ctrl+c')).toContain('--resume');
  });

  test('a question takes yes and no, and nothing else', () => {
    expect(bindingOf('live', 'question', 'y')?.intent).toBe('confirm');
    expect(bindingOf('live', 'question', 'n')?.intent).toBe('dismiss');
    expect(bindingOf('live', 'question', 'escape')?.intent).toBe('dismiss');
    expect(bindingOf('live', 'question', 's')).toBeUndefined();
    expect(bindingOf('live', 'question', 'space')).toBeUndefined();
  });

  test('what changes something is marked, so that --read-only refuses it', () => {
    const changing = BINDINGS.filter(({ changes }) => changes).map(({ intent }) => intent);
    expect(new Set(changing)).toEqual(new Set(['ask-stop', 'verify', 'shrink', 'launch', 'launch-again']));
  });

  test('the README has the same keys', () => {
    const { status, stderr } = spawnSync(process.execPath, ['.ci/keys.ts', '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('vi keys and arrows mean the same', () => {
    for (const [vi, arrow] of [
      ['j', 'down'],
      ['k', 'up'],
      ['g', 'home'],
      ['G', 'end'],
    ] as const) {
      expect(intentOf('events', vi)).toBe(intentOf('events', arrow));
    }
    expect(intentOf('replay', 'h')).toBe(intentOf('replay', 'left'));
  });
});

describe('names of keys', () => {
  test('arrows with and without Shift, control characters, characters, pastes', () => {
    expect(keyName('', { ...NONE, leftArrow: true })).toBe('left');
    expect(keyName('', { ...NONE, leftArrow: true, shift: true })).toBe('shift+left');
    expect(keyName('c', { ...NONE, ctrl: true })).toBe('ctrl+c');
    expect(keyName(' ', NONE)).toBe('space');
    expect(keyName('N', { ...NONE, shift: true })).toBe('N');
  });

  test('keys that come in one piece are told apart', () => {
    expect(strokesOf('j:45\r').map(({ key }) => key)).toEqual(['j', ':', '4', '5', 'enter']);
    expect(strokesOf(' q').map(({ text }) => text)).toEqual([' ', 'q']);
  });

  test('a paste names no key', () => {
    const tables: readonly (readonly Binding[])[] = [BINDINGS, ANSWERS, TYPING];
    for (const table of tables) {
      expect(table.some(({ keys }) => keys.includes('paste'))).toBe(false);
    }
  });
});
