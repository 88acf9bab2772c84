/** How far a campaign was over time: few samples, however long it is. */
import { type CampaignSample, MOST_SAMPLES, sizeOf, type Tally } from '../../server/contract/index.ts';

/** Between two samples of a short campaign. */
const SHORTEST_SECONDS = 0.25;

/** With how far it is, unless the newest sample is of nearly the same time. */
export function withSample(
  course: readonly CampaignSample[],
  { seconds, tally }: { seconds: number; tally: Pick<Tally, 'operations' | 'through'> },
): CampaignSample[] {
  const apart = Math.max(SHORTEST_SECONDS, seconds / MOST_SAMPLES);
  const before = course.at(-1)?.seconds ?? 0;
  if (seconds - before < apart) return [...course];
  // When it is full every other sample goes, so that what is left stays even.
  const kept = course.length < MOST_SAMPLES ? course : course.filter((_, i) => i % 2 === 1);
  return [...kept, { seconds, seeds: sizeOf(tally.through), operations: tally.operations }];
}
