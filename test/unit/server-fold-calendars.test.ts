import { describe, expect, it } from 'vitest';
import type { Calendars, RunEvent } from '../../server/contract/index.ts';
import { CityFold } from '../../server/runs/fold-city.ts';
import { executed } from '../helpers/execute.ts';

type Line = [type: string, data: Record<string, unknown>];

const START: Line = [
  'start',
  {
    zone: 'Europe/Berlin',
    resources: [
      { id: 'room', units: 2, buffer: 30 },
      { id: 'other', units: 1 },
    ],
  },
];
const at = (text: string) => Date.parse(text) / 60_000;

function calendars(...lines: Line[]): Calendars | undefined {
  const city = new CityFold();
  for (const [index, [type, data]] of lines.entries())
    city.apply({ index, virtualMs: index, type, actor: 'ann', data: data as RunEvent['data'] });
  return city.state().calendars;
}

/** What is booked of each resource, in short. */
function booked(...lines: Line[]): Record<string, string[]> {
  const { resources = [] } = calendars(START, ...lines) ?? {};
  return Object.fromEntries(
    resources.map(({ id, bookings }) => [
      id,
      bookings.map(({ id: booking, unit, from, to }) => `${booking} ${unit} ${from} ${to}`),
    ]),
  );
}

const BOOK: Line[] = [
  [
    'book.invoke',
    { op: 0, booking: 'b', resource: 'room', unit: null, from: '2026-10-25T02:30', to: '2026-10-25T04:00' },
  ],
  ['book.ok', { op: 0, resource: 'room', unit: 2 }],
];
const FROM = at('2026-10-25T00:30Z');
const TO = at('2026-10-25T03:00Z');
const CANCEL: Line[] = [
  ['cancel.invoke', { op: 8, booking: 'b', resource: 'room' }],
  ['cancel.ok', { op: 8, resource: 'room' }],
];

describe('the calendars folded from a history', () => {
  it('are there where the world has resources in a zone', () => {
    expect(calendars(START)).toEqual({
      zone: 'Europe/Berlin',
      asked: null,
      resources: [
        { id: 'room', units: 2, buffer: 30, bookings: [], uncertain: 0 },
        { id: 'other', units: 1, buffer: 0, bookings: [], uncertain: 0 },
      ],
    });
    expect(
      calendars(['start', { zone: 'Nowhere/At_All', resources: [{ id: 'a', units: 1 }] }]),
    ).toBeUndefined();
    expect(calendars(['start', { resources: [{ id: 'a', units: 1 }] }])).toBeUndefined();
    expect(calendars(['start', { zone: 'UTC', resources: [null, 3, { id: 5, units: 1 }] }])).toBeUndefined();
  });

  it('have a booking once it is acknowledged, at the instants of the zone, until it is cancelled', () => {
    const [invoke] = BOOK as [Line];
    expect(booked(invoke)['room']).toEqual([]);
    expect(calendars(START, invoke)).toMatchObject({
      asked: { from: FROM, to: TO },
      resources: [{ uncertain: 1 }, {}],
    });
    expect(booked(...BOOK)['room']).toEqual([`b 2 ${FROM} ${TO}`]);
    expect(booked(...BOOK, ...CANCEL)['room']).toEqual([]);
    expect(booked(...BOOK, ...CANCEL, ...BOOK)['room']).toEqual([]);
  });

  it('follow a booking that gets another end, or goes elsewhere', () => {
    const extended: Line[] = [
      ['extend.invoke', { op: 1, booking: 'b', resource: 'room', to: '2026-10-25T05:00' }],
      ['extend.ok', { op: 1, resource: 'room' }],
    ];
    expect(booked(...BOOK, ...extended)['room']).toEqual([`b 2 ${FROM} ${TO + 60}`]);
    const moved: Line[] = [
      [
        'move.invoke',
        { op: 2, booking: 'b', resource: 'room', target: 'other', from: '2026-10-26', to: '2026-10-27' },
      ],
      ['move.ok', { op: 2, resource: 'room', unit: 1 }],
    ];
    const midnight = at('2026-10-25T23:00Z');
    expect(booked(...BOOK, ...moved)).toEqual({ room: [], other: [`b 1 ${midnight} ${midnight + 1_440}`] });
  });

  it('say which booking is in doubt, until another attempt of the change is acknowledged', () => {
    const [invoke, ok] = CANCEL as [Line, Line];
    const lost: Line[] = [...BOOK, invoke, ['cancel.unknown', { op: 8, cause: 'lost' }]];
    const room = (...lines: Line[]) => calendars(START, ...lines)?.resources[0];
    expect(room(...lost)?.bookings).toMatchObject([{ id: 'b', uncertain: true }]);
    const again: Line = ['cancel.invoke', { ...invoke[1], op: 9, retryOf: 8 }];
    expect(room(...lost, again)?.uncertain).toBe(2);
    expect(room(...lost, again, ['cancel.ok', { ...ok[1], op: 9 }])).toMatchObject({
      uncertain: 0,
      bookings: [],
    });
    expect(booked(...lost, again, ['cancel.refused', { op: 9, reason: 'no-such-booking' }])['room']).toEqual(
      [],
    );
  });

  it('believe what was read of what was acknowledged before', () => {
    const look: Line = ['read.invoke', { op: 5, resource: 'room' }];
    const seen = (...bookings: unknown[]): Line => ['read.ok', { op: 5, resource: 'room', bookings }];
    const elsewhere = { id: 'b', unit: 1, from: FROM, to: FROM + 30 };
    expect(booked(...BOOK, look, seen())['room']).toEqual([]);
    expect(booked(look, ...BOOK, seen())['room']).toEqual([`b 2 ${FROM} ${TO}`]);
    expect(booked(...BOOK, look, seen(elsewhere))['room']).toEqual([`b 1 ${FROM} ${FROM + 30}`]);
    expect(booked(...BOOK, look, ...CANCEL, seen(elsewhere))['room']).toEqual([]);
    expect(
      booked(look, seen(null, 7, { id: 3 }, { id: 'x', unit: 1, from: 'soon', to: TO }))['room'],
    ).toEqual([]);
  });

  it('are what each read of a run shows', async () => {
    const { events } = await executed({
      ...{ scenario: 'stays', target: 'memory', seed: 4 },
      config: { operations: 400, faults: 'none', concurrency: 1, slots: 3 },
    });
    const city = new CityFold();
    let reads = 0;
    for (const event of events as RunEvent[]) {
      const before = city.state().calendars?.resources ?? [];
      city.apply(event);
      if (event.type !== 'read.ok') continue;
      reads++;
      const shown = before.find(({ id }) => id === event.data['resource'])?.bookings ?? [];
      const plain = shown.map(({ id, unit, from, to }) => ({ id, unit, from, to }));
      expect(plain.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(event.data['bookings']);
    }
    expect(reads).toBeGreaterThan(10);
  });
});
