import { expect, test } from 'vitest';
import { checkRows } from '../../cli/run/checks.ts';
import type { RunData } from '../../cli/run/run-data.ts';
import { executed } from '../helpers/execute.ts';

async function closing(): Promise<Record<string, unknown>> {
  const { events } = await executed({
    target: 'memory',
    seed: 4,
    config: { operations: 300, faults: 'rough' },
  });
  return events.at(-1)?.data as Record<string, unknown>;
}

/** As much of a run's data as the checks are read from. */
function dataWith(end: Record<string, unknown> | null): RunData {
  const tally = { types: {}, faults: {}, audits: 0, healedAt: null, closing: end };
  const run = { scenario: 'bookings', config: { thresholds: [], faultRates: {} }, failForensic: null };
  return { run, tally, metrics: {}, end: null, violation: null } as unknown as RunData;
}

test('the end of a run tells what checking its histories cost, alike each time', async () => {
  const end = await closing();
  expect(end['checking']).toEqual((await closing())['checking']);
  const { answers, searches, configurations } = (end['checking'] as Record<string, Record<string, number>>)[
    'per-object-history'
  ] as Record<string, number>;
  expect(answers).toBeGreaterThan(200);
  expect(searches).toBeGreaterThan(0);
  expect(configurations).toBeGreaterThan(searches as number);
  const row = checkRows(dataWith(end)).find(({ name }) => name === 'per-object-history');
  expect(row?.cost).toMatch(/^[\d,]+ answers, \d+ searched for, [\d,]+ orders tried$/);
});

test('nothing is said of a cost that is not known', () => {
  for (const end of [null, {}, { checking: null }, { checking: { 'per-object-history': { answers: 'x' } } }])
    expect(checkRows(dataWith(end)).every(({ cost }) => cost === null)).toBe(true);
});
