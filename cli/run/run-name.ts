/** What a run is called: by its number among people, and with its id where it has to be found elsewhere or later. */
import type { Run } from '../../server/contract/run.ts';

/** `#12`. */
export function runName({ number }: Pick<Run, 'number'>): string {
  return `#${number}`;
}

/** `#12 (0198c2d4-…)`: a number means something in one database only. */
export function runNameInFull(run: Pick<Run, 'id' | 'number'>): string {
  return `${runName(run)} (${run.id})`;
}
