/** How far a campaign is and how fast: in samples that stay few, in words, and without what only its machine may know. */
import { describe, expect, it } from 'vitest';
import { campaignOf, importOf } from '../../cli/campaign/campaign-of.ts';
import type { Checkpoint } from '../../cli/campaign/checkpoint.ts';
import { withSample } from '../../cli/campaign/course.ts';
import {
  doingText,
  recentRate,
  secondsLeft,
  shareThrough,
  wholeCourse,
} from '../../cli/run/campaign-progress.ts';
import {
  type Campaign,
  type CampaignSample,
  campaignImportSchema,
  MOST_SAMPLES,
} from '../../server/contract/index.ts';
import {
  recordedCampaign,
  recordedCheckpoint,
  recordedFailure,
  recordedTally,
} from '../helpers/recorded-campaign.ts';
import { RUN_ID } from '../helpers/recorded-run.ts';

const sampled = (upTo: number, every: number): CampaignSample[] => {
  let course: CampaignSample[] = [];
  for (let seconds = every; seconds <= upTo; seconds += every)
    course = withSample(course, {
      seconds,
      tally: { through: [[1, Math.round(seconds * 10)]], operations: 0 },
    });
  return course;
};

describe('the course of a campaign', () => {
  it('has few samples, evenly, however long it is', () => {
    for (const seconds of [10, 1_000, 100_000]) {
      const course = sampled(seconds, Math.max(0.1, seconds / 10_000));
      expect(course.length).toBeLessThanOrEqual(MOST_SAMPLES);
      expect(course.length).toBeGreaterThan(MOST_SAMPLES / 8);
      const gaps = course.slice(1).map((sample, i) => sample.seconds - (course[i]?.seconds ?? 0));
      expect(Math.max(...gaps)).toBeLessThan(Math.min(...gaps) * 8 + 1);
    }
  });

  it('reaches from the beginning to now', () => {
    const course = [{ seconds: 2, seeds: 20, operations: 9 }];
    const now = { course, seconds: 3, seedsThrough: 40, operations: 20 };
    expect(wholeCourse(now).map(({ seeds }) => seeds)).toEqual([0, 20, 40]);
    expect(wholeCourse({ ...now, seconds: 2, seedsThrough: 20 })).toHaveLength(2);
  });
});

const campaign = (change: Partial<Campaign>): Campaign =>
  recordedCampaign({ seedsTotal: 1_000, seedsThrough: 100, seconds: 100, course: [], ...change });

describe('what a campaign does', () => {
  it('is told by how fast it is of late, not by how it began', () => {
    const course = [{ seconds: 80, seeds: 0, operations: 0 }];
    expect(recentRate(campaign({ course }))).toBe(5);
    expect(doingText(campaign({ course }))).toBe('5 seeds/s, 3 min 00 s left');
    expect(recentRate(campaign({ seconds: 0, seedsThrough: 0 }))).toBeNull();
  });

  it('is recording once its shards are over, and nothing once it is over', () => {
    expect(doingText(campaign({ state: 'recording' }))).toBe('recording and shrinking what failed');
    expect(doingText(campaign({ seedsThrough: 0, seconds: 0 }))).toBe('the first seeds are under way');
    const idle = { open: 1, running: 0, done: 1, lost: 0 };
    expect(doingText(campaign({ shards: idle }))).toBe('no claimant is at work on it');
    for (const state of ['done', 'stopped'] as const) expect(doingText(campaign({ state }))).toBe('');
  });

  it('ends with its time, where that comes first', () => {
    const timed = campaign({ budgetSeconds: 200, seedsTotal: 1_000_000 });
    expect(secondsLeft(timed)).toBe(100);
    expect(shareThrough(timed)).toBe(0.5);
    expect(shareThrough(campaign({}))).toBe(0.1);
  });
});

describe('what a server is told of one that was executed without it', () => {
  it('is what it takes, and neither commands nor files of this machine', () => {
    const failures = ['a', 'b'].map((invariant) =>
      recordedFailure({ signature: { kind: 'invariant', invariant, operation: null } }),
    );
    const checkpoint = recordedCheckpoint({
      exec: 'PASSWORD=hidden x',
      gate: { url: 'postgres://u:hidden@h/d', schema: null, prepare: null, large: false },
      modules: { scenario: null, target: null, adapter: '/home/hidden/adapter.ts' },
      tally: recordedTally([[1, 4]], { failures }),
      recorded: [
        {
          failure: 'invariant/b',
          run: RUN_ID,
          number: 12,
          smallest: 2,
          why: '',
          reproduce: 'x',
          isOver: true,
        },
      ],
    });
    const told = campaignImportSchema.parse(importOf(checkpoint, new Date()));
    expect(JSON.stringify(told)).not.toContain('hidden');
    expect(told.state).toBe('stopped');
    expect(told.records).toMatchObject([{ run: null }, { run: RUN_ID, smallest: 2 }]);
    expect(importOf({ ...checkpoint, finished: true }, new Date()).state).toBe('done');
  });

  it('is how it stands', () => {
    const state = (change: Partial<Checkpoint>, isUnderWay = false) =>
      campaignOf(recordedCheckpoint(change), { isUnderWay, shards: 1 }).state;
    const tally = recordedTally([[1, 100]]);
    expect(state({})).toBe('running');
    expect(state({ endedBy: 'stop' })).toBe('stopped');
    expect(state({ endedBy: 'stop' }, true)).toBe('running');
    expect(state({ tally })).toBe('recording');
    expect(state({ endedBy: 'time' })).toBe('recording');
    expect(state({ tally, finished: true })).toBe('done');
  });
});
