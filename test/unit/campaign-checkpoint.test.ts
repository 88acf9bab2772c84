import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { absorb, type Checkpoint, campaignFiles } from '../../cli/campaign/checkpoint.ts';
import {
  joined,
  rangesText,
  runConfigSchema,
  type SeedFailure,
  sizeOf,
  without,
} from '../../server/contract/index.ts';

const checkpoint = (): Checkpoint => ({
  version: 1,
  name: 'hunt',
  ...{ id: '0198c2d4-0000-7000-8000-000000000001', course: [], holder: null, finished: false },
  generation: 1,
  simcity: '0.2.0',
  scenario: 'bookings',
  target: 'memory',
  ...{ exec: null, gate: null, proved: 0, identical: 0 },
  config: runConfigSchema.parse({}),
  seeds: [[1, 100]],
  through: [],
  operations: 0,
  seconds: 0,
  found: [],
});
const failure = (seed: number, operations: number, invariant = 'no-overbooking'): SeedFailure => ({
  seed,
  operations,
  message: `seed ${seed} broke`,
  signature: { kind: 'invariant', invariant, operation: null },
});

describe('ranges of seeds', () => {
  it('are joined where they touch or overlap', () => {
    expect(
      joined([
        [5, 9],
        [1, 3],
        [4, 4],
        [8, 12],
        [20, 21],
      ]),
    ).toEqual([
      [1, 12],
      [20, 21],
    ]);
  });

  it('lose what is gone', () => {
    expect(
      without(
        [[1, 10]],
        [
          [1, 2],
          [5, 5],
          [9, 20],
        ],
      ),
    ).toEqual([
      [3, 4],
      [6, 8],
    ]);
    expect(without([[1, 3]], [[1, 3]])).toEqual([]);
  });

  it('are counted and written', () => {
    expect(
      sizeOf([
        [1, 10],
        [15, 15],
      ]),
    ).toBe(11);
    expect(
      rangesText([
        [1, 10],
        [15, 15],
      ]),
    ).toBe('1..10,15');
  });
});

describe('the checkpoint of a campaign', () => {
  it('tells failures apart by what broke, and prefers the seed that failed soonest', () => {
    const hunt = checkpoint();
    absorb(hunt, { seeds: [3, 1, 2], failures: [failure(3, 90), failure(2, 40)], operations: 500 });
    absorb(hunt, {
      seeds: [5, 4],
      failures: [failure(5, 40), failure(4, 70, 'ids-are-never-reused')],
      operations: 100,
    });
    expect(hunt.through).toEqual([[1, 5]]);
    expect(hunt.operations).toBe(600);
    expect(hunt.found).toMatchObject([
      { seeds: 3, firstSeed: 2, seed: 2, operations: 40, message: 'seed 2 broke', run: null },
      { seeds: 1, firstSeed: 4, seed: 4 },
    ]);
  });

  it('keeps to the seed that is recorded already', () => {
    const hunt = checkpoint();
    absorb(hunt, { seeds: [3], failures: [failure(3, 90)], operations: 1 });
    Object.assign(hunt.found[0] as object, { run: 'some-run' });
    absorb(hunt, { seeds: [4], failures: [failure(4, 10)], operations: 1 });
    expect(hunt.found).toMatchObject([{ seed: 3, seeds: 2 }]);
  });
});

describe('the files of campaigns', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simcity-campaign-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('give back what was kept', () => {
    const files = campaignFiles(folder);
    expect(files.newest()).toBeNull();
    const hunt = checkpoint();
    absorb(hunt, { seeds: [3], failures: [failure(3, 90)], operations: 1 });
    files.save(hunt);
    expect(files.exists('hunt')).toBe(true);
    expect(files.newest()).toBe('hunt');
    expect(files.load('hunt')).toEqual(hunt);
  });

  it('say so when there is no such campaign', () => {
    expect(() => campaignFiles(folder).load('other')).toThrow(/no campaign 'other'/);
  });
});
