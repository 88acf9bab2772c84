/** Whose a statement is that comes to the gate. */
import { expect, it } from 'vitest';
import { type Asker, addTokens, attribute } from '../../runner/targets/pgwire/attribution.ts';
import { Constants } from '../../runner/targets/pgwire/constants.ts';
import type { Group } from '../../runner/targets/pgwire/wire.ts';

let arrivals = 0;
const groupOf = (text: string, ...values: string[]) =>
  ({ statements: [{ text, values }], arrival: ++arrivals }) as unknown as Group;
const asker = (n: number, parkedSince: number | null, ...tokens: string[]): Asker => ({
  n,
  parkedSince,
  tokens: new Set(tokens),
});
const owners = (
  groups: readonly Group[],
  askers: readonly Asker[],
  moved: Asker | null,
  constants = new Constants(),
) =>
  new Map(attribute(groups, askers, moved, constants).map(({ group, asker }) => [group, asker?.n ?? null]));

it('a statement is of the request whose values it has, also when another was moved', () => {
  const [ann, bob] = [asker(1, 1, 'ann'), asker(2, 1, 'bob')];
  const group = groupOf('select $1', 'bob');
  expect(owners([group], [ann, bob], ann).get(group)).toBe(2);
  const written = groupOf("select 'bob'");
  expect(owners([written], [ann, bob], ann).get(written)).toBe(2);
});

it('while the one that was moved is not to be seen, nobody who is at the gate has gone on', () => {
  const [ann, bob] = [asker(1, null, 'ann'), asker(2, 1, 'bob')];
  const group = groupOf('select $1', 'ann');
  expect(owners([group], [ann, bob], bob).get(group)).toBe(2);
  expect(owners([group], [ann], null).get(group)).toBe(1);
});

it.each([
  ['written into it', (slot: string) => groupOf(`select '${slot}' where state = 'waiting'`)],
  ['bound to it', (slot: string) => groupOf('select $1 where state = $2', slot, 'waiting')],
])('what a statement has whoever asks tells nothing: %s', (_how, ask) => {
  const constants = new Constants();
  const [waiter, ann] = [asker(1, 1, 'slot-1', 'waiting'), asker(2, 2, 'slot-1')];
  const group = ask('slot-1');
  expect(owners([group], [waiter, ann], ann, constants).get(group)).toBe(1);
  constants.met(ask('slot-2'), new Set(['slot-2']));
  expect(owners([group], [waiter, ann], ann, constants).get(group)).toBe(2);
});

it('what it has only had by chance tells whose it is', () => {
  const constants = new Constants();
  const [ann, bob] = [asker(1, 1, 'ann'), asker(2, 2, 'bob')];
  for (const made of ['ann', 'eve']) constants.met(groupOf('insert $1', made), new Set());
  const group = groupOf('insert $1', 'ann');
  expect(owners([group], [ann, bob], bob, constants).get(group)).toBe(1);
});

it('a value that two of them have tells nothing: it is of the one that was moved', () => {
  const [ann, bob] = [asker(1, 1, 'slot-1'), asker(2, 2, 'slot-1')];
  const group = groupOf('select $1', 'slot-1');
  expect(owners([group], [ann, bob], bob).get(group)).toBe(2);
});

it('with nobody moved it is of the one that waits for longest', () => {
  const [late, early] = [asker(1, 5), asker(2, 3)];
  const group = groupOf('select 1');
  expect(owners([group], [late, early], null).get(group)).toBe(2);
  expect(attribute([group], [late, early], null, new Constants())[0]?.isGuess).toBe(true);
});

it('a second statement of the one that was moved is its own, and what nobody asked for is nobody’s', () => {
  const busy = asker(1, null, 'ann');
  const group = groupOf('select 1');
  expect(owners([group], [busy], busy).get(group)).toBe(1);
  expect(owners([group], [busy], null).get(group)).toBeNull();
});

it('what comes at once is put in the order of its words, and never of its arrival', () => {
  const [first, other] = [groupOf('b'), groupOf('a', '0b8f7e52-4d5c-4a8e-9a57-0f6f4f3a1c11')];
  expect(attribute([first, other], [], null, new Constants()).map(({ group }) => group)).toEqual([
    other,
    first,
  ]);
});

it('tokens are the values of a call, deep inside too, but for the shortest', () => {
  const tokens = new Set<string>();
  addTokens(tokens, { citizen: 'citizen-1', seats: [{ id: 'b-77' }, 'A1'], count: 3 });
  expect([...tokens]).toEqual(['citizen-1', 'b-77']);
});
