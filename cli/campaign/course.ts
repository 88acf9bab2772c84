/** How far a campaign was over time: few samples, however long it is. */
import { type CampaignSample, MOST_SAMPLES, sizeOf } from '../../server/contract/index.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Between two samples of a short campaign. */
const SHORTEST_SECONDS = 0.25;

/** Adds how far it is, unless the newest sample is of nearly the same time. */
export function sampleCourse(checkpoint: Checkpoint): void {
  const { seconds, operations, through } = checkpoint;
  checkpoint.course = withSample(checkpoint.course, { seconds, operations, seeds: sizeOf(through) });
}

/** When it is full every other sample goes, so that what is left stays even. */
export function withSample(course: readonly CampaignSample[], sample: CampaignSample): CampaignSample[] {
  const apart = Math.max(SHORTEST_SECONDS, sample.seconds / MOST_SAMPLES);
  const before = course.at(-1)?.seconds ?? 0;
  if (sample.seconds - before < apart) return [...course];
  const kept = course.length < MOST_SAMPLES ? course : course.filter((_, i) => i % 2 === 1);
  return [...kept, sample];
}
