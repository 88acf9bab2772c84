/** What a service's clock may have shown in a live run: ours, within a tolerance, and as far as its answers tell. */
import { expect, it } from 'vitest';
import { LiveTime } from '../../runner/harness/live/live-time.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const at = (seconds: number) => new Date(NOON + seconds * 1_000).toUTCString();

it('is within a few ms of ours where nothing was measured', () => {
  const { from, to } = new LiveTime().readings(NOON, NOON + 10);
  expect(from).toBeLessThan(NOON);
  expect(to).toBeGreaterThan(NOON + 10);
  expect(to - from).toBeLessThan(100);
});

it('is as far ahead as the dates of answers leave possible, each of which narrows it', () => {
  const time = new LiveTime();
  time.learn(at(3), NOON, NOON + 10);
  expect(time.aheadMs).toEqual({ least: 2_990, most: 4_050 });
  time.learn(at(4), NOON + 300, NOON + 310);
  expect(time.aheadMs).toEqual({ least: 3_690, most: 4_050 });
  const { from, to } = time.readings(NOON, NOON);
  expect(from).toBeLessThanOrEqual(NOON);
  expect(to).toBeGreaterThanOrEqual(NOON + 4_050);
});

it('is taken for ours where answers bear no date', () => {
  const time = new LiveTime();
  time.learn(undefined, NOON, NOON + 10);
  time.learn('soon', NOON, NOON + 10);
  expect(time.aheadMs).toEqual({ least: 0, most: 0 });
});
