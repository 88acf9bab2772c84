/** What is shown of a campaign: its course in even steps, how soon seeds failed, what was reached, and who works for it. */
import { describe, expect, it } from 'vitest';
import { campaignSeries } from '../../cli/run/campaign-series.ts';
import { untilRows } from '../../cli/run/operations-until.ts';
import { reachedRows, reachedSeedsText, reachedText } from '../../cli/run/reached-rows.ts';
import {
  heardText,
  isGone,
  isSilent,
  runnersOf,
  SILENT_SECONDS,
  shardRows,
  shardSeedsText,
  shardsText,
  workersText,
} from '../../cli/run/runner-words.ts';
import { CAMPAIGN_LEASE_SECONDS } from '../../server/contract/index.ts';
import { recordedCampaign, recordedRunner, recordedShard } from '../helpers/recorded-campaign.ts';

describe('the course of a campaign', () => {
  const course = [
    { seconds: 2, seeds: 20, operations: 40 },
    { seconds: 8, seeds: 20, operations: 40 },
  ];
  const campaign = recordedCampaign({ course, seconds: 10, seedsThrough: 60 });

  it('is told in even steps, whenever its samples were taken', () => {
    expect(campaignSeries(campaign, 5)).toEqual({
      seeds: [20, 20, 20, 20, 60],
      rates: [10, 0, 0, 0, 20],
      seconds: 10,
    });
    expect(campaignSeries(campaign, 200)?.seeds).toHaveLength(200);
  });

  it('is not told before there is one', () => {
    expect(campaignSeries(recordedCampaign({ course: [], seconds: 0, seedsThrough: 0 }), 5)).toBeNull();
  });

  it('never has a rate below 0, where seeds of a shard that was lost do not count any more', () => {
    const series = campaignSeries(recordedCampaign({ course, seconds: 10, seedsThrough: 10 }), 5);
    expect(series?.rates).toEqual([10, 0, 0, 0, 0]);
  });
});

describe('the operations until a failure', () => {
  it('are summed over all that failed, in powers of two, without the empty ends', () => {
    expect(untilRows([{ operationsUntil: [0, 0, 1, 0, 2] }, { operationsUntil: [0, 0, 3] }])).toEqual([
      { operations: '4 to 7', seeds: 4, share: 1 },
      { operations: '8 to 15', seeds: 0, share: 0 },
      { operations: '16 to 31', seeds: 2, share: 0.5 },
    ]);
    expect(untilRows([{ operationsUntil: [1] }])).toMatchObject([{ operations: 'up to 1' }]);
    expect(untilRows([])).toEqual([]);
    expect(untilRows([{ operationsUntil: [0, 0] }])).toEqual([]);
  });
});

describe('sometimes-properties', () => {
  const shardsToSee = [
    recordedShard({ seedsThrough: 500 }),
    recordedShard({ state: 'lost', seedsThrough: 9 }),
  ];
  const reached = { often: 400, rare: 1, never: 0 };
  const rows = reachedRows({ reached, seedsThrough: 20_500, shardsToSee });

  it('are told from those that no seed has reached on', () => {
    expect(rows.map(({ property }) => property)).toEqual(['never', 'rare', 'often']);
    expect(rows.map(reachedSeedsText)).toEqual(['never', '1 (0.01 %)', '400 (2 %)']);
    expect(reachedText(rows)).toBe('2 of 3 reached');
    expect(reachedText([])).toBe('');
  });
});

describe('who works for a campaign', () => {
  const runners = [
    recordedRunner({ name: 'b', work: { campaign: 'hunt', shard: 4 } }),
    recordedRunner({ name: 'a', work: { campaign: 'hunt', shard: null }, silentSeconds: 40 }),
    recordedRunner({ name: 'c', work: null }),
    recordedRunner({ name: 'd', work: { campaign: 'other', shard: 1 } }),
  ];

  it('is told by name, and who fell silent for as long as a claim holds is marked', () => {
    const own = runnersOf(runners, 'hunt');
    expect(own.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(own.map(isSilent)).toEqual([true, false]);
    expect(SILENT_SECONDS).toBe(CAMPAIGN_LEASE_SECONDS);
    expect(workersText(own)).toBe('2 runners, 1 silent');
    expect(workersText(own.slice(1))).toBe('1 runner');
    const left = recordedRunner({ name: 'e', work: null, silentSeconds: 40 });
    expect([isSilent(left), isGone(left)]).toEqual([false, true]);
    expect(workersText([...own, left])).toBe('2 runners, 1 silent, 1 gone');
    expect([0.4, 3.9, 90].map((silentSeconds) => heardText({ silentSeconds }))).toEqual([
      'now',
      '3 s ago',
      '1 min 30 s ago',
    ]);
  });

  it('is known of a shard that is under way, and of no other', () => {
    const shardsToSee = [
      recordedShard({ number: 4, runner: 'b', seedsThrough: 120, seedsTotal: 400 }),
      recordedShard({ number: 5, runner: 'nobody' }),
      recordedShard({ number: 6, runner: 'b', state: 'lost', seedsTotal: 400 }),
    ];
    const rows = shardRows(recordedCampaign({ shardsToSee }), runners);
    expect(rows.map(({ holder }) => holder?.name ?? null)).toEqual(['b', null, null]);
    expect(rows.map(shardSeedsText)).toEqual(['120 of 400', '0 of 10', '400']);
    expect(shardsText({ shards: { open: 2, running: 1, done: 1_200, lost: 0 } })).toBe(
      '1,200 done, 1 under way, 2 waiting',
    );
  });
});
