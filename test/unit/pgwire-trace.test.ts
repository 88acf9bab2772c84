/** Traces of executions behind the gate: what is renamed, and that every other difference is found and named. */
import { expect, it } from 'vitest';
import { parting } from '../../runner/targets/pgwire/parting.ts';
import { shown, WireTrace } from '../../runner/targets/pgwire/trace.ts';

type Line = Parameters<WireTrace['add']>;

function traceOf(lines: readonly Line[]): WireTrace {
  const trace = new WireTrace();
  for (const line of lines) trace.add(...line);
  return trace;
}

/** One execution, with what its service drew. */
function execution({ first, other, at }: { first: string; other: string; at: string }): Line[] {
  return [
    ['request', 1, 'POST /slots/a/bookings', `{"citizen":"ann"}`],
    ['statement', 1, 'insert into b values ($1, $2)', [first, at]],
    ['rows', 1, 'INSERT 0 1 (1)', []],
    ['request', 2, 'POST /slots/b/bookings', `{"citizen":"bob"}`],
    ['statement', 2, 'insert into b values ($1, $2)', [other, at]],
    ['rows', 2, 'INSERT 0 1 (1)', []],
    ['answer', 1, '201', `{"id":"${first}","at":"${at}"}`],
    ['answer', 2, '201', `{"id":"${other}"}`],
  ];
}

const ONE = {
  first: '0b8f7e52-4d5c-4a8e-9a57-0f6f4f3a1c11',
  other: '7f3d2c10-1111-4222-8333-944455556666',
  at: '2026-11-29T01:02:03.456Z',
};
const ANOTHER = {
  first: 'aaaaaaaa-4d5c-4a8e-9a57-0f6f4f3a1c11',
  other: 'bbbbbbbb-1111-4222-8333-944455556666',
  at: '2026-11-29 11:12:13.000001+00',
};

it('UUIDs and times of another execution make no difference, and are counted', () => {
  const a = traceOf(execution(ONE));
  const b = traceOf(execution(ANOTHER));
  expect(parting(a, b)).toBeNull();
  expect(a.hash).toBe(b.hash);
  expect([a.renaming.uuids, a.renaming.timestamps]).toEqual([2, 3]);
});

it('a UUID is one in its binary form too', () => {
  const a = traceOf([
    ['statement', 1, 'insert', [ONE.first.replaceAll('-', '')]],
    ['answer', 1, '201', ONE.first],
  ]);
  expect(a.lines.map(({ values }) => values)).toEqual(['<uuid 1>', '<uuid 1>']);
});

it('UUIDs are renamed one to one: another one in its place is a difference', () => {
  const swapped = execution(ONE).map(([kind, owner, text, values]): Line => {
    const isAnswer = kind === 'answer' && owner === 2;
    return [kind, owner, text, isAnswer ? `{"id":"${ONE.first}"}` : (values ?? [])];
  });
  expect(parting(traceOf(execution(ONE)), traceOf(swapped))).toMatchObject({ line: 8 });
});

it('another value is found, and taken for the clock or chance of the service', () => {
  const lines = execution(ONE);
  const other = execution(ONE);
  lines[2] = ['rows', 1, 'INSERT 0 1 (1)', ['41']];
  other[2] = ['rows', 1, 'INSERT 0 1 (1)', ['42']];
  expect(parting(traceOf(lines), traceOf(other))).toMatchObject({
    line: 3,
    first: 'request 1: < INSERT 0 1 (1) [41]',
    other: 'request 1: < INSERT 0 1 (1) [42]',
    class: "the service's clock or chance",
  });
});

it('values are left out of what is told where that is asked', () => {
  const other = execution(ONE);
  other[0] = ['request', 1, 'POST /slots/a/bookings', '{"citizen":"eve"}'];
  const told = parting(traceOf(execution(ONE)), traceOf(other), { withValues: false });
  expect(told?.first).toBe('request 1: POST /slots/a/bookings […]');
  expect(JSON.stringify(told)).not.toMatch(/ann|eve/);
});

it('another order of two requests is the order of a pool', () => {
  const [a, b, c, d, ...rest] = execution(ONE) as [Line, Line, Line, Line, ...Line[]];
  const other = traceOf([a, d, b, c, ...rest]);
  expect(parting(traceOf(execution(ONE)), other)).toMatchObject({ line: 2, class: 'pool order' });
});

it('one statement more is found, and so is one of a background job', () => {
  const lines = execution(ONE);
  const more = [...lines.slice(0, 3), ['statement', 1, 'select 1', []] as Line, ...lines.slice(3)];
  expect(parting(traceOf(lines), traceOf(more))).toMatchObject({ line: 4, class: "driver's timer" });
  const job = [...lines.slice(0, 3), ['statement', 'background', 'select 1', []] as Line, ...lines.slice(3)];
  expect(parting(traceOf(lines), traceOf(job))).toMatchObject({ line: 4, class: 'background statement' });
});

it('an execution that ended earlier differs', () => {
  const lines = execution(ONE);
  expect(parting(traceOf(lines), traceOf(lines.slice(0, 5)))).toMatchObject({
    line: 6,
    other: '(the execution had ended)',
  });
});

it('what is long is cut where it is kept, and is still told apart', () => {
  const long = 'x'.repeat(5_000);
  const a = traceOf([['answer', 1, '200', `${long}a`]]);
  const b = traceOf([['answer', 1, '200', `${long}b`]]);
  expect(shown(a.lines[0] as never).length).toBeLessThan(1_200);
  expect(parting(a, b)).toMatchObject({ line: 1 });
});
