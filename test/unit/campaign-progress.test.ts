/** How far a campaign is and how fast: in samples that stay few, in words, and without what only its machine may know. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../cli/campaign/checkpoint.ts';
import { withSample } from '../../cli/campaign/course.ts';
import { reportOf, restingState } from '../../cli/campaign/report.ts';
import { doingText, recentRate, seedRates, wholeCourse } from '../../cli/run/campaign-progress.ts';
import {
  type Campaign,
  type CampaignSample,
  campaignReportSchema,
  MOST_SAMPLES,
  runConfigSchema,
} from '../../server/contract/index.ts';

const sampled = (upTo: number, every: number): CampaignSample[] => {
  let course: CampaignSample[] = [];
  for (let seconds = every; seconds <= upTo; seconds += every)
    course = withSample(course, { seconds, seeds: seconds * 10, operations: 0 });
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
      expect(seedRates(course).every((rate) => Math.abs(rate - 10) < 0.01)).toBe(true);
    }
  });

  it('reaches from the beginning to now', () => {
    const course = [{ seconds: 2, seeds: 20, operations: 9 }];
    const now = { course, seconds: 3, seedsThrough: 40, operations: 20 };
    expect(wholeCourse(now).map(({ seeds }) => seeds)).toEqual([0, 20, 40]);
    expect(seedRates(wholeCourse(now))).toEqual([10, 20]);
    expect(wholeCourse({ ...now, seconds: 2, seedsThrough: 20 })).toHaveLength(2);
  });
});

const campaign = (change: Partial<Campaign>): Campaign => ({
  ...{ name: 'hunt', state: 'running', scenario: 'bookings', target: 'memory', generation: 2, version: '1' },
  ...{
    config: runConfigSchema.parse({}),
    seedsTotal: 1_000,
    seedsThrough: 100,
    seedsFailing: 0,
    failures: 0,
  },
  ...{ operations: 1, seconds: 100, seeds: [[1, 1_000]], course: [], findings: [] },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
  ...change,
});

describe('what a campaign does', () => {
  it('is told by how fast it is of late, not by how it began', () => {
    const course = [{ seconds: 80, seeds: 0, operations: 0 }];
    expect(recentRate(campaign({ course }))).toBe(5);
    expect(doingText(campaign({ course }))).toBe('5 seeds/s, 3 min 00 s left');
    expect(recentRate(campaign({ seconds: 0, seedsThrough: 0 }))).toBeNull();
  });

  it('is recording once its seeds are through, and nothing once it is over', () => {
    expect(doingText(campaign({ seedsThrough: 1_000 }))).toBe('recording and shrinking what failed');
    expect(doingText(campaign({ seedsThrough: 0, seconds: 0 }))).toBe('the first seeds are under way');
    for (const state of ['done', 'interrupted', 'lost'] as const) {
      expect(doingText(campaign({ state }))).toBe('');
    }
  });
});

describe('a report', () => {
  const checkpoint = (change: Partial<Checkpoint> = {}): Checkpoint => ({
    ...{ version: 1, name: 'hunt', id: '0198c2d4-0000-7000-8000-000000000001', generation: 1, simcity: '1' },
    ...{
      scenario: 'bookings',
      target: 'http://h:1',
      exec: 'PASSWORD=hidden x',
      course: [],
      holder: null,
      finished: false,
    },
    gate: { url: 'postgres://u:hidden@h/d', schema: null, prepare: null, large: false },
    modules: { scenario: null, target: null, adapter: '/home/hidden/adapter.ts' },
    ...{ config: runConfigSchema.parse({}), seeds: [[1, 9]], through: [[1, 4]], operations: 0, seconds: 0 },
    ...{ proved: 0, identical: 0, found: [] },
    ...change,
  });

  it('has what a server takes, and neither commands nor files of this machine', () => {
    const found = ['a', 'b'].map((invariant, i) => ({
      signature: { kind: 'invariant' as const, invariant, operation: null },
      ...{ message: 'm'.repeat(50_000), seeds: i + 1, firstSeed: 1, seed: 1, operations: 1 },
      ...{ run: null, smallest: null, why: '' },
    }));
    const holder = '0198c2d4-0000-7000-8000-000000000002';
    const report = reportOf(checkpoint({ found }), { holder, begins: true, state: 'running' });
    expect(campaignReportSchema.strict().parse(report)).toMatchObject({ seedsThrough: 4 });
    expect(JSON.stringify(report)).not.toContain('hidden');
    expect(report.findings.map(({ seeds }) => seeds)).toEqual([2, 1]);
  });

  it('of one that nobody conducts says whether it has come to its end', () => {
    expect(restingState(checkpoint({ finished: true }))).toBe('done');
    expect(restingState(checkpoint({ through: [[1, 9]] }))).toBe('interrupted');
    expect(restingState(checkpoint({ finished: null, through: [[1, 9]] }))).toBe('done');
    expect(restingState(checkpoint({ finished: null }))).toBe('interrupted');
  });
});
