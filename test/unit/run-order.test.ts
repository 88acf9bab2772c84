import { describe, expect, it } from 'vitest';
import { sortedRuns } from '../../cli/run/run-order.ts';
import { FILTERS, filterRuns } from '../../cli/run/run-search.ts';
import { diagnosedRun, recordedDiagnosis } from '../helpers/recorded-failure.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const run = (number: number, changes: Parameters<typeof recordedRun>[0] = {}) =>
  recordedRun({ number, seed: 100 - number, durationSecondsActual: number, ...changes });
const RUNS = [
  run(5, { status: 'QUEUED', durationSecondsActual: null }),
  run(4, { status: 'PASS' }),
  diagnosedRun(recordedDiagnosis(), { number: 3 }),
  run(2, { status: 'STOPPED', stopReason: 'enough' }),
  run(1, { status: 'FAIL' }),
];

const numbers = (runs: readonly { number: number }[]) => runs.map(({ number }) => number);

describe('the list of runs', () => {
  it('is narrowed to a state as people call it, where a lost run is not merely stopped', () => {
    const found = Object.fromEntries(
      FILTERS.map((filter) => [filter, numbers(filterRuns(RUNS, '', filter))]),
    );
    expect(found).toEqual({
      ...{ ALL: [5, 4, 3, 2, 1], ACTIVE: [5], PASS: [4], FAIL: [1] },
      ...{ LOST: [3], 'ADAPTER ERROR': [], STOPPED: [2] },
    });
    expect(numbers(filterRuns(RUNS, 'why:enough', 'STOPPED'))).toEqual([2]);
    expect(numbers(filterRuns(RUNS, 'why:enough', 'PASS'))).toEqual([]);
  });

  it('keeps the newest first among those that an order puts beside each other', () => {
    expect(numbers(sortedRuns(RUNS, 'newest'))).toEqual([5, 4, 3, 2, 1]);
    expect(numbers(sortedRuns(RUNS, 'status'))).toEqual([5, 1, 3, 2, 4]);
    expect(numbers(sortedRuns(RUNS, 'events'))).toEqual([3, 5, 4, 2, 1]);
    expect(numbers(sortedRuns(RUNS, 'duration'))[0]).toBe(5);
  });
});
