/** Takes away what can go: in chunks where that is at once, and one operation after the other in other timings. */
import { dropChunks } from './ddmin.ts';
import { type Search, triesOf } from './search.ts';

/** A part is taken apart into so many chunks at most: a large one takes long each time. */
const MOST_CHUNKS = 64;
const FEWEST_CHUNKS = 16;

/** Takes away what can go at once, as long as something does. */
export async function shed(search: Search): Promise<void> {
  search.stage('what can go');
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const { operations } = search.best.candidate;
    if (operations.length >= before || search.spent) return;
    before = operations.length;
    const chunks = Math.max(FEWEST_CHUNKS, triesOf(operations.length, MOST_CHUNKS));
    await dropChunks(operations, chunks, (part) => search.acceptOperations(part, 'least'));
  }
}

/** Takes one operation away after the other, in other timings too; after each what can go then. */
export async function thin(search: Search): Promise<void> {
  search.stage('operations');
  for (let left = search.best.candidate.operations; left.length > 0 && !search.spent; ) {
    const gone = left.at(-1);
    left = left.slice(0, -1);
    const rest = search.best.candidate.operations.filter((n) => n !== gone);
    if (!(await search.acceptOperations(rest))) continue;
    await shed(search);
    left = search.best.candidate.operations;
  }
}
