/** How a campaign went over time, in even steps, for charts on the page and the terminal. */
import type { Campaign, CampaignSample } from '../../server/contract/index.ts';
import { wholeCourse } from './campaign-progress.ts';

export interface CampaignSeries {
  /** Seeds that were through at the end of each step, the oldest first. */
  seeds: number[];
  /** Seeds a second within each step. */
  rates: number[];
  /** How long all of it is. */
  seconds: number;
}

type Course = Pick<Campaign, 'course' | 'seconds' | 'seedsThrough' | 'operations'>;

/** In so many steps. Null: nothing is known of its course yet. Between two samples seeds are taken to come evenly. */
export function campaignSeries(campaign: Course, steps: number): CampaignSeries | null {
  const course = wholeCourse(campaign);
  const seconds = course.at(-1)?.seconds ?? 0;
  if (course.length < 3 || seconds === 0 || steps < 2) return null;
  const at = Array.from({ length: steps + 1 }, (_, i) => seedsAt(course, (seconds * i) / steps));
  const step = seconds / steps;
  return {
    seeds: at.slice(1),
    rates: at.slice(1).map((seeds, i) => Math.max(0, (seeds - (at[i] ?? 0)) / step)),
    seconds,
  };
}

function seedsAt(course: readonly CampaignSample[], seconds: number): number {
  const next = course.findIndex((sample) => sample.seconds >= seconds);
  const after = course[next] ?? course.at(-1);
  const before = course[next - 1];
  if (after === undefined) return 0;
  if (before === undefined || after.seconds === before.seconds) return after.seeds;
  const share = (seconds - before.seconds) / (after.seconds - before.seconds);
  return before.seeds + share * (after.seeds - before.seeds);
}
