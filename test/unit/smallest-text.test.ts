import { describe, expect, it } from 'vitest';
import { laneLines } from '../../cli/output/lanes.ts';
import { smallestText } from '../../cli/output/smallest.ts';
import { styleFor } from '../../cli/output/style.ts';
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
    { kind: 'statement', owner: 3, text: 'select capacity from slots where id = $1', values: 'slot-1' },
    { kind: 'request', owner: 7, text: 'PATCH /slots/1', values: '' },
    { kind: 'rows', owner: 7, text: 'UPDATE 1', values: '\u001b[2J' },
    { kind: 'lock', owner: 3, text: 'waits for 7', values: '' },
  ];

  it('is drawn in lanes, one for each request', () => {
    const lines = laneLines(wire, styleFor(false), 82);
    expect(lines.map((line) => line.slice(0, 40).trimEnd())).toEqual([
      'request 3',
      '─'.repeat(40),
      '→ POST /slots/1/bookings',
      'select capacity from slots where id = $1',
      '[slot-1]',
      '',
      '',
      '⧗ waits for 7',
    ]);
    expect(lines[5]).toBe(`${' '.repeat(42)}→ PATCH /slots/1`);
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  it('stands below each other where the lanes would be too narrow', () => {
    const lines = laneLines(wire, styleFor(false), 60);
    expect(lines[0]).toBe('request 3    → POST /slots/1/bookings');
    expect(lines.at(-1)).toBe('request 3    ⧗ waits for 7');
  });

  it('is a part of the text, and left out where there is none', () => {
    expect(smallestText({ ...smallest, wire }, styleFor(false))).toContain('In SQL');
    expect(smallestText(smallest, styleFor(false))).not.toContain('In SQL');
  });
});
