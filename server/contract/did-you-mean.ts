/** Finds the name that somebody who mistyped one most likely meant. */

/** As many mistakes are forgiven, and no more than leave two letters of five right. */
const MOST_MISTAKES = 3;
const LEAST_ALIKE = 0.4;

/** The nearest of the names, the first of several; null when none is near. */
export function nearestName(word: string, names: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = MOST_MISTAKES + 1;
  for (const name of names) {
    const mistakes = distance(word, name);
    const longest = Math.max(word.length, name.length);
    if (mistakes >= least || (longest - mistakes) / longest <= LEAST_ALIKE) continue;
    [nearest, least] = [name, mistakes];
  }
  return nearest;
}

/** ` Did you mean NAME?`, to stand behind a sentence; empty when no name is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names);
  return nearest === null ? '' : ` Did you mean ${nearest}?`;
}

/** Letters to add, remove, replace or swap with their neighbour (Damerau 1964, optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_MISTAKES) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (isSame ? 0 : 1),
        isSwapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
