/** How near a few typed words are to a text. Pure. */

/** A word that is only in the explanation counts less than one of the text itself. */
const OF_ANOTHER = 10;

/** 0 is nearest; infinite: some word is in neither text. */
export function distanceOf(words: readonly string[], text: string, explanation: string): number {
  const own = wordsOf(text);
  const others = wordsOf(explanation);
  const each = words.map((word) => Math.min(nearest(word, own), nearest(word, others) + OF_ANOTHER));
  // Of texts that are equally near the shorter one is meant.
  return each.reduce((sum, distance) => sum + distance, own.length / 100);
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[\s,()]+/)
    .filter(Boolean);
}

/** Equal, at the beginning, within, or with its letters in order somewhere in one of the words. */
function nearest(word: string, within: readonly string[]): number {
  const distances = within.map((each, place) => {
    const far = place / 10;
    if (each === word) return far;
    if (each.startsWith(word)) return 1 + far;
    if (word.length > 1 && each.includes(word)) return 3 + far;
    return word.length > 2 && isSpread(word, each) ? 6 + far : Number.POSITIVE_INFINITY;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...distances);
}

function isSpread(letters: string, text: string): boolean {
  let at = -1;
  return [...letters].every((letter) => {
    at = text.indexOf(letter, at + 1);
    return at >= 0;
  });
}
