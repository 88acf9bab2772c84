/** Answers with a list that may be large, such as of bundles of failures, without holding up whoever else is served. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Context } from 'hono';

const AT_ONCE_CHARACTERS = 256 * 1024;

/** `{"<name>":[…],"next":…}`. */
export async function answerList(
  c: Context,
  name: string,
  items: readonly unknown[],
  next: string | null,
): Promise<Response> {
  // As bytes from here on: as one text, it would be made bytes at once on its way out.
  const parts: Buffer[] = [];
  let text = `{"${name}":[`;
  for (const [at, item] of items.entries()) {
    text += `${at === 0 ? '' : ','}${JSON.stringify(item)}`;
    if (text.length < AT_ONCE_CHARACTERS) continue;
    parts.push(Buffer.from(text));
    text = '';
    await othersTurn();
  }
  parts.push(Buffer.from(`${text}],"next":${JSON.stringify(next)}}`));
  return c.body(Buffer.concat(parts), 200, { 'Content-Type': 'application/json' });
}
