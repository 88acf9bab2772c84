/** A call, an answer or a statement in a few words. */

const MOST_CHARACTERS = 120;

/** As JSON, or by its kind where there is none; cut when it is long. */
export function inShort(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 3)}…` : text;
}
