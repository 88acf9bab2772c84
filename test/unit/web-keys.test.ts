import { describe, expect, test } from 'vitest';
import type { Scope } from '../../cli/tui/input/binding.ts';
import { bindingOf, bindingsOf } from '../../cli/tui/input/keymap.ts';
import { CHART_KEYS } from '../../cli/web/state/chart-keys.ts';
import { EVENTS_KEYS } from '../../cli/web/state/events-keys.ts';
import type { Binding } from '../../cli/web/state/keys.ts';
import { LIST_KEYS, LIVE_KEYS, PAGE_KEYS, VIEW_KEYS } from '../../cli/web/state/page-keys.ts';
import { CALENDAR_KEYS, REPLAY_KEYS } from '../../cli/web/state/replay-keys.ts';
import { ASK_KEYS, WHY_KEYS } from '../../cli/web/state/why-keys.ts';

/** What is heard at the same time, and the terminal's view of the same kind. */
const PLACES: readonly [scope: Scope, tables: readonly (readonly Binding[])[]][] = [
  ['runs', [PAGE_KEYS, LIST_KEYS]],
  ['live', [PAGE_KEYS, VIEW_KEYS, LIVE_KEYS, CHART_KEYS]],
  ['replay', [PAGE_KEYS, VIEW_KEYS, REPLAY_KEYS, CALENDAR_KEYS, CHART_KEYS]],
  ['events', [PAGE_KEYS, VIEW_KEYS, EVENTS_KEYS]],
  ['forensics', [PAGE_KEYS, VIEW_KEYS, WHY_KEYS, CALENDAR_KEYS, ...Object.values(ASK_KEYS)]],
];

/** As the terminal names the key that a browser calls so. */
function terminalName(key: string): string {
  if (key === ' ') return 'space';
  return key.length === 1 ? key : key.replace('Arrow', '').toLowerCase();
}

describe('the keys of the page', () => {
  test.each(PLACES)('are each for one thing: %s', (_, tables) => {
    const keys = tables.flat().flatMap((binding) => binding.keys);
    expect(keys).toEqual([...new Set(keys)]);
  });

  test.each(PLACES)('are those of the terminal for the same things: %s', (scope, tables) => {
    const known = new Set<string>(bindingsOf(scope).map(({ intent }) => intent));
    const same = tables.flat().filter(({ intent }) => known.has(intent));
    expect(same.length).toBeGreaterThanOrEqual(scope === 'runs' ? 5 : 6);
    for (const { intent, keys } of same) {
      for (const key of keys) expect(bindingOf(scope, 'keys', terminalName(key))?.intent).toBe(intent);
    }
  });
});
