/** Finds what a run names in one of the registries. */
import { didYouMean } from '../server/contract/index.ts';

/** The one of this name. @throws Error that says what there is, and what may have been meant. */
export function findNamed<Item extends { readonly name: string }>(
  items: readonly Item[],
  name: string,
  noun: string,
): Item {
  const found = items.find((item) => item.name === name);
  if (found) return found;
  const names = items.map((item) => item.name);
  throw new Error(
    `There is no ${noun} ${JSON.stringify(name)}.${didYouMean(name, names)} Known: ${names.join(', ')}.`,
  );
}
