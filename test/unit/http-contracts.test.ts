/** The contracts of scenarios over HTTP: their documents, and what an answer means. */
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type HttpContract, openApiOf } from '../../runner/scenarios/http-contract.ts';
import type { StayCall } from '../../runner/scenarios/stays/calls.ts';
import { houseOverHttp } from '../../runner/scenarios/stays/http.ts';
import { HOUSE_CONTRACT } from '../../runner/scenarios/stays/http-contract.ts';
import { BOX_OFFICE_CONTRACT } from '../../runner/scenarios/tickets/http-contract.ts';

const CONTRACTS: Readonly<Record<string, HttpContract>> = {
  stays: HOUSE_CONTRACT,
  tickets: BOX_OFFICE_CONTRACT,
};

it.each(Object.entries(CONTRACTS))('the document of %s is that of its table', async (scenario, contract) => {
  const text = stringify(openApiOf(contract), { lineWidth: 110, aliasDuplicateObjects: false });
  await expect(text).toMatchFileSnapshot(`../../runner/scenarios/${scenario}/openapi.yaml`);
});

const span = { from: '2026-10-24', to: '2026-10-25T02:30' };
const booking = { booking: 'b 1', resource: 'room-1' };
const CALLS: readonly StayCall[] = [
  { operation: 'book', ...booking, unit: null, ...span },
  { operation: 'book', ...booking, unit: 2, ...span },
  { operation: 'series', series: 's', items: [{ ...booking, ...span }] },
  { operation: 'move', ...booking, target: 'room-2', ...span },
  { operation: 'extend', ...booking, to: span.to },
  { operation: 'shorten', ...booking, to: span.to },
  { operation: 'cancel', ...booking },
  { operation: 'search', resource: 'room-1', ...span },
  { operation: 'read', resource: 'room-1' },
];

it.each(CALLS)('a $operation is a request of the house contract', (call) => {
  const request = houseOverHttp.request?.({ ...call, citizen: 'c' });
  const { pathname, searchParams } = new URL(request?.path ?? '', 'http://localhost');
  const entry = Object.values<HttpContract['requests'][string]>(HOUSE_CONTRACT.requests).find(
    ({ method, path }) =>
      method === request?.method && new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  expect(entry?.body?.safeParse(request?.json).error).toBeUndefined();
  expect(entry?.query?.safeParse(Object.fromEntries(searchParams)).error).toBeUndefined();
  expect(request?.json !== undefined).toBe(entry?.body !== undefined);
});

const [book, , series, move, extend, , cancel, search, read] = CALLS as Record<number, StayCall> & StayCall[];

it.each([
  [book, 201, { unit: 1 }, { outcome: 'ok', value: { unit: 1 } }],
  [book, 200, { unit: 1 }, { outcome: 'ok', value: { unit: 1 } }],
  [book, 409, { error: 'taken' }, { outcome: 'refused', reason: 'taken' }],
  [series, 422, { error: 'empty-range' }, { outcome: 'refused', reason: 'empty-range' }],
  [move, 404, { error: 'no-such-booking' }, { outcome: 'refused', reason: 'no-such-booking' }],
  [extend, 204, undefined, { outcome: 'ok', value: {} }],
  [search, 200, { units: [3, 1] }, { outcome: 'ok', value: { units: [3, 1] } }],
  [book, 409, { error: 'no-such-booking' }, { outcome: 'wrong', why: /another shape: error/ }],
  [book, 404, { error: 'no-such-booking' }, { outcome: 'wrong', why: /book was answered 404/ }],
  [cancel, 302, undefined, { outcome: 'wrong', why: /cancel was answered 302/ }],
  [search, 200, { units: ['1'] }, { outcome: 'wrong', why: /another shape: units\.0/ }],
])('%j answered %i %j', (call, status, json, meant) => {
  const reply = houseOverHttp.reply?.({ ...(call as StayCall), citizen: 'c' }, answer(status, json));
  const why = 'why' in meant ? { why: expect.stringMatching(meant.why) } : {};
  expect(reply).toEqual({ ...meant, ...why });
});

it('instants are read with their offset', () => {
  const bookings = [
    { id: 'b', unit: 1, from: '2026-10-25T00:30Z', to: '2026-10-25T02:30+01:00' },
    { id: 'a', unit: 2, from: '2026-10-25T02:30:00+02:00', to: '2026-10-25T01:30:00.000Z' },
  ];
  const said = { id: 'room-1', units: 2, buffer: 0, bookings };
  const known = Date.parse('2026-10-25T00:30Z') / 60_000;
  expect(houseOverHttp.reply?.({ ...(read as StayCall), citizen: 'c' }, answer(200, said))).toEqual({
    outcome: 'ok',
    value: {
      ...said,
      bookings: [
        { id: 'b', unit: 1, from: known, to: known + 60 },
        { id: 'a', unit: 2, from: known, to: known + 60 },
      ],
    },
  });
});

function answer(status: number, json: unknown) {
  return { status, headers: {}, text: json === undefined ? '' : JSON.stringify(json), json };
}
