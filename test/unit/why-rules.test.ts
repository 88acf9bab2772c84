/** Rules that hold requests against what they changed, on a few statements and rows. */
import { expect, test } from 'vitest';
import type { Call } from '../../runner/service/call.ts';
import type { Commit, RecordedRequest, Recording, RowChange } from '../../runner/why/findings.ts';
import { timedTurnsOf } from '../../runner/why/first-wrong.ts';
import { haveState, isUnusual } from '../../runner/why/passing.ts';
import type { Rule } from '../../runner/why/rules/rule.ts';
import { sceneOf } from '../../runner/why/rules/scene.ts';
import {
  countedTwice,
  doubleEffect,
  foreignWrite,
  keptRefusal,
  voidWrite,
} from '../../runner/why/rules/writes.ts';
import { givenIds } from '../../runner/why/said.ts';
import { splitLooks } from '../../runner/why/split-looks.ts';

interface Did {
  call: Call & Record<string, unknown>;
  /** Planned operation; default its own. */
  n?: number;
  /** Default: it was answered ok. */
  refused?: boolean;
  /** Texts of each transaction with their values, and what its commit changed. */
  transactions: { statements: [text: string, ...values: unknown[]][]; changes: RowChange[] }[];
}

/** An execution of one request after another, and of those in `between` before the last transaction of the first. */
function recordingOf(requests: Did[]): Recording {
  const [statements, commits]: [RecordedRequest['statements'][number][], Commit[]] = [[], []];
  let clock = 0;
  const recorded = requests.map(
    ({ call, n, refused }, index): RecordedRequest & { statements: typeof statements } => ({
      index,
      key: `${index}.0`,
      n: n ?? index,
      attempt: 0,
      isDuplicate: false,
      op: index,
      actor: 'ann',
      call,
      outcome: refused ? 'refused' : 'ok',
      reply: refused ? { outcome: 'refused', reason: 'taken' } : { outcome: 'ok', value: {} },
      statements: [],
      faults: [],
      invokedEvent: index,
      completedEvent: index,
    }),
  );
  const most = Math.max(...requests.map(({ transactions }) => transactions.length));
  // First transactions of all, then the second ones.
  for (let turn = 0; turn < most; turn++) {
    for (const [at, { transactions }] of requests.entries()) {
      const done = transactions[turn];
      const request = recorded[at];
      if (!done || !request) continue;
      const transaction = clock;
      const sent = (kind: 'statement' | 'commit', text: string, values: unknown[] = []) => {
        const isRead = /^select/.test(text);
        const tag = kind === 'commit' ? 'COMMIT' : isRead ? 'SELECT' : 'UPDATE';
        const count = done.changes.length;
        const own = { id: statements.length, owner: null, kind, text, values, transaction, tag, count };
        const rest = { isAutocommit: false, connection: 0, isolation: null, rows: null, error: null };
        const times = { sentAt: ++clock, settledAt: ++clock, waitedFor: [], waitedAt: [], takenBack: 0 };
        const statement = { ...own, ...rest, ...times };
        statements.push(statement);
        request.statements.push(statement);
        return statement;
      };
      for (const [text, ...values] of done.statements) sent('statement', text, values);
      const statement = sent('commit', 'commit');
      commits.push({ index: commits.length, statement, request, at: clock, changes: done.changes });
    }
  }
  return { requests: recorded, statements, commits } as unknown as Recording;
}

function row(table: string, key: string, before: object | null, after: object | null): RowChange {
  const columns = Object.keys(after ?? before ?? {});
  return { table, key: JSON.stringify([key]), before, after, columns } as RowChange;
}

function found(rule: Rule, recording: Recording) {
  return rule(sceneOf(recording, recording.requests.at(-1) ?? null));
}

const HOLD = 'insert into orders (id) values ($1)';
const hold = (order: string, n?: number): Did => ({
  call: { operation: 'hold', event: 'event-1', order },
  ...(n === undefined ? {} : { n }),
  transactions: [{ statements: [[HOLD, order]], changes: [row('orders', order, null, { id: order })] }],
});
const FREE = 'update orders set freed = true where expires_at < $1';
const frees = (order: string, call: Did['call']): Did => ({
  call,
  transactions: [
    {
      statements: [[FREE, 5]],
      changes: [row('orders', order, { id: order, freed: false }, { id: order, freed: true })],
    },
  ],
});

test('a row that another has made and the call does not name is foreign, and is told only where that is shown', () => {
  const read = { operation: 'read', event: 'event-1' };
  const cause = found(foreignWrite, recordingOf([hold('o-1'), frees('o-1', read)]));
  expect(cause).toMatchObject({ kind: 'wrong-write', isUsual: true, write: { text: FREE } });
  expect(cause?.wrong).toHaveLength(1);
  const release = { operation: 'release', event: 'event-1', order: 'o-1' };
  expect(found(foreignWrite, recordingOf([hold('o-1'), frees('o-1', release)]))).toBeNull();
});

test('what belongs to a row of another by its key is foreign, too', () => {
  const seat = row('seats', 'A1', { order_id: 'o-1' }, { order_id: null });
  const sweep: Did = {
    call: { operation: 'read', event: 'event-1' },
    transactions: [{ statements: [['update seats set order_id = null']], changes: [seat] }],
  };
  expect(found(foreignWrite, recordingOf([hold('o-1'), sweep]))?.sentence).toContain('hold ann event-1 o-1');
  expect(found(foreignWrite, recordingOf([hold('o-2'), sweep]))).toBeNull();
});

test('of what was tidied up and of what it put there itself, a refused request has kept only the latter', () => {
  const call = { operation: 'hold', event: 'event-1', order: 'o-2' };
  const [tidied] = frees('o-1', call).transactions;
  const kept = row('orders', 'o-2', null, { id: 'o-2' });
  const seat = row('seats', 'A1', { order_id: null }, { order_id: 'o-2' });
  const refused = (changes: RowChange[]): Did => ({
    call,
    refused: true,
    transactions: [
      {
        statements: [
          [FREE, 5],
          [HOLD, 'o-2'],
        ],
        changes,
      },
    ],
  });
  const tidies = tidied?.changes ?? [];
  const both = recordingOf([hold('o-1'), refused([...tidies, kept, seat])]);
  expect(found(keptRefusal, both)).toMatchObject({ isUsual: true, wrong: [kept, seat] });
  expect(found(foreignWrite, both)?.wrong).toMatchObject(tidies);
  expect(found(keptRefusal, recordingOf([hold('o-1'), refused(tidies)]))).toBeNull();
  expect(found(keptRefusal, recordingOf([refused([kept])]))).toMatchObject({ isUsual: false });
});

test('of several rows of others the one is told of that is changed in a state in which it usually is not', () => {
  const change = (id: string, state: string) =>
    row('orders', id, { id, state, freed: false }, { id, state, freed: true });
  const usual = [change('o-8', 'held'), change('o-9', 'held')];
  expect(isUnusual(change('o-1', 'held'), usual)).toBe(false);
  expect(isUnusual(change('o-2', 'paid'), usual)).toBe(true);
  expect(isUnusual(change('o-1', 'held'), [])).toBe(true);
  expect(haveState(usual)).toBe(true);
  expect(
    haveState([row('seats', 'A1', { name: 'A1', order_id: 'o-1' }, { name: 'A1', order_id: null })]),
  ).toBe(false);

  const sweep: Did = {
    call: { operation: 'read', event: 'event-1' },
    transactions: [{ statements: [[FREE, 5]], changes: [change('o-1', 'held'), change('o-2', 'paid')] }],
  };
  const scene = sceneOf(recordingOf([hold('o-1'), hold('o-2'), sweep]), null);
  const [, paid] = scene.suspects
    .flatMap((request) => scene.effects.of(request))
    .filter(({ before }) => before);
  expect(foreignWrite(scene)?.sentence).toContain('hold ann event-1 o-1');
  expect(foreignWrite({ ...scene, unusual: paid ?? null })?.sentence).toContain('hold ann event-1 o-2');
});

test('a number that one statement counts up twice is to be what it is with once', () => {
  const count = 'update events set places_free = places_free + $1 where id = $2';
  const refund = (...statements: [string, ...unknown[]][]): Did => ({
    call: { operation: 'refund', event: 'event-1', order: 'o-1' },
    transactions: [
      { statements, changes: [row('events', 'event-1', { places_free: 3 }, { places_free: 7 })] },
    ],
  });
  const cause = found(countedTwice, recordingOf([refund([count, 2, 'event-1'], [count, 2, 'event-1'])]));
  expect(cause).toMatchObject({ kind: 'wrong-value', isShownOnly: true });
  expect(cause?.wrong).toMatchObject([{ before: { places_free: 5 }, columns: ['places_free'] }]);
  expect(found(countedTwice, recordingOf([refund([count, 1, 'event-1'], [count, 3, 'event-1'])]))).toBeNull();
});

test('a repeat that changes something else has not had its effect again', () => {
  const repeat = (changes: RowChange[]): Did => ({
    ...hold('o-1', 0),
    transactions: [{ statements: [[HOLD]], changes }],
  });
  const swept = row('events', 'event-1', { places_free: 0 }, { places_free: 4 });
  expect(found(doubleEffect, recordingOf([hold('o-1', 0), repeat([swept])]))).toBeNull();
  const second = row('orders', 'o-1b', null, { id: 'o-1b' });
  expect(found(doubleEffect, recordingOf([hold('o-1', 0), repeat([second])]))?.kind).toBe('double-effect');
});

test('an id that was given is no word of a state', () => {
  const reply = { outcome: 'ok' as const, value: { state: 'refunded', booking: 'b-7' } };
  expect(givenIds({ call: { operation: 'pay' }, reply })).toEqual(['b-7']);
});

test('a look in one transaction that another acts on is tried when others committed in between', () => {
  const look: [string, ...unknown[]] = ['select state from orders where id = $1', 'o-1'];
  const pay: Did = {
    call: { operation: 'pay', event: 'event-1', order: 'o-1' },
    transactions: [
      { statements: [look], changes: [] },
      {
        statements: [['update orders set state = $1', 'paid']],
        changes: [row('orders', 'o-1', { state: 'held' }, { state: 'paid' })],
      },
    ],
  };
  const recording = recordingOf([pay, frees('o-1', { operation: 'read', event: 'event-1' })]);
  const [tried, ...others] = splitLooks(recording, null);
  expect(others).toEqual([]);
  expect(tried?.read.text).toBe(look[0]);
  expect(tried?.commits.map(({ request }) => request?.call.operation)).toEqual(['read']);
  expect(splitLooks(recordingOf([pay]), null)).toEqual([]);
});

test('a write that changes nothing is told where it is the request’s own, and not where all requests make it', () => {
  const nothing = (operation: string, text: string): Did => ({
    call: { operation, event: 'event-1', order: 'o-1' },
    transactions: [{ statements: [[text, 5]], changes: [] }],
  });
  const pay = 'update orders set paid = true where id = $1';
  const own = recordingOf([nothing('read', FREE), nothing('pay', pay)]);
  expect(found(voidWrite, own)).toMatchObject({ kind: 'void-write', write: { text: pay } });
  expect(found(voidWrite, recordingOf([nothing('read', FREE), nothing('pay', FREE)]))).toBeNull();
});

test('a request whose answer a fault keeps back was over before the next one was', () => {
  const [first, second, third] = [hold('o-1'), hold('o-2'), hold('o-3')].map(({ call }) => call);
  const event = (index: number, virtualMs: number, type: string, data: object) =>
    ({ index, virtualMs, type, actor: 'ann', data }) as unknown as Recording['events'][number];
  const asked = (
    index: number,
    ms: number,
    op: number,
    { operation: _, ...call }: Call = { operation: '' },
  ) => event(index, ms, 'hold.invoke', { ...call, op });
  const { requests } = recordingOf([hold('o-1'), hold('o-2'), hold('o-3')]);
  const events = [
    asked(1, 1, 0, first),
    event(2, 2, 'fault', { name: 'reorder', op: 0 }),
    asked(3, 3, 1, second),
    event(4, 4, 'hold.ok', { op: 1 }),
    event(5, 4, 'clock', { nowMs: 1_000_000 }),
    asked(6, 5, 2, third),
    event(7, 6, 'hold.ok', { op: 2 }),
    event(8, 20, 'hold.ok', { op: 0 }),
  ];
  const steps = requests.flatMap(({ key }) => [
    { request: key },
    { request: key },
  ]) as unknown as Recording['steps'];
  const turns = timedTurnsOf({ requests, events, steps });
  expect(turns.map(({ request, ends, moment }) => [request.op, ends, moment?.index])).toEqual([
    [0, false, 1],
    [0, true, 4],
    [1, false, 3],
    [1, true, 4],
    [2, false, 6],
    [2, true, 7],
  ]);
});
