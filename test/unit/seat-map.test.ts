import { describe, expect, test } from 'vitest';
import { cityPicture } from '../../cli/tui/components/city-picture.ts';
import { textOf } from '../../cli/tui/paint/line.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State } from '../../cli/tui/state/state.ts';
import type { CityState, Venue } from '../../server/contract/index.ts';
import { diagnosedRun, recordedForensic } from '../helpers/recorded-failure.ts';

type Order = Venue['events'][number]['orders'][number];

function order(id: string, seats: string[], changes: Partial<Order> = {}): Order {
  return { id, owner: 'ann', seats, places: 0, state: 'sold', expiresAt: null, uncertain: false, ...changes };
}

function cityOf(orders: Order[], nowMs: number | null = 10_000): CityState {
  const event = { id: 'concert', seats: ['A1', 'A2', 'A3', 'A4'], places: 5, opensAt: 70_000, orders };
  const events = [{ ...event, waiting: ['w1', 'w2\u001b[2J'], moneyHeld: 0, uncertain: 2 }];
  return { index: 0, virtualMs: 0, slots: [], venue: { nowMs, events } };
}

const looks = { failed: null, scroll: 0, day: null, width: 50, height: 12 };

describe('the seats of an event on a terminal', () => {
  test('have a sign each, with the time that a hold still stands', () => {
    const orders = [
      order('o1', ['A1'], { state: 'held', expiresAt: 75_000, places: 2 }),
      order('o2', ['A2'], { state: 'paid', places: 1 }),
      order('o3', ['A3']),
      order('o4', ['A4'], { state: 'held', expiresAt: 10_000 }),
    ];
    const { lines, wrong } = cityPicture(cityOf(orders), looks);
    expect(wrong).toBe('');
    expect(lines.map((line) => textOf(line).trimEnd())).toMatchInlineSnapshot(`
      [
        "concert  opens in 01:00  ?2",
        "A1 ▒ 01:05  A2 ◆        A3 █        A4 □",
        "5 places: 2 free, 2 held, 1 paid",
        "2 wait: w1, w2␛[2J",
      ]
    `);
  });

  test('are wrong with two owners, but not where one of them is in doubt or may have run out', () => {
    const wrongWith = (second: Partial<Order>, nowMs: number | null = 10_000) =>
      cityPicture(cityOf([order('o1', ['A1']), order('o2', ['A1'], second)], nowMs), looks).wrong;
    expect(wrongWith({})).toBe('1 event wrong');
    expect(wrongWith({ uncertain: true })).toBe('');
    expect(wrongWith({ state: 'held', expiresAt: 11_000 })).toBe('1 event wrong');
    expect(wrongWith({ state: 'held', expiresAt: 9_000 })).toBe('');
    expect(wrongWith({ state: 'held', expiresAt: 11_000 }, null)).toBe('');
    expect(wrongWith({ seats: [], places: 6 })).toBe('1 event wrong');
    expect(wrongWith({ seats: ['Z9'] })).toBe('1 event wrong');
  });
});

describe('the keys of the city in Replay', () => {
  function replay(city: Partial<CityState>): State {
    const run = diagnosedRun(recordedForensic(), { status: 'FAIL' });
    const size = { columns: 80, rows: 24 };
    const init = initialState({ run, size, nowMs: 0, owns: false, hosted: false, exitOnEnd: false });
    const cities = new Map([[0, { ...cityOf([]), ...city }]]);
    return { ...init, view: 'replay', replay: { ...init.replay, at: 0, cities } };
  }
  const press = (state: State, ...keys: string[]) =>
    keys.reduce((before, key) => reduce(before, { type: 'stroke', key, text: '' }), state);

  test('scroll as far as there are rows', () => {
    expect(press(replay({}), 'down', 'down', 'up').replay.cityRow).toBe(1);
    expect(press(replay({}), 'up').replay.cityRow).toBe(0);
    expect(press(replay({}), ...Array(90).fill('down')).replay.cityRow).toBe(4);
    expect(press(replay({ venue: undefined }), 'down').replay.cityRow).toBe(0);
  });

  test('turn the days of calendars, and say where there are none', () => {
    const resources = [{ id: 'r', units: 1, buffer: 0, bookings: [], uncertain: 0 }];
    const calendars = { zone: 'UTC', asked: { from: 0, to: 2_880 }, resources };
    const days = (...keys: string[]) => press(replay({ calendars }), ...keys).replay.cityDay;
    expect([days('.'), days('.', '.'), days('.', '.', '.'), days(',')]).toEqual([0, 1, null, 1]);
    expect(press(replay({}), '.').notice).toBe('There are no calendars here.');
  });
});
