import { describe, expect, test } from 'vitest';
import {
  calendarRows,
  collidingResources,
  daysOf,
  shownDays,
  turnedDay,
} from '../../cli/run/calendar-rows.ts';
import { changeWords, dayLength } from '../../cli/run/calendar-words.ts';
import { cityPicture } from '../../cli/tui/components/city-picture.ts';
import { textOf } from '../../cli/tui/paint/line.ts';
import type { Calendars, CityState } from '../../server/contract/index.ts';
import { asIfUtc, changeDays, instantOf, laterDay } from '../../server/contract/zone.ts';

const ZONE = 'Europe/Berlin';
const at = (text: string) => instantOf(ZONE, text);

type Booking = Calendars['resources'][number]['bookings'][number];

function booking(id: string, from: string, to: string, changes: Partial<Booking> = {}): Booking {
  return { id, citizen: 'citizen-007', unit: 1, from: at(from), to: at(to), uncertain: false, ...changes };
}

function calendars(bookings: Booking[], buffer = 0): Calendars {
  const resources = [
    { id: 'room-001', units: 2, buffer, bookings: [], uncertain: 0 },
    { id: 'room-002', units: 1, buffer, bookings, uncertain: 0 },
  ];
  return { zone: ZONE, asked: { from: at('2026-10-24'), to: at('2026-10-27') }, resources };
}

const WHOLE = booking('b-1', '2026-10-24', '2026-10-25');
const NIGHT = booking('b-2', '2026-10-25T01:00', '2026-10-25T12:00');
const TWICE = booking('b-3', '2026-10-25T06:00', '2026-10-26', { citizen: '' });
const DOUBT = booking('b-4', '2026-10-26', '2026-10-27', { uncertain: true });

function picture(
  shown: Calendars,
  { width = 60, height = 9, failed = null as string | null, scroll = 0, day = null as number | null } = {},
) {
  const city: CityState = { index: 1, virtualMs: 0, slots: [], calendars: shown };
  const { lines, ...told } = cityPicture(city, { failed, scroll, day, width, height });
  return { ...told, text: lines.map((line) => textOf(line).trimEnd()) };
}

describe('the days of calendars', () => {
  test.each([
    ['2026-10-25', '25 h', 'the clock goes back 1 h at 03:00'],
    ['2026-03-29', '23 h', 'the clock goes forward 1 h at 02:00'],
  ])('on which the clock changes are longer or shorter: %s', (day, length, words) => {
    const days = daysOf({
      zone: ZONE,
      asked: { from: at(laterDay(day, -1)), to: at(laterDay(day, 2)) },
      resources: [],
    });
    expect(days.map((each) => [each.day, dayLength(each)])).toEqual([
      [laterDay(day, -1), null],
      [day, length],
      [laterDay(day, 1), null],
    ]);
    const change = days[1]?.change ?? null;
    expect(change && changeWords(ZONE, change)).toBe(words);
  });

  test('are all as long as the clock says, in zones that change by half an hour, too', () => {
    for (const zone of ['Australia/Lord_Howe', 'America/New_York'])
      for (const day of changeDays(zone, 2026)) {
        const [only] = daysOf({
          zone,
          asked: { from: instantOf(zone, day), to: instantOf(zone, day) + 1 },
          resources: [],
        });
        expect(only).toMatchObject({ day, to: instantOf(zone, laterDay(day, 1)) });
        expect((only?.to ?? 0) - (only?.from ?? 0)).toBe(1_440 - (only?.change?.by ?? 0));
      }
  });

  test('are none where nothing was asked for, and bounded where much was', () => {
    expect(daysOf({ zone: ZONE, asked: null, resources: [] })).toEqual([]);
    const asked = { from: 0, to: asIfUtc('2999-01-01') };
    expect(daysOf({ zone: ZONE, asked, resources: [] })).toHaveLength(400);
  });

  test('are turned round, with all of them between the last and the first', () => {
    expect([null, 0, 1].map((day) => turnedDay(day, 1, 2))).toEqual([0, 1, null]);
    expect([null, 0, 1].map((day) => turnedDay(day, -1, 2))).toEqual([1, null, 0]);
    expect(shownDays([], 3)).toEqual([]);
  });
});

describe('the rows of calendars', () => {
  const told = (shown: Calendars, failed: string | null = null) =>
    calendarRows(shown, failed).map(({ resource, unit, lane, bars }) =>
      [`${resource}/${unit}.${lane}`, ...bars.map(({ id, collides }) => `${id}${collides ? '!' : ''}`)].join(
        ' ',
      ),
    );

  test('are one a unit, the failed resource first, and what overlaps apart', () => {
    expect(told(calendars([TWICE, WHOLE, NIGHT]), 'room-002')).toEqual([
      'room-002/1.0 b-1 b-2!',
      'room-002/1.1 b-3!',
      'room-001/1.0',
      'room-001/2.0',
    ]);
  });

  test('take neighbours for no collision, but those that are nearer than the buffer', () => {
    const next = booking('b-9', '2026-10-25', '2026-10-25T01:00');
    expect(collidingResources(calendarRows(calendars([WHOLE, next]), null))).toBe(0);
    expect(collidingResources(calendarRows(calendars([WHOLE, next], 30), null))).toBe(1);
  });

  test('accuse nothing that is in doubt, and show a unit that there is not', () => {
    const doubtful = { ...TWICE, uncertain: true };
    expect(told(calendars([NIGHT, doubtful]))).toContain('room-002/1.1 b-3');
    const beyond = calendarRows(calendars([{ ...NIGHT, unit: 7 }]), null).at(-1);
    expect(beyond).toMatchObject({ unit: 7, isBeyond: true });
  });

  test('are bounded, whatever a history says', () => {
    const [resource] = calendars([]).resources;
    const many = Array.from({ length: 3_000 }, (_, i) => ({ ...WHOLE, id: `${i}`, unit: 1 + (i % 2) }));
    const resources = [{ ...resource!, units: 1e9, bookings: many }];
    expect(calendarRows({ resources }, null).length).toBeLessThan(2_500);
  });
});

describe('calendars on a terminal', () => {
  test('have days above, a bar for each booking, and signs for what is wrong or in doubt', () => {
    const shown = picture(calendars([WHOLE, NIGHT, TWICE, DOUBT]), { failed: 'room-002' });
    expect(shown).toMatchInlineSnapshot(`
      {
        "aside": "4 bookings, Europe/Berlin",
        "legend": "✖ collides  ? in doubt",
        "place": "",
        "text": [
          "            Sat 24         Sun 25, 25 h     Mon 26",
          "                             ▾25 h",
          "✖room-002/1 ├b-1 007──────┤│✖b-2 0…┤        ?b-4 007┄┄┄┄┄┄┄┤",
          "                           │ ·  ✖b-3✖✖✖✖✖✖✖┤│",
          "room-001/1                 │ ·              │",
          "         /2                │ ·              │",
        ],
        "wrong": "1 resource taken twice",
      }
    `);
  });

  test('show a day alone with its hours', () => {
    expect(picture(calendars([NIGHT, TWICE]), { day: 1 }).text).toMatchInlineSnapshot(`
      [
        "            Sun 25, 25 h",
        "            00   ▾ 03    06    09   12    15    18    21",
        "room-001/1       ·",
        "         /2      ·",
        "room-002/1   ✖b-2 007✖✖✖✖✖✖✖✖✖✖✖✖✖✖┤",
        "                 ·       ✖b-3✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖┤",
      ]
    `);
  });

  test('stay readable where it is narrow, and scroll', () => {
    const shown = calendars([WHOLE, NIGHT, TWICE, DOUBT]);
    expect(picture(shown, { width: 24, height: 4 })).toMatchInlineSnapshot(`
      {
        "aside": "4 bookings, Europe/Berlin",
        "legend": "✖ collides  ? in doubt",
        "place": "1 to 2 of 4",
        "text": [
          "            24 25   26",
          "                ▾25 h",
          "room-001/1     │·   │",
          "         /2    │·   │",
        ],
        "wrong": "1 resource taken twice",
      }
    `);
    expect(picture(shown, { width: 24, height: 4, scroll: 99 }).place).toBe('3 to 4 of 4');
  });

  test('keep to their width whatever they hold', () => {
    const foreign = booking('\u001b[31m\u202every-long-name-of-a-booking', '2026-10-24', '2026-10-27');
    const one = calendars([foreign, TWICE]);
    const odd = {
      ...one,
      resources: one.resources.map((each) => ({ ...each, id: `${each.id}-with-a-long-name` })),
    };
    for (let width = 1; width < 90; width++)
      for (const day of [null, 1]) {
        const { text } = picture(odd, { width, day });
        expect(text.join('')).not.toMatch(/[\u001b\u202e]/);
        if (width >= 16) expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(width);
      }
  });
});
