/** The city in the HTML report: calendars, seats or slots, with the object that failed first. */
import { expect, test } from 'vitest';
import { citySection } from '../../cli/output/report/html-city.ts';
import type { CityState } from '../../server/contract/index.ts';
import { instantOf } from '../../server/contract/zone.ts';

const EVIL = `<img src=x onerror=alert(1)>"'\u001b[2J`;
const ZONE = 'Europe/Berlin';
const at = (text: string) => instantOf(ZONE, text);

/** Two rooms over the night in which the clock goes back; the second is taken twice. */
function rooms(citizen: string): CityState {
  const booking = { citizen, unit: 1, uncertain: false };
  const bookings = [
    { ...booking, id: 'b-1', from: at('2026-10-24'), to: at('2026-10-26') },
    { ...booking, id: 'b-2', from: at('2026-10-25'), to: at('2026-10-27') },
    { ...booking, id: 'b-3', unit: 2, from: at('2026-10-26'), to: at('2026-10-27'), uncertain: true },
  ];
  const resources = [
    { id: 'room-1', units: 1, buffer: 0, bookings: [], uncertain: 0 },
    { id: 'room-2', units: 2, buffer: 0, bookings, uncertain: 0 },
  ];
  return { index: 9, virtualMs: 0, slots: [], calendars: { zone: ZONE, asked: null, resources } };
}

function concert(owner: string): CityState {
  const order = { owner, places: 0, expiresAt: null, uncertain: false };
  const orders = [
    { ...order, id: 'o-1', seats: ['A1'], state: 'sold' as const },
    { ...order, id: 'o-2', seats: ['A1'], state: 'paid' as const, places: 3 },
    { ...order, id: 'o-3', seats: ['A2'], state: 'held' as const, expiresAt: 75_000 },
  ];
  const event = { seats: ['A1', 'A2', 'A3'], places: 2, opensAt: null, waiting: ['o-7'], uncertain: 0 };
  const events = [
    { ...event, id: 'empty', orders: [], moneyHeld: 0 },
    { ...event, id: 'concert', orders, moneyHeld: 1 },
  ];
  return { index: 9, virtualMs: 0, slots: [], venue: { nowMs: 10_000, events } };
}

test('calendars are strips under their days, what collides and what failed with a sign', () => {
  const { text } = citySection(rooms('citizen-007'), 'The city where it broke', 'room-2');
  expect(text).toContain('✖ 1 resource taken twice');
  expect(text).toContain('Times of Europe/Berlin. 2026-10-25: the clock goes back 1 h at 03:00');
  expect(text).toContain('>Sun 25, 25 h</text>');
  expect(text.indexOf('✖ room-2/1')).toBeLessThan(text.indexOf('room-1/1'));
  expect(text).toContain('<title>b-1 of citizen-007: ');
  expect(text.match(/class="booked over"/g)).toHaveLength(2);
  expect(text).toContain('>? b-3 007</text>');
});

test('events are maps of their seats, with places, who waits, and the money that is kept', () => {
  const { text } = citySection(concert('ann'), 'The city where it broke', 'concert');
  expect(text.indexOf('✖ concert')).toBeLessThan(text.indexOf('empty'));
  expect(text).toContain('<li class="seat twice" title="A1: has two orders, ann (o-1) and ann (o-2)">');
  expect(text).toContain(
    '<li class="seat held" title="A2: held, ann (o-3), 01:05 left">A2 <b>▒</b> 01:05</li>',
  );
  expect(text).toContain('<p class="wrong">2 places: 1 too many, 3 paid</p>');
  expect(text).toContain('<p>1 wait: o-7</p>');
  expect(text).toContain('<p class="wrong">money held: 1 payment without a seat</p>');
});

test.each([
  ['calendars', rooms],
  ['events', concert],
])('text of %s never becomes markup', (_, city) => {
  const tagsOf = (text: string) => [...text.matchAll(/<\/?[a-zA-Z][^\s>]*/g)].map(([tag]) => tag);
  const [evil, harmless] = [EVIL, 'ann'].map((text) => citySection(city(text), text, text).text);
  expect(tagsOf(evil ?? '')).toEqual(tagsOf(harmless ?? ''));
  expect(evil).not.toContain('\u001b');
  expect(evil).not.toMatch(/ style="/);
});
