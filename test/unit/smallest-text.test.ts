import { expect, it } from 'vitest';
import { smallestText } from '../../cli/output/smallest.ts';
import { styleFor } from '../../cli/output/style.ts';
import { runConfigSchema, type Smallest } from '../../server/contract/index.ts';

const smallest: Smallest = {
  ...{ version: 1, scenario: 'bookings', target: 'http://127.0.0.1:1', seed: 7 },
  config: runConfigSchema.parse({}),
  ...{ operations: 2, operationsBefore: 90, faults: [], story: [] },
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
