/** The big steps of shrinking, before small ones are taken. */
import { dropGroups } from './ddmin.ts';
import { LARGE } from './guess.ts';
import { nearestOf } from './nearest.ts';
import { type Search, triesOf } from './search.ts';
import { suspectsOf } from './suspects.ts';
import { shed } from './thin.ts';

/** Lanes with which a whole run is tried, and how often. */
const FEW_LANES = [1, 2];
const CALM_VARIANTS = 8;

/** `start`: how often it was begun from the whole run before; each time other timings are tried. */
export async function focus(search: Search, start: number): Promise<void> {
  if (search.executor.isRepeatable) {
    if (start === 0) await nearestOf(search, 'few');
    await calm(search, start);
    await shed(search);
    if (search.best.candidate.operations.length <= LARGE) return;
    if (await nearestOf(search, 'worth')) return await shed(search);
  }
  search.stage('the object that broke');
  const suspects = suspectsOf(search);
  await search.accept({ faults: false });
  if (await newestOf(suspects.onObject, search)) return;
  if (await search.acceptOperations(suspects.onObject, 'most')) return;
  if (await newestOf(suspects.ofCitizens, search)) return;
  search.stage('citizens and objects');
  await search.acceptOperations(suspects.ofCitizens);
  const fails = (part: readonly number[]) => search.acceptOperations(part);
  await dropGroups(search.best.candidate.operations, suspects.byObject, fails);
  await dropGroups(search.best.candidate.operations, suspects.byActor, fails);
}

/** With fewer citizens at work and without faults, less hangs on what is taken away. */
async function calm(search: Search, start: number): Promise<void> {
  search.stage('one after another');
  await search.accept({ faults: false });
  const variants = triesOf(search.best.candidate.operations.length, CALM_VARIANTS);
  const lanes = start === 0 ? FEW_LANES : [...FEW_LANES, search.best.candidate.concurrency];
  const first = start * CALM_VARIANTS;
  for (const concurrency of lanes) {
    for (let variant = first; variant < first + variants; variant++) {
      if (!(await search.accept({ concurrency, variant }))) continue;
      const { trace } = search.best;
      await search.acceptOperations(trace.begun.map(({ n }) => n).sort((a, b) => a - b));
      await search.accept({ faults: false });
      return;
    }
  }
}

/** Few groups often do, and are soon tried: from the newest few on, each time some more. */
async function newestOf(operations: readonly number[], search: Search): Promise<boolean> {
  const { executor } = search;
  const groups = [...new Set(operations.map((n) => executor.groupOf(n)))];
  for (let size = 3; size < groups.length && !search.spent; size = Math.ceil(size * 1.5)) {
    const newest = new Set(groups.slice(-size));
    const part = operations.filter((n) => newest.has(executor.groupOf(n)));
    if (await search.acceptOperations(part, 'most')) return true;
  }
  return false;
}
