import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { campaignFiles } from '../../cli/campaign/files.ts';
import { firstOf, joined, rangesText, sizeOf, without } from '../../server/contract/index.ts';
import { recordedCheckpoint, recordedFailure, recordedTally } from '../helpers/recorded-campaign.ts';

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

  it('begin with so many', () => {
    const ranges: [number, number][] = [
      [5, 6],
      [1, 3],
    ];
    expect([0, 2, 4, 9].map((count) => rangesText(firstOf(ranges, count)))).toEqual([
      '',
      '1..2',
      '1..3,5',
      '1..3,5..6',
    ]);
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

describe('the files of campaigns', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simcity-campaign-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('give back what was kept', () => {
    const files = campaignFiles(folder);
    expect(files.newest()).toBeNull();
    const hunt = recordedCheckpoint({ tally: recordedTally([[3, 3]], { failures: [recordedFailure()] }) });
    files.save(hunt);
    expect(files.exists('hunt')).toBe(true);
    expect(files.newest()).toBe('hunt');
    expect(files.load('hunt')).toEqual(hunt);
  });

  it('read what 0.1.0 left, with what it found and recorded', () => {
    const files = campaignFiles(folder);
    const { tally: _, recorded: __, version: ___, ...rest } = recordedCheckpoint();
    const { operationsUntil: ____, ...failure } = recordedFailure();
    const run = '0198c2d4-0000-7000-8000-000000000009';
    const found = [{ ...failure, run, smallest: null, why: 'it did not fail again' }];
    const old = { ...rest, version: 1, id: null, through: [[1, 40]], operations: 900, found, finished: null };
    mkdirSync(join(folder, 'campaigns'), { recursive: true });
    writeFileSync(files.path('old'), JSON.stringify(old), { mode: 0o600 });
    const read = files.load('old');
    expect(read).toMatchObject({
      ...{ version: 2, finished: false },
      tally: { through: [[1, 40]], operations: 900, failures: [{ ...failure, operationsUntil: [] }] },
      recorded: [{ failure: 'invariant/no-overbooking', run, isOver: true }],
    });
    expect(files.load('old').id).toBe(read.id);
  });

  it('say so when there is no such campaign', () => {
    expect(() => campaignFiles(folder).load('other')).toThrow(/no campaign 'other'/);
  });
});
