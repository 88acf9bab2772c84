/** The rules that are learned of small services over HTTP, which differ in what they promise. */
import { expect, it } from 'vitest';
import { BOOKING_OPERATIONS } from '../../runner/scenarios/bookings/calls.ts';
import { type Ask, learnRules, sourceOfLesson } from '../../runner/scenarios/bookings/live/learn-rules.ts';
import { httpApiOf } from '../../runner/targets/http/adapted.ts';
import type { HttpAdapter } from '../../runner/targets/http/adapter.ts';
import { Unanswered } from '../../runner/targets/http/api.ts';
import { CONTRACT_RULES, type RuleName, type ServiceRules } from '../../server/contract/index.ts';
import { answerJson, sending, smallServer } from '../helpers/small-server.ts';

interface Promises {
  keys?: boolean;
  onePerCitizen?: boolean;
  again?: boolean;
  capacity?: number;
  /** It gets the same booking again, whatever its key. */
  getsOrMakes?: boolean;
  showsIds?: boolean;
  /** So many of the first requests are answered 500 after their effect. */
  broken?: number;
}

const SLOTS = ['a', 'b', 'c', 'd'].map((id) => ({ id, capacity: 2 }));

function service(promises: Promises) {
  const {
    keys = false,
    onePerCitizen = true,
    again = false,
    capacity = 2,
    getsOrMakes,
    showsIds = true,
  } = promises;
  const bookings = new Map<string, { slot: string; citizen: string }>();
  const byKey = new Map<string, string>();
  let { broken = 0 } = promises;
  let n = 0;
  const book = (slot: string, citizen: string, key: string): [number, unknown] => {
    const before = keys ? byKey.get(key) : undefined;
    if (before) return [200, showsIds ? { booking: before } : {}];
    const there = [...bookings].filter(([, booking]) => booking.slot === slot);
    const own = there.find(([, booking]) => booking.citizen === citizen);
    if (own && getsOrMakes) return [200, { booking: own[0] }];
    if (own && onePerCitizen) return [409, { reason: 'already-booked' }];
    if (there.length >= capacity) return [409, { reason: 'full' }];
    const id = `b${++n}`;
    bookings.set(id, { slot, citizen });
    byKey.set(key, id);
    return [201, showsIds ? { booking: id } : {}];
  };
  return smallServer(({ method, path, body }, response) => {
    const json = body.length > 0 ? JSON.parse(body.toString()) : {};
    const [, slot = '', id = ''] = path.split('/');
    let answer: [number, unknown] = [204, undefined];
    if (method === 'POST') answer = book(slot, json.citizen, json.key);
    else if (!bookings.delete(id) && !again) answer = [404, { reason: 'no-such-booking' }];
    if (broken-- > 0) answer = [500, {}];
    answerJson(response, ...answer);
  });
}

const adapter: HttpAdapter = {
  name: 'learning',
  rules: { cancelsBy: 'citizen' },
  reset: async () => undefined,
  request: (call) =>
    call.operation === 'book'
      ? { method: 'POST', path: `/${call.slot}`, json: { citizen: call.citizen, key: call.key } }
      : { method: 'DELETE', path: `/x/${(call as { booking: string }).booking}` },
  reply: (_, { status, json }) =>
    status >= 400
      ? { outcome: 'refused', reason: (json as { reason: string }).reason }
      : { outcome: 'ok', value: (json ?? {}) as Record<string, unknown> },
};

async function lessons(
  promises: Promises,
  {
    known = [],
    slots = SLOTS,
    operations = ['book', 'cancel'],
  }: { known?: RuleName[]; slots?: typeof SLOTS; operations?: string[] } = {},
) {
  await using server = await service(promises);
  const send = sending(await server.wire());
  const api = httpApiOf(adapter);
  const ask: Ask = (call) =>
    api.perform(call, send).catch((error: unknown) => {
      if (error instanceof Unanswered) return null;
      throw error;
    });
  return await learnRules(ask, CONTRACT_RULES, new Set(known), slots, (each) => operations.includes(each));
}

it.each<[Promises, Partial<ServiceRules>]>([
  [{}, { keys: false, onePerCitizen: true, secondCancel: 'refused' }],
  [{ keys: true }, { keys: true, onePerCitizen: true, secondCancel: 'refused' }],
  [{ onePerCitizen: false }, { keys: false, onePerCitizen: false, secondCancel: 'refused' }],
  [
    { keys: true, onePerCitizen: false, again: true },
    { keys: true, onePerCitizen: false, secondCancel: 'ok' },
  ],
  [
    { keys: true, broken: 3 },
    { keys: true, onePerCitizen: true, secondCancel: 'refused' },
  ],
])('of a service with %j', async (promises, learned) => {
  const { learned: found, why } = await lessons(promises);
  expect(found).toEqual({ ...learned, closing: false });
  expect(Object.values(why).join()).not.toContain('not learned');
});

it('says what was seen', async () => {
  expect((await lessons({ again: true })).why).toEqual({
    closing: 'the API has no open and close',
    keys: 'a repeat was refused: already-booked',
    onePerCitizen: 'a second booking of the same citizen was refused: already-booked',
    secondCancel: 'a second cancel was acknowledged again',
  });
});

it('asks nothing about what is declared, or what the API does not have', async () => {
  const known: RuleName[] = ['keys', 'onePerCitizen', 'secondCancel'];
  expect((await lessons({}, { known, operations: [...BOOKING_OPERATIONS] })).learned).toEqual({
    closing: true,
  });
  expect((await lessons({}, { operations: ['list'] })).learned).toEqual({ closing: false });
  expect((await lessons({}, { operations: ['book'] })).learned).toEqual({
    ...{ closing: false, keys: false, onePerCitizen: true },
  });
  // What was booked stays, so that the next lesson is on another slot.
  const { why } = await lessons({ keys: true, onePerCitizen: false }, { operations: ['book'] });
  expect(why['onePerCitizen']).toBe('a citizen was given two bookings of a slot');
});

it('leaves what the answers do not tell at a value under which a right service stays right', async () => {
  const { learned, why } = await lessons({ broken: 1_000 });
  expect(learned).toEqual({ closing: false, keys: false, onePerCitizen: true, secondCancel: 'ok' });
  expect(Object.values(why).filter((text) => text.startsWith('not learned'))).toHaveLength(3);
  const sources = Object.keys(learned).map((name) => [name, sourceOfLesson(why[name])]);
  expect(Object.fromEntries(sources)).toEqual({
    ...{ closing: 'learned', keys: 'contract', onePerCitizen: 'contract', secondCancel: 'contract' },
  });
});

it('does not take one seat for one booking of each citizen', async () => {
  const declared = await lessons(
    { capacity: 1, onePerCitizen: false },
    { slots: SLOTS.map(({ id }) => ({ id, capacity: 1 })) },
  );
  expect(declared.why['onePerCitizen']).toContain('no slot has 2 seats');
  const wrongly = await lessons({ capacity: 1, onePerCitizen: false });
  expect(wrongly.why['onePerCitizen']).toContain('declare the rule capacity');
});

it('tells where a second booking is given the first one again', async () => {
  const { why } = await lessons({ getsOrMakes: true });
  expect(why['keys']).toContain('let the adapter say already-booked');
  expect(why['onePerCitizen']).toContain('let the adapter say already-booked');
});

it('takes a repeat for a second booking where no ids are shown, unless a second one is refused', async () => {
  const ofIds = { showsIds: false };
  expect((await lessons({ ...ofIds, onePerCitizen: false }, { operations: ['book'] })).learned.keys).toBe(
    false,
  );
  expect((await lessons({ ...ofIds, keys: true }, { operations: ['book'] })).learned.keys).toBe(true);
});

it('does without ids where there is no cancel and a book shows none', async () => {
  const only = { operations: ['book'] };
  const { learned, why } = await lessons({ showsIds: false }, only);
  expect(learned.cancelsBy).toBe('nobody');
  expect(why['cancelsBy']).toContain('shows no ids');
  expect((await lessons({}, only)).learned).not.toHaveProperty('cancelsBy');
  expect((await lessons({ showsIds: false }, { operations: ['book', 'cancel'] })).learned).not.toHaveProperty(
    'cancelsBy',
  );
});
