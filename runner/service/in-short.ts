/** A call, an answer or a statement in a few words. */

const MOST_CHARACTERS = 120;

/** A text with its blanks collapsed. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * As JSON, or by its kind where there is none; cut when it is long. Of a list only the row of `object` is shown, when
 * there is one: what the message is about is seldom among its first characters.
 */
export function inShort(value: unknown, object: string | null = null): string {
  return short(object === null ? value : (rowOf(value, object) ?? value));
}

function short(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 3)}…` : text;
}

/** `{"slots":[… the row …]}` of an answer with a list in which one row has this id; null when it has none. */
function rowOf(value: unknown, object: string): unknown {
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, rows] of Object.entries(value)) {
    if (!Array.isArray(rows) || rows.length < 2) continue;
    const shown = rows.filter((row) => (row as { id?: unknown } | null)?.id === object);
    const others = rows.length - shown.length;
    if (shown.length > 0) return { [name]: [...shown, `${others} other${others === 1 ? '' : 's'}`] };
  }
  return null;
}
