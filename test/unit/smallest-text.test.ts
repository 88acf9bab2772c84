import { describe, expect, it } from 'vitest';
import { smallestText } from '../../cli/output/smallest.ts';
import { styleFor } from '../../cli/output/style.ts';
import { wireLines } from '../../cli/output/why-lanes.ts';
import { runConfigSchema, type Smallest, type WireLine } from '../../server/contract/index.ts';

const smallest: Smallest = {
  ...{ version: 1, scenario: 'bookings', target: 'http://127.0.0.1:1', seed: 7 },
  config: runConfigSchema.parse({}),
  ...{ operations: 2, operationsBefore: 90, faults: [], story: [], wire: [] },
  ...{ kind: 'invariant', invariant: 'no-overbooking', message: 'Too many.', actual: 3, expected: 2 },
  ...{ reproduce: 'npx simcity run --seed 7', minimal: true, failsOtherwise: 0 },
  ...{ reproduced: { times: 17, of: 20 }, executions: 80, seconds: 4 },
};

it('tells how often the smallest part failed the same way', () => {
  expect(smallestText(smallest, styleFor(false))).toContain(
    'It failed the same way 17 of 20 times; 80 executions',
  );
});

it('names the other ways in which it failed, without obeying what a name contains', () => {
  const otherwise = { 'invariant/\u001b[31mred': 2, 'liveness/every-request-is-answered': 1 };
  const text = smallestText({ ...smallest, reproduced: { times: 17, of: 20, otherwise } }, styleFor(false));
  expect(text).toContain('17 of 20 times (it fails otherwise: invariant/');
  expect(text).toContain('2 times, liveness/every-request-is-answered once); 80 executions');
  expect(text).not.toContain('\u001b');
});

describe('what went over the wire', () => {
  const wire: WireLine[] = [
    { kind: 'request', owner: 3, text: 'POST /slots/1/bookings', values: '' },
    { kind: 'request', owner: 7, text: 'PATCH /slots/1', values: '' },
    { kind: 'statement', owner: 7, text: 'begin', values: '' },
    { kind: 'rows', owner: 7, text: 'BEGIN', values: '' },
    { kind: 'statement', owner: 7, text: 'update slots set open = $1', values: 'false' },
    { kind: 'rows', owner: 7, text: 'UPDATE 1', values: '\u001b[2J' },
    { kind: 'statement', owner: 3, text: 'select open from slots for update', values: '' },
    { kind: 'lock', owner: 3, text: 'waits for 7', values: '' },
    { kind: 'statement', owner: 7, text: 'commit', values: '' },
    { kind: 'rows', owner: 7, text: 'COMMIT', values: '' },
    { kind: 'answer', owner: 7, text: '200', values: '{"slot":"s"}' },
    { kind: 'rows', owner: 3, text: 'SELECT 1 (1)', values: 'f' },
  ];

  it('is drawn in the lanes of why it broke, each statement with its values, answer and wait', () => {
    const lines = wireLines(wire, styleFor(false), 110);
    expect(lines).toEqual([
      `     A  request 3${' '.repeat(41)}B  request 7`,
      ' 1     POST /slots/1/bookings',
      ` 2${' '.repeat(58)}PATCH /slots/1`,
      ` 4${' '.repeat(58)}begin; update slots set open = … → UPDATE 1 ␛[2J`,
      `     ┌ waits for B ${'─'.repeat(40)}▶`,
      ` 5   │${' '.repeat(54)}commit; 200`,
      ' 7   └ select open from slots for update → f',
    ]);
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  it('stands below each other where the lanes would be too narrow', () => {
    const lines = wireLines(wire, styleFor(false), 60);
    expect(lines[2]).toBe(' 1   A     POST /slots/1/bookings');
    expect(lines.at(-1)).toBe(' 7   A  └  select open from slots for update → f');
  });

  it('is a part of the text, and left out where there is none', () => {
    expect(smallestText({ ...smallest, wire }, styleFor(false))).toContain('In SQL');
    expect(smallestText(smallest, styleFor(false))).not.toContain('In SQL');
  });
});
