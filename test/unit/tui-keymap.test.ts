import { describe, expect, test } from 'vitest';
import { ANSWERS, BINDINGS, intentOf, type KeyPress } from '../../cli/tui/input/keymap.ts';

const key = (input: string, changes: Partial<KeyPress> = {}): KeyPress => ({
  input,
  ctrl: false,
  escape: false,
  return: false,
  ...changes,
});
const none = { overlay: null } as const;
const asking = { overlay: 'confirm-stop' } as const;

describe('the key table', () => {
  test.each([
    ['1', 'show-live'],
    ['s', 'ask-stop'],
    [' ', 'toggle-pause'],
    ['?', 'toggle-help'],
    ['q', 'quit'],
  ])('%s means %s', (input, intent) => {
    expect(intentOf(none, key(input))).toBe(intent);
  });

  test('Ctrl-C interrupts, whatever is open', () => {
    for (const state of [none, asking, { overlay: 'help' } as const]) {
      expect(intentOf(state, key('c', { ctrl: true }))).toBe('interrupt');
    }
  });

  test('a question takes yes and no, and nothing else', () => {
    expect(intentOf(asking, key('y'))).toBe('confirm');
    expect(intentOf(asking, key('n'))).toBe('dismiss');
    expect(intentOf(asking, key('', { escape: true }))).toBe('dismiss');
    expect(intentOf(asking, key('s'))).toBeNull();
    expect(intentOf(asking, key(' '))).toBeNull();
  });

  test('a paste is no key', () => {
    expect(intentOf(none, key('sq'))).toBeNull();
    expect(intentOf(none, key('y'))).toBeNull();
  });

  test('every key has a label and a help text, and no key means two things', () => {
    for (const table of [BINDINGS, ANSWERS]) {
      expect(new Set(table.map(({ label }) => label)).size).toBe(table.length);
      for (const { label, help } of table) expect(label && help).toBeTruthy();
    }
    for (const input of ['1', 's', ' ', '?', 'h', 'q']) {
      expect(BINDINGS.filter((binding) => binding.matches(key(input)))).toHaveLength(1);
    }
  });
});
