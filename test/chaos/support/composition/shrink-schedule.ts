/** Makes a schedule that fails small, by the search that makes runs small. */
import { ddmin } from '../../../../runner/shrink/ddmin.ts';
import type { Step } from './schedule.ts';

/** The world decides the interleaving: a part is executed so often until it is taken not to fail. */
const TRIES = 2;

export interface Shrunk {
  /** The smallest part found that failed. */
  steps: readonly Step[];
  executions: number;
}

/** `fails` executes a part. No more is tried after `mostSeconds`: what is found by then is the result. */
export async function shrinkSchedule(
  whole: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
  mostSeconds: number,
): Promise<Shrunk> {
  const deadline = performance.now() + mostSeconds * 1_000;
  let executions = 0;
  const steps = await ddmin(whole, async (part) => {
    for (let i = 0; i < TRIES && part.length > 0 && performance.now() < deadline; i++) {
      executions += 1;
      if (await fails(part)) return true;
    }
    return false;
  });
  return { steps, executions };
}
