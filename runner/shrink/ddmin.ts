/** Delta debugging: makes a list smaller as long as what is left still fails. */

/** True when this part of the list still fails. */
export type Fails<Item> = (items: readonly Item[]) => Promise<boolean>;

/**
 * The ddmin algorithm (Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing input"):
 * tries ever smaller chunks of the list, and the list without each chunk. The result is 1-minimal: `fails`
 * was false for it without any single item. `items` itself must fail; it is not tried.
 */
export async function ddmin<Item>(items: readonly Item[], fails: Fails<Item>): Promise<readonly Item[]> {
  let left = items;
  for (let granularity = 2; left.length > 0; ) {
    const smaller = await reduceOnce(left, granularity, fails);
    if (smaller) {
      granularity = smaller.isChunk ? 2 : Math.max(2, granularity - 1);
      left = smaller.items;
    } else if (granularity >= left.length) {
      return left;
    } else {
      granularity = Math.min(left.length, 2 * granularity);
    }
  }
  return left;
}

async function reduceOnce<Item>(
  items: readonly Item[],
  granularity: number,
  fails: Fails<Item>,
): Promise<{ items: readonly Item[]; isChunk: boolean } | null> {
  const chunks = split(items, granularity);
  for (const chunk of chunks) {
    if (chunk.length < items.length && (await fails(chunk))) return { items: chunk, isChunk: true };
  }
  // With two chunks, each is the complement of the other; a single item's complement is the empty list.
  if (chunks.length === 2) return null;
  for (const chunk of chunks) {
    const rest = items.filter((item) => !chunk.includes(item));
    if (await fails(rest)) return { items: rest, isChunk: false };
  }
  return null;
}

/** Consecutive chunks of nearly equal length; never an empty one. */
export function split<Item>(items: readonly Item[], parts: number): (readonly Item[])[] {
  const count = Math.min(parts, items.length);
  return Array.from({ length: count }, (_, i) =>
    items.slice(Math.floor((i * items.length) / count), Math.floor(((i + 1) * items.length) / count)),
  );
}

/** Takes whole groups away, one after the other, while what is left still fails. */
export async function dropGroups<Item>(
  items: readonly Item[],
  groups: Iterable<readonly Item[]>,
  fails: Fails<Item>,
): Promise<readonly Item[]> {
  let left = items;
  for (const group of groups) {
    const gone = new Set(group);
    const rest = left.filter((item) => !gone.has(item));
    if (rest.length < left.length && (await fails(rest))) left = rest;
  }
  return left;
}

/** Takes ever smaller chunks away, from halves to one of `mostParts`, each while what is left still fails. */
export async function dropChunks<Item>(
  items: readonly Item[],
  mostParts: number,
  fails: Fails<Item>,
): Promise<readonly Item[]> {
  let left = items;
  for (let parts = 2; parts < 2 * Math.min(left.length, mostParts); parts *= 2) {
    left = await dropGroups(left, split(left, parts), fails);
  }
  return left;
}
